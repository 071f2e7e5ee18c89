//! What is known about a command by itself.

use super::Call;
use super::args::{Arg, show};
use super::engine::Judgement;

use crate::knowledge::{self, Check, Operands, changes, environment, network, others, secrets};
use crate::verdict::Decision;

/// The judgement of a command before rules.
#[derive(Debug)]
pub(crate) enum Own {
    Allow(&'static str),
    Prompt(String),
    Forbid(String),
}

impl Own {
    pub fn at_least_prompt(self, reason: String) -> Self {
        match self {
            Self::Allow(_) => Self::Prompt(reason),
            other => other,
        }
    }
}

/// Judges a command by the tables. A wrapper's own words are not looked at here.
pub(crate) fn own(call: &Call<'_>, wraps: bool) -> Own {
    let change = changes::judge(call);
    if let Some(Err(refusal)) = change {
        return Own::Forbid(refusal);
    }
    if let Some(refusal) = refusals(call) {
        return Own::Forbid(refusal);
    }
    if wraps {
        return Own::Allow("");
    }
    if let Some(program) = knowledge::read_only(call.name) {
        let checked = match &program.check {
            Check::Anything => Ok(()),
            Check::Options(options, operands) => {
                call.options(options).and_then(|parsed| count(&parsed.operands, *operands))
            }
            Check::Special(check) => check(call),
        };
        return match checked.and_then(|()| reads(call)) {
            Ok(()) => Own::Allow(program.reason),
            Err(reason) => Own::Prompt(reason),
        };
    }
    if let Some(Ok(why)) = change {
        return Own::Prompt(why.into());
    }
    if network::uses(call.name) {
        return Own::Prompt("it uses the network".into());
    }
    let why = others::why(call.name).unwrap_or("it isn't known to be read-only");
    Own::Prompt(why.into())
}

fn count(operands: &[&Arg], allowed: Operands) -> Result<(), String> {
    match allowed {
        Operands::Any => Ok(()),
        Operands::AtMost(n) if operands.len() <= n && !operands.iter().any(|o| o.many()) => Ok(()),
        Operands::AtMost(_) => Err("an operand more would be written".into()),
        Operands::None if operands.is_empty() => Ok(()),
        Operands::None => Err("with an operand it changes something".into()),
    }
}

/// Programs that take what stands in a file `x` as further options for a word `@x`, and options that load code.
const RESPONSE_FILES: &str = "nm readelf greadelf objdump size";

/// Programs whose words are no files.
const NO_FILES: &str = "echo printf true false : yes seq expr basename dirname sleep type which test [ cd pushd popd pwd pgrep kill set read git ip help jobs wait";

/// Whether a reading program reads what needs a question.
fn reads(call: &Call<'_>) -> Result<(), String> {
    let tests = matches!(call.name, "test" | "[");
    if let Some(name) = call.args().iter().find_map(secret_variable).filter(|_| !tests) {
        return Err(format!("`${name}` may hold a secret"));
    }
    if knowledge::listed(NO_FILES, call.name) {
        return Ok(());
    }
    let takes_options = knowledge::listed(RESPONSE_FILES, call.name);
    if let Some(file) = call.args().iter().find(|a| takes_options && a.text.starts_with('@')) {
        return Err(format!("`{}` holds further options", file.text));
    }
    // Listing a home directory is fine, its contents as a whole aren't.
    let contents = knowledge::listed("grep egrep fgrep rg diff cat head tail strings", call.name);
    let pattern = pattern(call);
    for (_, arg) in call.args().iter().enumerate().filter(|(i, _)| pattern != Some(*i)) {
        let value = arg.text.find('=').filter(|_| arg.text.starts_with('-')).map(|i| arg.tail(i + 1));
        let place = call.place(value.as_ref().unwrap_or(arg));
        if let Some(why) = secrets::why(&place) {
            return Err(why);
        }
        if contents && place.open.is_none() && secrets::holds_all(&place) && !arg.text.is_empty() {
            return Err("it would read all files of the user or of the machine".into());
        }
    }
    Ok(())
}

/// The name of a variable in a word that usually holds a secret.
pub(crate) fn secret_variable(arg: &Arg) -> Option<&str> {
    if arg.is_literal() {
        return None;
    }
    arg.text.split('$').skip(1).find_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        rest.get(..end).filter(|name| environment::secret(name))
    })
}

/// Where the word stands that is a pattern or a script rather than a file: the first one that is no option, unless an
/// option may have given it.
fn pattern(call: &Call<'_>) -> Option<usize> {
    if !knowledge::listed("grep egrep fgrep rg sed gsed awk gawk mawk nawk jq", call.name) {
        return None;
    }
    let gives = |a: &Arg| match a.text.strip_prefix("--") {
        Some(long) => long.is_empty() || ["r", "e", "f"].iter().any(|l| long.starts_with(l)),
        None => a.text.starts_with('-') && a.text.contains(['e', 'f']),
    };
    if call.args().iter().any(|a| !a.is_literal() || gives(a)) {
        return None;
    }
    call.args().iter().position(|a| !a.text.starts_with('-'))
}

/// Refusals that depend on more than a rule can say.
fn refusals(call: &Call<'_>) -> Option<String> {
    let has = |text: &str| call.args().iter().any(|a| a.text == text);
    match call.name {
        "find" | "gfind" if has("-delete") => {
            let refused = knowledge::find::starts(call.args())
                .map(|a| call.place(a))
                .find_map(|p| knowledge::protected::destroy(&p));
            refused.map(|why| format!("it deletes what it finds: {why}"))
        }
        // The signal 0 only asks, and `-l` only names; `-1` in front is a signal.
        "kill" => {
            let first = call.args().first().map_or("", |a| a.text.as_str());
            let skip = match first {
                "-0" | "-l" | "-L" => call.args().len(),
                "-s" | "-n" => 2,
                _ => usize::from(first.starts_with('-')),
            };
            let mut targets = call.args().iter().skip(skip);
            targets
                .any(|a| matches!(a.text.as_str(), "1" | "-1"))
                .then(|| "it ends the first process or all of them".into())
        }
        // All processes of a user, or of whatever name.
        "pkill" | "killall" => {
            let user = call.args().iter().any(|a| a.text.starts_with("-u") || a.text.starts_with("-U"));
            let names = call.args().iter().filter(|a| !a.text.starts_with('-')).count();
            (user && names < 2).then(|| "it ends all processes of a user".into())
        }
        name if name.starts_with("mkfs.") || name.starts_with("newfs_") => {
            Some("it destroys what is on a device".into())
        }
        "docker" | "podman" | "nerdctl" | "ctr" | "lxc" | "kubectl" => escapes(call),
        "nsenter" => call
            .args()
            .iter()
            .any(|a| a.text.contains("/proc/1/"))
            .then(|| "it enters the namespaces of the machine".into()),
        "nc" | "ncat" | "netcat" | "nc.traditional" | "nc.openbsd" => call
            .args()
            .iter()
            .any(|a| {
                let cluster = a.text.starts_with('-') && !a.text.starts_with("--") && a.text.contains(['e', 'c']);
                a.text.starts_with("--exec")
                    || a.text.starts_with("--sh-exec")
                    || a.text.starts_with("--lua-exec")
                    || cluster
            })
            .then(|| "it connects a program to the network".into()),
        "socat" => call
            .args()
            .iter()
            .any(|a| {
                let upper = a.text.to_ascii_uppercase();
                ["EXEC:", "SYSTEM:", "SHELL:"].iter().any(|kind| upper.starts_with(kind))
            })
            .then(|| "it connects a program to the network".into()),
        "useradd" | "usermod" | "adduser" => root_rights(call).then(|| "it gives the rights of root".into()),
        "sysctl" => call
            .args()
            .iter()
            .any(|a| {
                let sets = a.text.contains('=') && !a.text.starts_with('-');
                sets && ["kernel.", "fs.suid_dumpable", "fs.protected_", "vm.mmap_min_addr", "user.max_"]
                    .iter()
                    .any(|p| a.text.starts_with(p))
            })
            .then(|| "it changes a protection of the kernel".into()),
        "crontab" => (call.args().is_empty() || has("-") || has("/dev/stdin"))
            .then(|| "it installs a timetable that is made on the way".into()),
        "set" | "export" | "declare" | "typeset" | "readonly" | "pfctl" | "systemctl" | "userdel" | "deluser"
        | "fuser" | "umount" => {
            knowledge::refused_with(REFUSED_WITH, call.name, call.args().iter().map(|a| a.text.as_str()))
                .map(str::to_owned)
        }
        _ => output(call),
    }
}

/// As [`knowledge::refused_with`] reads it.
const REFUSED_WITH: &str = "\
set|+o|history|it deletes what shows later what was done
export declare typeset readonly|HISTFILE= HISTFILE=/dev/null HISTSIZE= HISTSIZE=0 HISTFILESIZE= HISTFILESIZE=0||it deletes what shows later what was done
pfctl|-d -F||it switches a protection of the machine off
systemctl|start isolate|poweroff.target reboot.target halt.target rescue.target emergency.target kexec.target|it stops the machine
userdel deluser|-r* --rem* root||it deletes a home directory or the user root
fuser|-k*|/ /home /usr /var /etc /opt /root|it ends what uses a folder of the machine
umount|-a / /usr* /etc /proc /sys /dev /boot||it takes folders of the machine away";

/// Why the file that an option names must not be written.
fn output(call: &Call<'_>) -> Option<String> {
    const WRITES: &str = "curl wget aria2c sort shuf base64 tree gcc g++ cc c++ clang clang++ ld go rustc iconv pv tar gtar bsdtar dcfldd dc3dd";
    if !knowledge::listed(WRITES, call.name) {
        return None;
    }
    let letters: &[char] = if call.name.ends_with("tar") { &['f'] } else { &['o', 'O', 'P'] };
    let args = call.args();
    args.iter().enumerate().find_map(|(i, arg)| {
        let next = || args.get(i + 1).cloned();
        let value = match arg.text.strip_prefix('-') {
            Some(long) if long.starts_with("-out") || long.starts_with("-directory-p") => {
                arg.text.find('=').map(|eq| arg.tail(eq + 1)).or_else(next)
            }
            Some(long) if long.starts_with('-') => None,
            None if !call.name.ends_with("tar") || i > 0 => arg.text.find("of=").map(|at| arg.tail(at + 3)),
            _ => {
                let at = arg.text.find(letters)?;
                if at + 1 < arg.text.len() { Some(arg.tail(at + 1)) } else { next() }
            }
        }?;
        knowledge::protected::write(&call.place(&value)).map(|why| format!("it writes where it must not: {why}"))
    })
}

/// User 0, or a group that is as good.
fn root_rights(call: &Call<'_>) -> bool {
    const GROUPS: &str = "sudo wheel root admin docker shadow disk lxd";
    let mut before = "";
    let mut operands = 0;
    for arg in call.args() {
        let text = arg.text.as_str();
        let cluster = before.starts_with('-') && !before.starts_with("--");
        let uid = (before == "--uid" || (cluster && before.ends_with('u'))) && text == "0";
        let attached = text == "--uid=0" || (text.starts_with('-') && !text.starts_with("--") && text.ends_with("u0"));
        operands += usize::from(!text.starts_with('-'));
        let group = text.strip_prefix("--groups=").unwrap_or(text).split(',').any(|g| knowledge::listed(GROUPS, g))
            && (before == "--groups"
                || text.starts_with("--groups=")
                || (cluster && before.contains('G'))
                || (call.name == "adduser" && operands > 1));
        if uid || attached || group {
            return true;
        }
        before = text;
    }
    false
}

/// Containers that reach out to the host.
fn escapes(call: &Call<'_>) -> Option<String> {
    let mut before = "";
    for arg in call.args() {
        let text = arg.text.as_str();
        // A value stands behind `=` or in the next word.
        let (option, value) = match text.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, value),
            _ if before.starts_with("--") || before == "-v" => (before, text),
            _ if text.starts_with("-v") => ("-v", text.get(2..).unwrap_or("")),
            _ => (text, ""),
        };
        let host = |path: &str| {
            const VITAL: &str = "/etc /root /proc /sys /dev /boot /home /var /usr /run /var/run";
            let path = path.trim_end_matches('/');
            path.is_empty() || knowledge::listed(VITAL, path)
        };
        let escape = text.contains(".sock:")
            || text.contains("docker.sock")
            || matches!(text, "--privileged" | "source=/" | "security.privileged=true")
            || text.contains("\"privileged\":true")
            || match option {
                "--privileged" => value == "true",
                "--cap-add" => value.eq_ignore_ascii_case("ALL") || value.to_ascii_uppercase().contains("SYS_"),
                "--pid" | "--ipc" | "--userns" | "--uts" => value == "host",
                "--security-opt" => value.contains("unconfined"),
                "--device" => value.starts_with("/dev/"),
                "-v" | "--volume" => value.split_once(':').is_some_and(|(from, _)| from.starts_with('/') && host(from)),
                "--mount" => value
                    .split(',')
                    .filter_map(|part| part.strip_prefix("source=").or(part.strip_prefix("src=")))
                    .any(|from| from.starts_with('/') && host(from)),
                _ => false,
            };
        if escape {
            return Some("it gives a container the host".into());
        }
        before = text;
    }
    None
}

/// `[[ … ]]` evaluates operands of numeric operators as code.
pub(crate) fn condition(words: &[Arg], out: &mut Judgement) {
    const NUMERIC: &str = "-eq -ne -lt -le -gt -ge";
    let number = |a: Option<&Arg>| {
        a.and_then(Arg::exact)
            .is_some_and(|t| !t.is_empty() && t.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()))
    };
    for (i, word) in words.iter().enumerate() {
        let Some(text) = word.exact() else { continue };
        let numeric = knowledge::listed(NUMERIC, text);
        let evaluates = numeric && !(number(i.checked_sub(1).and_then(|p| words.get(p))) && number(words.get(i + 1)));
        if evaluates || matches!(text, "-v" | "-R") {
            out.add(Decision::Prompt, "builtin:condition", "a condition evaluates its words as code", show(words));
            return;
        }
    }
    out.add(Decision::Allow, "builtin:condition", "it only tests", show(words));
}
