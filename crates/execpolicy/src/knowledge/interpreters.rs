//! Programs that run code given to them.

use std::sync::LazyLock;

use super::{Check, Index, Program};
use crate::judge::{Arg, Call};

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new([SHELLS, INTERPRETERS].into_iter()));

/// Shells.
const SHELLS: &str = "sh bash dash zsh ksh mksh ash rbash fish csh tcsh yash";
/// Interpreters that read a program from their input when none is given.
const INTERPRETERS: &str = "python python2 python3 pypy pypy3 node nodejs deno bun perl ruby php lua luajit tclsh wish Rscript R julia osascript pwsh powershell irb ghci scala groovy guile racket elixir erl";

pub(crate) fn is_shell(name: &str) -> bool {
    INDEX.find(name) == Some(0)
}

pub(crate) fn is_interpreter(name: &str) -> bool {
    INDEX.find(base_version(name)) == Some(1)
}

/// `python3.12` is `python3`.
fn base_version(name: &str) -> &str {
    name.split_once('.').filter(|(_, v)| v.bytes().all(|b| b.is_ascii_digit() || b == b'.')).map_or(name, |(n, _)| n)
}

pub(crate) static PROGRAMS: &[Program] = &[Program {
    names: "python python2 python3 pypy3 node nodejs deno perl ruby php lua java javac gcc g++ clang psql sqlite3 openssl cmake make docker kubectl curl",
    reason: "it prints its version",
    check: Check::Special(version),
}];

fn version(call: &Call<'_>) -> Result<(), String> {
    let ok = match call.args() {
        [one] => match one.exact() {
            Some("--version") => true,
            Some("-V") => matches!(call.name, "python" | "python3" | "python2" | "lua"),
            Some("-v") => matches!(call.name, "node" | "nodejs" | "perl" | "ruby" | "php" | "lua" | "deno"),
            Some("-version") => matches!(call.name, "java" | "javac"),
            Some("version") => matches!(call.name, "openssl"),
            _ => false,
        },
        [version, one] => call.name == "openssl" && version.exact() == Some("version") && one.exact() == Some("-a"),
        _ => false,
    };
    if ok { Ok(()) } else { Err("it runs code".into()) }
}

/// The text that a shell of Windows is told to run, where it is plain.
pub(crate) fn windows_text(name: &str, args: &[Arg]) -> Option<String> {
    let name = name.rsplit('\\').next()?.to_ascii_lowercase();
    let is_command = |word: &str| match name.strip_suffix(".exe").unwrap_or(&name) {
        // By any beginning of its name.
        "powershell" | "pwsh" => word.len() > 1 && "-command".starts_with(word),
        "cmd" => matches!(word, "/c" | "/k" | "/r"),
        _ => false,
    };
    let words: Vec<&str> = args.iter().map(Arg::exact).collect::<Option<_>>()?;
    let at = words.iter().position(|word| is_command(&word.to_ascii_lowercase()))?;
    let text = words.get(at + 1..)?.join(" ");
    // PowerShell's own word for "run this".
    let text = text.trim_start().trim_start_matches('&').trim_start();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether a shell may do something else with a text than bash, by whose language it is judged.
pub(crate) fn may_differ(name: &str, text: &str) -> bool {
    match name {
        "sh" | "bash" | "dash" | "ash" | "rbash" => false,
        "zsh" => differs_in_zsh(text),
        _ => true,
    }
}

/// In zsh `$x[…]` is a subscript, whose arithmetic runs commands and sets variables, and `$=x` is several words.
fn differs_in_zsh(text: &str) -> bool {
    let subscript = |(at, _)| {
        let before = text.get(..at).and_then(|front| front.chars().next_back());
        before.is_some_and(|c| !c.is_whitespace() && !"\"'/.(|=:,{[\\".contains(c))
    };
    ["$=", "$~", "$^", "$+"].into_iter().any(|form| text.contains(form))
        || (text.contains(['$', '`']) && text.match_indices('[').any(subscript))
}

/// What a shell was started for.
pub(crate) enum ShellRun<'a> {
    /// `-c TEXT`
    Text(&'a Arg),
    /// `-n FILE`: only parsed.
    Parse,
    /// A file.
    File(&'a Arg),
    /// Its input.
    Input,
    /// `--version` and the like.
    Nothing,
}

/// What the words behind a shell mean; the flag says that it is interactive or reads a start-up file of the caller's.
pub(crate) fn shell(args: &[Arg]) -> (ShellRun<'_>, bool) {
    let (mut text, mut parse, mut unusual, mut stdin) = (false, false, false, false);
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        let Some(t) = arg.exact() else { break };
        i += 1;
        if t == "--" || t == "-" {
            break;
        }
        if let Some(long) = t.strip_prefix("--").filter(|l| !l.is_empty()) {
            match long {
                "version" | "help" => return (ShellRun::Nothing, unusual),
                "rcfile" | "init-file" => {
                    unusual = true;
                    i += 1;
                }
                "norc" | "noprofile" | "posix" | "login" => {}
                _ => unusual = true,
            }
            continue;
        }
        let Some(letters) = t.strip_prefix(['-', '+']).filter(|l| !l.is_empty()) else {
            i -= 1;
            break;
        };
        for c in letters.chars() {
            match c {
                'c' => text = true,
                'n' => parse = t.starts_with('-'),
                's' => stdin = true,
                'o' | 'O' => {
                    // The name of the option follows as a word of its own.
                    unusual |= !args.get(i).and_then(Arg::exact).is_some_and(|o| {
                        matches!(o, "pipefail" | "errexit" | "nounset" | "noglob" | "posix" | "errtrace")
                    });
                    i += 1;
                }
                'l' | 'e' | 'u' | 'f' | 'E' | 'v' | 'h' | 'B' | 'C' => {}
                _ => unusual = true,
            }
        }
    }
    match args.get(i) {
        Some(arg) if text => (ShellRun::Text(arg), unusual),
        _ if text => (ShellRun::Nothing, unusual),
        Some(_) if parse => (ShellRun::Parse, unusual),
        Some(arg) if !stdin && !matches!(arg.exact(), Some("/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")) => {
            (ShellRun::File(arg), unusual)
        }
        _ => (ShellRun::Input, unusual),
    }
}

/// Whether an interpreter takes its program from its input.
pub(crate) fn reads_program(args: &[Arg]) -> bool {
    if args.iter().any(|a| a.exact() == Some("run")) && args.last().and_then(Arg::exact) == Some("-") {
        return true;
    }
    // An option with code or a module, or any file, is the program.
    !args.iter().any(|a| match a.exact() {
        Some("-" | "/dev/stdin" | "/dev/fd/0") => false,
        Some(t) if t.starts_with("--") => t == "--eval" || t == "--print" || t == "--version" || t == "--help",
        Some(t) if t.starts_with('-') => t.contains(['c', 'e', 'm', 'E', 'p', 'r', 'f', 'n', 'V', 'v']),
        _ => true,
    })
}

/// Words that only code with a bad purpose has together: the first with any behind it.
const CONNECTS: &[(&str, &str)] = &[
    ("socket", "dup2\npty\n/bin/sh\n/bin/bash\nfileno(\nos.execute\nio.popen"),
    ("fsockopen", "exec\nsh <\npopen\nproc_open"),
    ("TCPSocket", "exec\npopen\nspawn"),
    ("Socket", "exec(\"sh\n/bin/sh\nsystem$\nsystem(\nProcessBuilder"),
    ("net", "child_process.pipe(\n.pipe(sh"),
    ("/inet/", "|&"),
];
/// What fetches in code, and what runs text in it.
const FETCHES: &str = "urlopen(\nrequests.get(\nhttpx.get(\nURI.open(\nLWP::Simple\nNet::HTTP\nfile_get_contents('http\nfile_get_contents(\"http\nfetch(\nhttps.get\nhttp.get\nhttps')\nhttps\")\n`curl\n`wget\nSTDIN\nstdin\nreadFileSync(0";
const RUNS: &str = "exec(\neval(\neval)\neval ";
const RUNS_BY_SHELL: &str = ".system(\nchild_process').exec\nchild_process\").exec";
/// What hands text to a shell.
const SHELLS_OUT: &str = "system\nexec\npopen\nspawn\nsubprocess\nchild_process\nshell\npassthru\n`";
/// What deletes a folder.
const DELETES: &str =
    "rmtree\nrm_r\nrmSync\nrmdirSync\nremove_tree\nremoveSync\nremove_all\nfs.rm(\n').rm(\n\").rm(\nrimraf\nunlink";

/// Whether code calls one of the functions by its bare name: `/v(.)/.exec(…)` looks for a pattern, and `literal_eval(…)` reads a value.
fn calls(text: &str, names: &str) -> bool {
    let is_bare = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
    names.split('\n').any(|name| text.match_indices(name).any(|(at, _)| text.get(..at).is_some_and(is_bare)))
}

fn holds(text: &str, words: &str) -> bool {
    words.split('\n').any(|word| text.contains(word))
}

/// Why code is refused, by what it can't do without. This catches the usual forms and promises nothing: code is a question
/// in any case.
pub(crate) fn bad_code(args: &[Arg]) -> Option<&'static str> {
    let all = args.iter().map(|a| a.text.as_str()).collect::<Vec<_>>().join(" ");
    let text = all.as_str();
    if CONNECTS.iter().any(|(first, others)| text.contains(first) && holds(text, others)) {
        Some("its code connects a shell to the network")
    } else if (holds(text, FETCHES) && (calls(text, RUNS) || holds(text, RUNS_BY_SHELL)))
        || holds(text, "import('http\nimport(\"http")
    {
        Some("its code runs what it fetches")
    } else {
        (text.contains("unlink") && text.contains("</*>")).then_some("its code deletes the whole machine")
    }
}

/// Lines that code may run: texts in quotes where it can hand some to a shell, and what it deletes.
pub(crate) fn texts(code: &str) -> Vec<String> {
    const MAX: usize = 64;
    let mut found: Vec<String> = Vec::new();
    for (at, name) in DELETES.split('\n').flat_map(|name| code.match_indices(name)).take(MAX) {
        let rest = code.get(at + name.len()..).unwrap_or("");
        let rest = rest.get(..rest.find([';', '\n', ')']).unwrap_or(rest.len())).unwrap_or("");
        let home = ["homedir(", "home(", "Dir.home"].iter().any(|h| rest.contains(h));
        let path = rest.split(['\'', '"']).nth(1).filter(|p| !p.is_empty());
        found.extend(if home { Some("~") } else { path }.map(|path| format!("rm -rf {path}")));
    }
    if !holds(code, SHELLS_OUT) {
        return found;
    }
    let mut rest = code;
    let mut adjacent = false;
    while let Some(open) = rest.find(['\'', '"', '`']).filter(|_| found.len() < MAX) {
        let (before, quoted) = rest.split_at(open);
        let Some(quote) = quoted.chars().next() else { break };
        let mut escaped = false;
        let end = quoted.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let Some((end, _)) = end else { break };
        let text = quoted.get(1..end).unwrap_or("");
        // Words in a list are one command.
        adjacent &= before.chars().all(|c| c == ',' || c.is_whitespace());
        match found.last_mut().filter(|_| adjacent) {
            Some(last) => last.extend([" ", text]),
            None => found.push(text.replace('\\', "")),
        }
        adjacent = true;
        rest = quoted.get(end + 1..).unwrap_or("");
    }
    found.retain(|text| text.contains(' '));
    found
}
