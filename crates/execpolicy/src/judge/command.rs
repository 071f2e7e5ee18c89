//! What is known about a command by itself.

use super::Call;
use super::args::{Arg, show};
use super::engine::Judgement;
use crate::knowledge::{self, Check, Operands, changes, network, others, secrets};
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

/// Programs whose words are no files.
const NO_FILES: &str = "echo printf true false : yes seq expr basename dirname sleep type which test [ cd pushd popd pwd pgrep kill set read git";

/// Whether a reading program reads what needs a question.
fn reads(call: &Call<'_>) -> Result<(), String> {
    if knowledge::listed(NO_FILES, call.name) {
        return Ok(());
    }
    // Listing a home directory is fine, its contents as a whole aren't.
    let contents = knowledge::listed("grep egrep fgrep rg cat head tail strings", call.name);
    for arg in call.args() {
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

/// Refusals that depend on more than a rule can say.
fn refusals(call: &Call<'_>) -> Option<String> {
    let has = |text: &str| call.args().iter().any(|a| a.text == text);
    match call.name {
        "find" | "gfind" if has("-delete") => {
            let refused = knowledge::find::starts(call.args()).map(|a| call.place(a)).find_map(|p| knowledge::protected::destroy(&p));
            refused.map(|why| format!("it deletes what it finds: {why}"))
        }
        "kill" => {
            let targets = call.args().iter().filter(|a| !a.text.starts_with('-') || a.text == "-1").skip(usize::from(has("-s") || has("-n")));
            let all = call.args().last().is_some_and(|a| matches!(a.text.as_str(), "-1" | "1")) && targets.count() > 0;
            (all && call.args().len() > usize::from(!has("1"))).then(|| "it ends the first process or all of them".into())
        }
        "docker" | "podman" | "nerdctl" => escapes(call),
        "nc" | "ncat" | "netcat" => call
            .args()
            .iter()
            .any(|a| {
                let cluster = a.text.starts_with('-') && !a.text.starts_with("--") && a.text.contains(['e', 'c']);
                a.text.starts_with("--exec") || a.text.starts_with("--sh-exec") || a.text.starts_with("--lua-exec") || cluster
            })
            .then(|| "it connects a program to the network".into()),
        "socat" => call.args().iter().any(|a| {
            let upper = a.text.to_ascii_uppercase();
            upper.starts_with("EXEC:") || upper.starts_with("SYSTEM:")
        }).then(|| "it connects a program to the network".into()),
        "useradd" | "usermod" | "adduser" => call
            .args()
            .windows(2)
            .any(|w| matches!(w, [o, v] if (matches!(o.text.as_str(), "-u" | "--uid") && v.text == "0") || (o.text.starts_with('-') && o.text.contains('G') && matches!(v.text.as_str(), "sudo" | "wheel" | "root" | "admin" | "docker" | "shadow" | "disk"))))
            .then(|| "it gives the rights of root".into()),
        "sysctl" => call.args().iter().any(|a| {
            let sets = a.text.contains('=') && !a.text.starts_with('-');
            sets && ["kernel.", "fs.suid_dumpable", "fs.protected_", "vm.mmap_min_addr", "user.max_"].iter().any(|p| a.text.starts_with(p))
        }).then(|| "it changes a protection of the kernel".into()),
        "crontab" => has("-").then(|| "it installs a timetable that is made on the way".into()),
        _ => None,
    }
}

/// Containers that reach out to the host.
fn escapes(call: &Call<'_>) -> Option<String> {
    let mut mounts = false;
    for arg in call.args() {
        let text = arg.text.as_str();
        let value = text.split_once('=').map_or(text, |(_, v)| v);
        let escape = text.contains("docker.sock")
            || text == "--privileged"
            || text == "--privileged=true"
            || text.starts_with("--cap-add=ALL")
            || text.starts_with("--cap-add=SYS_")
            || matches!(text, "--pid=host" | "--ipc=host" | "--userns=host" | "--uts=host")
            || (text.starts_with("--security-opt") && text.contains("unconfined"))
            || text.starts_with("--device=/dev/");
        let root = (mounts || text.starts_with("-v") || text.starts_with("--volume=") || text.starts_with("--mount"))
            && (value.trim_start_matches("-v").starts_with("/:")
                || text.contains("source=/,")
                || text.contains("src=/,"));
        if escape || root {
            return Some("it gives a container the host".into());
        }
        mounts = matches!(text, "-v" | "--volume" | "--mount");
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
