//! Programs that run the rest of their words.

use std::sync::LazyLock;

use super::{Index, find};
use crate::judge::{Arg, Call, Options, Style};

/// What a wrapper runs.
#[derive(Default)]
pub(crate) struct Wrapped {
    pub commands: Vec<Vec<Arg>>,
    pub scripts: Vec<String>,
    /// Variables that it sets.
    pub assignments: Vec<(String, Arg)>,
    /// The folder that it changes to.
    pub folder: Option<Arg>,
    /// Why the wrapper alone needs a question; absent when it is as safe as what it runs.
    pub question: Option<String>,
}

struct Wrapper {
    names: &'static str,
    short: &'static str,
    long: &'static str,
    /// Words in front of the command that aren't options.
    skip: usize,
    /// Why it asks, empty when it doesn't.
    question: &'static str,
}

const WRAPPERS: &[Wrapper] = &[
    Wrapper { names: "nice", short: "n:0123456789", long: "adjustment= help version", skip: 0, question: "" },
    Wrapper {
        names: "timeout gtimeout",
        short: "fpk:s:v",
        long: "foreground preserve-status kill-after= signal= verbose help version",
        skip: 1,
        question: "",
    },
    Wrapper { names: "stdbuf", short: "i:o:e:", long: "input= output= error= help version", skip: 0, question: "" },
    Wrapper { names: "time", short: "pqv", long: "portability quiet verbose help version", skip: 0, question: "" },
    Wrapper { names: "command builtin exec", short: "pcla:", long: "", skip: 0, question: "" },
    Wrapper { names: "caffeinate", short: "disut:w:", long: "", skip: 0, question: "" },
    Wrapper {
        names: "ionice",
        short: "c:n:tp:P:u:",
        long: "class= classdata= ignore help version",
        skip: 0,
        question: "it changes the priority of processes",
    },
    Wrapper {
        names: "chrt",
        short: "abdfimoprvRT:P:D:",
        long: "all-tasks batch fifo idle other rr reset-on-fork",
        skip: 1,
        question: "it changes the priority of processes",
    },
    Wrapper {
        names: "taskset",
        short: "apc",
        long: "all-tasks pid cpu-list",
        skip: 1,
        question: "it changes where processes run",
    },
    Wrapper { names: "setsid", short: "cfw", long: "ctty fork wait", skip: 0, question: "it leaves a process behind" },
    Wrapper { names: "nohup", short: "", long: "", skip: 0, question: "it leaves a process and a file behind" },
    Wrapper {
        names: "sudo",
        short: "AbBEeHiKklnPSsVvC:D:g:h:p:R:r:t:T:U:u:",
        long: "askpass background bell close-from= chdir= preserve-env=? edit group= set-home host= login list non-interactive preserve-groups prompt= chroot= role= stdin shell type= user= other-user= validate",
        skip: 0,
        question: "it changes the user",
    },
    Wrapper { names: "doas", short: "Lnsa:C:u:", long: "", skip: 0, question: "it changes the user" },
    Wrapper {
        names: "pkexec",
        short: "",
        long: "user= disable-internal-agent",
        skip: 0,
        question: "it changes the user",
    },
    Wrapper {
        names: "runuser",
        short: "flmpPs:g:G:u:c:w:",
        long: "fast login shell= group= supp-group= user= command= preserve-environment",
        skip: 0,
        question: "it changes the user",
    },
    Wrapper {
        names: "gosu setpriv su-exec",
        short: "",
        long: "reuid= regid= clear-groups no-new-privs",
        skip: 1,
        question: "it changes the user",
    },
    Wrapper {
        names: "chroot",
        short: "",
        long: "groups= userspec= skip-chdir",
        skip: 1,
        question: "it changes the root folder",
    },
    Wrapper {
        names: "unshare nsenter",
        short: "t:aCimnprTuUZFfcWG:S:",
        long: "target= all mount=? uts=? ipc=? net=? pid=? user=? cgroup=? root=? wd=? fork map-root-user",
        skip: 0,
        question: "it changes namespaces",
    },
    Wrapper {
        names: "strace ltrace",
        short: "fFcCdDhiknqrStTvVwxyzYZa:b:e:E:I:o:O:p:P:s:S:u:U:X:",
        long: "",
        skip: 0,
        question: "it traces a process",
    },
    Wrapper {
        names: "flock",
        short: "sxeonuFvw:E:c:",
        long: "shared exclusive nonblock unlock close no-fork timeout= conflict-exit-code= command= verbose",
        skip: 1,
        question: "it writes a lock file",
    },
    Wrapper { names: "busybox toybox", short: "", long: "help list", skip: 0, question: "it holds many programs" },
    Wrapper {
        names: "proxychains proxychains4 torsocks torify tsocks catchsegv firejail fakeroot fakechroot dbus-run-session xvfb-run systemd-run systemd-inhibit prlimit cpulimit numactl schedtool choom faketime unbuffer script-run chronic ts retry entr rlwrap with-lock run-one dumb-init tini bwrap",
        short: "qafckvn:p:",
        long: "",
        skip: 0,
        question: "it starts another program",
    },
    Wrapper { names: "coproc", short: "", long: "", skip: 0, question: "it leaves a process behind" },
];

/// What the call runs, when its program is a wrapper.
pub(crate) fn unwrap(call: &Call<'_>) -> Option<Wrapped> {
    match call.name {
        "env" | "genv" => return Some(env(call.args())),
        "xargs" | "gxargs" => return Some(xargs(call.args())),
        "find" | "gfind" => {
            let commands = find::commands(call.args());
            return (!commands.is_empty()).then(|| Wrapped {
                commands,
                question: Some("it runs a command for what it finds".into()),
                ..Wrapped::default()
            });
        }
        "watch" => return Some(watch(call.args())),
        "parallel" => return Some(parallel(call.args())),
        "ssh" => return Some(ssh(call.args())),
        "su" => return Some(su(call.args())),
        "eval" => return Some(joined(call.args(), "")),
        "trap" => {
            let script = call.args().iter().find(|a| !a.text.starts_with('-')).cloned();
            return Some(joined(script.as_slice(), "it runs code at a later time"));
        }
        "command" if call.args().first().and_then(Arg::exact).is_some_and(|t| matches!(t, "-v" | "-V" | "-pv")) => {
            return Some(Wrapped::default());
        }
        "exec" | "nice" | "command" | "time" if call.args().is_empty() => {
            return Some(Wrapped::default());
        }
        "git" => return bisect(call.args()),
        "mount" => return None,
        _ => {}
    }
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(WRAPPERS.iter().map(|w| w.names)));
    let wrapper = WRAPPERS.get(INDEX.find(call.name)?)?;
    Some(table(wrapper, call.args()))
}

/// Whether a program starts one that stands somewhere among its words.
pub(crate) fn starts(name: &str, argv: &[Arg]) -> bool {
    const ALWAYS: &str = "script flock setarch linux32 linux64 gdb lldb rr valgrind perf eatmydata proot bwrap firejail npx pnpx bunx uvx pipx hyperfine watchexec nodemon concurrently cross-env cross-env-shell env-cmd dotenv tmux screen entr nix-shell wsl";
    const WITH: &[(&str, &str)] = &[
        ("npm pnpm yarn yarnpkg bun", "exec x dlx"),
        (
            "bundle bundler mise asdf rtx direnv aws-vault chamber rbenv pyenv nvm fnm docker podman kubectl oc",
            "exec x",
        ),
        ("poetry pdm hatch uv pipenv rye conda mamba micromamba dotenvx op doppler docker podman volta", "run"),
        ("docker podman", "compose"),
        ("nix", "develop shell run"),
        ("git", "rebase filter-branch"),
    ];
    super::listed(ALWAYS, name)
        || WITH.iter().any(|(names, words)| {
            super::listed(names, name)
                && argv.iter().skip(1).take(8).any(|a| a.exact().is_some_and(|t| super::listed(words, t)))
        })
}

/// Programs that hand a text to a shell, or start what stands behind some word of theirs, on this machine.
const HOSTS: &str = "script flock tmux screen expect proot run0 gdb lldb hyperfine watchexec nodemon concurrently entr at batch cross-env nix-shell vim vi nvim view ex ed emacs sqlite3 alias gio npx pnpx bunx runuser ssh crontab";

pub(crate) fn hosts(name: &str) -> bool {
    super::listed(HOSTS, name)
}

/// The texts that such a program may run, each without what stands in front of a command in it.
pub(crate) fn handed(call: &Call<'_>) -> Vec<String> {
    const GIT: &str = "-c config rebase filter-branch difftool mergetool";
    let git = call.name == "git" && call.args().iter().any(|a| super::listed(GIT, &a.text));
    let all: &[Arg] = if git || hosts(call.name) { call.args() } else { &[] };
    let texts = all.iter().filter_map(Arg::exact).filter(|text| text.contains(' '));
    let bare = |text: &str| {
        let option = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        let text = text.split_once('=').filter(|(name, _)| option(name)).map_or(text, |(_, value)| value);
        let text = text.trim_start_matches([':', '!', '.']);
        let word = ["spawn ", "shell ", "system "].iter().find_map(|w| text.strip_prefix(w));
        word.unwrap_or(text).to_owned()
    };
    texts.map(bare).collect()
}

fn table(wrapper: &Wrapper, args: &[Arg]) -> Wrapped {
    let options = Options { short: wrapper.short, long: wrapper.long, refused: "", style: Style::Posix };
    let mut wrapped = Wrapped::default();
    if !wrapper.question.is_empty() {
        wrapped.question = Some(wrapper.question.into());
    }
    let rest = match crate::judge::parse_options(&options, args) {
        Ok(parsed) => {
            for code in parsed.values('c', "command").chain(parsed.values('E', "-")) {
                wrapped.scripts.extend(code.exact().map(str::to_owned));
            }
            parsed.rest
        }
        // Not knowing an option is a question, and the first word that looks like a command is still looked at.
        Err(why) => {
            wrapped.question.get_or_insert(why);
            args.iter().position(|a| !a.text.starts_with('-')).unwrap_or(args.len())
        }
    };
    let mut command: Vec<Arg> = args.iter().skip(rest + wrapper.skip).cloned().collect();
    // `sudo NAME=value command`
    while let Some((name, value)) = command.first().and_then(as_assignment) {
        wrapped.assignments.push((name, value));
        command.remove(0);
    }
    if command.is_empty() {
        wrapped.question.get_or_insert_with(|| "it starts a shell or does something of its own".into());
    } else {
        wrapped.commands.push(command);
    }
    wrapped
}

fn as_assignment(arg: &Arg) -> Option<(String, Arg)> {
    let at = arg.text.get(..arg.fixed)?.find('=')?;
    let name = arg.text.get(..at)?;
    (at > 0 && !name.starts_with('-') && !arg.home).then(|| (name.to_owned(), arg.tail(at + 1)))
}

fn env(args: &[Arg]) -> Wrapped {
    const OPTIONS: Options = Options {
        short: "i0u:C:S:vP:",
        long: "ignore-environment null unset= chdir= split-string= debug list-signal-handling help version",
        refused: "block-signal=? default-signal=? ignore-signal=?",
        style: Style::Posix,
    };
    let mut wrapped = Wrapped::default();
    let (rest, splits) = match crate::judge::parse_options(&OPTIONS, args) {
        Ok(parsed) => {
            if parsed.has('u', "unset") {
                // An unset variable can be `PATH` too, after which a default applies; nothing runs from elsewhere.
                let odd = parsed.values('u', "unset").any(|v| !v.is_literal());
                if odd {
                    wrapped.question = Some("it unsets a variable that isn't known".into());
                }
            }
            if parsed.has('P', "-") {
                wrapped.question = Some("it changes the search path".into());
            }
            wrapped.folder = parsed.values('C', "chdir").last().cloned();
            (parsed.rest, parsed.values('S', "split-string").cloned().collect::<Vec<_>>())
        }
        Err(why) => {
            wrapped.question = Some(why);
            (args.iter().position(|a| !a.text.starts_with('-')).unwrap_or(args.len()), Vec::new())
        }
    };
    let mut command: Vec<Arg> = args.iter().skip(rest).cloned().collect();
    if !splits.is_empty() {
        wrapped.question = Some("it splits words by rules of its own".into());
        let words = splits.iter().flat_map(|s| s.text.split_ascii_whitespace().map(Arg::literal).collect::<Vec<_>>());
        command.splice(0..0, words);
    }
    while let Some((name, value)) = command.first().and_then(as_assignment) {
        wrapped.assignments.push((name, value));
        command.remove(0);
    }
    if command.first().is_some_and(|c| !c.is_literal()) {
        wrapped.question.get_or_insert_with(|| "its command isn't known before the run".into());
    }
    if command.is_empty() {
        wrapped.question.get_or_insert_with(|| "environments hold secrets".into());
    } else {
        wrapped.commands.push(command);
    }
    wrapped
}

fn xargs(args: &[Arg]) -> Wrapped {
    const OPTIONS: Options = Options {
        short: "0rtxd:E:I:L:n:P:s:R:J:S:",
        long: "null no-run-if-empty verbose exit delimiter= max-lines=? max-args= max-procs= max-chars= eof=? replace=? show-limits help version",
        refused: "arg-file= interactive open-tty process-slot-var=",
        style: Style::Posix,
    };
    let mut wrapped = Wrapped::default();
    let mut replace = None;
    let rest = match crate::judge::parse_options(&OPTIONS, args) {
        Ok(parsed) => {
            replace = parsed.values('I', "replace").last().map(|a| a.text.clone());
            if replace.is_none() && parsed.has('I', "replace") {
                replace = Some("{}".into());
            }
            parsed.rest
        }
        Err(why) => {
            wrapped.question = Some(why);
            args.iter().position(|a| !a.text.starts_with('-')).unwrap_or(args.len())
        }
    };
    let mut command: Vec<Arg> = args.iter().skip(rest).cloned().collect();
    match replace {
        Some(mark) if !mark.is_empty() => {
            for arg in &mut command {
                if arg.text.contains(&mark) {
                    *arg = Arg::supplied();
                }
            }
        }
        _ => command.push(Arg::supplied()),
    }
    if command.len() <= 1 && command.first().is_none_or(|c| !c.is_literal()) {
        command.insert(0, Arg::literal("echo"));
    }
    wrapped.commands.push(command);
    wrapped
}

fn watch(args: &[Arg]) -> Wrapped {
    const OPTIONS: Options = Options {
        short: "bcdegtwxn:q:pCrs:",
        long: "beep color differences=? errexit chgexit interval= no-title no-wrap exec precise equexit=",
        refused: "",
        style: Style::Posix,
    };
    let rest = crate::judge::parse_options(&OPTIONS, args)
        .map_or_else(|_| args.iter().position(|a| !a.text.starts_with('-')).unwrap_or(args.len()), |p| p.rest);
    joined(args.get(rest..).unwrap_or(&[]), "it runs a command again and again")
}

fn parallel(args: &[Arg]) -> Wrapped {
    let start = args.iter().position(|a| !a.text.starts_with('-')).unwrap_or(args.len());
    let mut command: Vec<Arg> = args.iter().skip(start).take_while(|a| !a.text.starts_with(":::")).cloned().collect();
    command.push(Arg::supplied());
    Wrapped {
        commands: vec![command],
        question: Some("it runs commands that its input makes".into()),
        ..Wrapped::default()
    }
}

fn ssh(args: &[Arg]) -> Wrapped {
    const OPTIONS: Options = Options {
        short: "46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:",
        long: "",
        refused: "",
        style: Style::Posix,
    };
    let rest = crate::judge::parse_options(&OPTIONS, args).map_or(args.len(), |p| p.rest);
    let behind = rest + 1 + usize::from(args.get(rest + 1).is_some_and(|a| a.text == "--"));
    joined(args.get(behind..).unwrap_or(&[]), "it connects to another machine")
}

/// `su [options] [user]`: the user is no command, and options may stand behind.
fn su(args: &[Arg]) -> Wrapped {
    const OPTIONS: Options = Options {
        short: "flmpPs:g:G:c:w:h",
        long: "fast login shell= group= supp-group= command= session-command= preserve-environment whitelist-environment= pty help version",
        refused: "",
        style: Style::Literal,
    };
    let mut wrapped = Wrapped { question: Some("it changes the user".into()), ..Wrapped::default() };
    if let Ok(parsed) = crate::judge::parse_options(&OPTIONS, args) {
        let codes = parsed.values('c', "command").chain(parsed.values('\0', "session-command"));
        wrapped.scripts.extend(codes.filter_map(Arg::exact).map(str::to_owned));
    }
    wrapped
}

/// Words joined to one text, which is then a line of its own.
fn joined(args: &[Arg], question: &str) -> Wrapped {
    let mut wrapped = Wrapped { question: (!question.is_empty()).then(|| question.to_owned()), ..Wrapped::default() };
    if let Some(unknown) = args.iter().find(|a| a.exact().is_none()) {
        wrapped.question = Some(format!("it runs `{}`, which isn't known before", unknown.text));
        return wrapped;
    }
    let text = args.iter().map(|a| a.text.as_str()).collect::<Vec<_>>().join(" ");
    if !text.trim().is_empty() {
        wrapped.scripts.push(text);
    }
    wrapped
}

/// `git bisect run`, `git submodule foreach` and `git rebase -x`.
fn bisect(args: &[Arg]) -> Option<Wrapped> {
    let at = |name: &str| args.iter().position(|a| a.exact() == Some(name));
    let question = Some("git runs a command".to_owned());
    if let (Some(_), Some(run)) = (at("bisect"), at("run")) {
        let command: Vec<Arg> = args.iter().skip(run + 1).cloned().collect();
        return (!command.is_empty()).then(|| Wrapped { commands: vec![command], question, ..Wrapped::default() });
    }
    if let (Some(_), Some(each)) = (at("submodule"), at("foreach")) {
        return Some(joined(args.get(each + 1..).unwrap_or(&[]), "git runs a command"));
    }
    if let (Some(_), Some(x)) = (at("rebase"), at("-x").or_else(|| at("--exec"))) {
        return Some(joined(args.get(x + 1..x + 2).unwrap_or(&[]), "git runs a command"));
    }
    None
}
