//! One command through all of its wrappers.

use std::ops::Range;

use super::Call;
use super::args::{Arg, show};
use super::command::{self, Own};
use super::context::{Context, Layer, Ruled};
use super::engine::{Judgement, Traits};
use super::paths::Cwd;
use crate::knowledge::{self, environment, interpreters, network, secrets, wrappers};
use crate::programs::Trust;
use crate::verdict::Decision;

/// Commands in one chain of wrappers at most.
const MAX_LAYERS: usize = 64;
/// Words of all commands in one chain at most, when there is more than one.
const MAX_WORDS: usize = 4096;

/// What a command left behind for the rest of the line.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub traits: Traits,
    pub scripts: Vec<(String, Cwd)>,
    /// Texts that may be scripts: only refusals in them count.
    pub texts: Vec<String>,
    pub cwd: Option<Cwd>,
    /// A rule of the user allows the command.
    pub user_allowed: bool,
}

/// Whether a rule of the user allows a command.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    Ruled,
    /// A wrapper that adds nothing.
    Neutral,
    Other,
}

struct Link {
    argv: Vec<Arg>,
    assignments: Vec<(String, Arg)>,
    cwd: Cwd,
    /// Words at the end of the outer command that an outer rule names.
    covered: bool,
}

/// Judges the words of a command and of all that its wrappers run.
pub(crate) fn judge(
    argv: Vec<Arg>,
    assignments: Vec<(String, Arg)>,
    cwd: &Cwd,
    traits_of: &dyn Fn(Range<u32>) -> Traits,
    context: &Context<'_>,
    out: &mut Judgement,
) -> Judged {
    let mut judged = Judged::default();
    let mut links = vec![Link { argv, assignments, cwd: cwd.clone(), covered: false }];
    let (mut count, mut words) = (0, 0);
    let (mut ruled, mut others) = (false, false);
    while let Some(link) = links.pop() {
        count += 1;
        words += link.argv.len();
        if count > MAX_LAYERS || (count > 1 && words > MAX_WORDS) {
            out.add(Decision::Prompt, "builtin:limit", "it has too many wrappers", Vec::new());
            break;
        }
        match judge_link(link, &mut links, &mut judged, traits_of, context, out) {
            Standing::Ruled => ruled = true,
            Standing::Neutral => {}
            Standing::Other => others = true,
        }
    }
    judged.user_allowed = ruled && !others;
    judged
}

fn judge_link(
    link: Link,
    links: &mut Vec<Link>,
    judged: &mut Judged,
    traits_of: &dyn Fn(Range<u32>) -> Traits,
    context: &Context<'_>,
    out: &mut Judgement,
) -> Standing {
    let shown = show(&link.argv);
    let Some(first) = link.argv.first() else {
        return Standing::Other;
    };
    let Some(word) = first.exact().filter(|w| !w.is_empty()) else {
        let fetched = first.subs.iter().any(|(_, r)| traits_of(r.clone()).fetches);
        let (decision, reason) = if fetched {
            (context.forbid(), "it runs what it fetches from the network".to_owned())
        } else {
            (Decision::Prompt, format!("the program `{}` isn't known before the run", first.text))
        };
        out.add(decision, "builtin:unknown-program", reason, shown);
        judged.traits.evaluates = true;
        return Standing::Other;
    };
    let name = word.rsplit('/').next().unwrap_or(word);
    let trust = context.programs.trust(word, context.workspace);
    let call = Call { name, argv: &link.argv, cwd: &link.cwd, context };
    let layer = Layer { argv: &link.argv, name, trusted: trust == Trust::Trusted, assignments: &link.assignments };

    let mut wrapped = wrappers::unwrap(&call);
    let mut own = command::own(&call, wrapped.is_some());
    let mut assignments = link.assignments.clone();
    let mut scripts = Vec::new();
    if let Some(wrapped) = &mut wrapped {
        scripts.append(&mut wrapped.scripts);
        own = match (&wrapped.question, own) {
            (_, Own::Forbid(why)) => Own::Forbid(why),
            (Some(question), _) => Own::Prompt(question.clone()),
            // A wrapper that asks nothing is as safe as what it runs.
            (None, _) => Own::Allow("it only runs the command behind it"),
        };
        assignments.append(&mut wrapped.assignments);
    }
    shell(&call, &mut own, &mut scripts, judged, traits_of);
    traits(&call, judged);
    if trust != Trust::Trusted {
        let reason = match trust {
            Trust::Shadowed => {
                format!("`{word}` is found in a folder of the search path that isn't trusted")
            }
            _ => format!("`{word}` isn't in a trusted folder, so it may be any program"),
        };
        own = own.at_least_prompt(reason);
    }
    let hosts = wrappers::hosts(name);
    if hosts || name == "git" {
        judged.texts.extend(wrappers::handed(&call));
    }
    if hosts && let Some(why) = (1..link.argv.len().min(16)).find_map(|at| begun(&call, at)) {
        own = Own::Forbid(why);
    }
    let forbidden = context.rules.strictest(&layer, Decision::Prompt);
    let forbidden = forbidden.or_else(|| started(&link.argv, &layer, context));
    let allowed = context.rules.allows(&layer).filter(|_| trust == Trust::Trusted);
    let rule_words = allowed.as_ref().map_or(0, |r| r.words);

    // Variables in front: those that decide which code runs are a question even for a command that a rule allows.
    let vouched = allowed.as_ref().map(|r| r.env.as_slice()).unwrap_or(&[]);
    let mut variables_ok = true;
    for (name, value) in &assignments {
        judged.texts.extend(value.exact().filter(|_| environment::injects(name)).map(str::to_owned));
        let odd = value.text.contains('/') || !value.is_literal() && environment::injects(name);
        let read = call.name == "read" && name == "IFS" && value.is_literal();
        let zone = name == "TZ" && value.exact().is_some_and(environment::zone);
        if read || zone || value.exact().is_some_and(|v| environment::pager_off(name, v)) {
            continue;
        }
        let asks = if environment::harmless(name) { odd } else { allowed.is_none() || environment::injects(name) };
        if asks && !vouched.iter().any(|v| v == name) {
            variables_ok = false;
            out.add(
                Decision::Prompt,
                "builtin:environment",
                format!("`{name}` in front of a command can change what runs"),
                shown.clone(),
            );
        }
    }

    // The strictest wins: rules and refusals first, then what allows, then what is known.
    let mut standing = Standing::Other;
    match (&forbidden, &own) {
        (Some(rule), own) if !matches!(own, Own::Forbid(_)) || rule.decision == Decision::Forbid => {
            out.add(rule.decision, rule.rule.clone(), rule.reason.clone(), shown);
        }
        (_, Own::Forbid(reason)) => out.add(context.forbid(), format!("builtin:{name}"), reason.clone(), shown),
        (_, Own::Prompt(reason)) => match (&allowed, link.covered) {
            (Some(rule), _) => {
                let hidden = if wrapped.is_none() { hides(&link.argv, &layer, context) } else { None };
                match hidden {
                    Some(why) if hidden_matters(name) => out.add(Decision::Prompt, rule.rule.clone(), why, shown),
                    _ => {
                        standing = Standing::Ruled;
                        out.add(Decision::Allow, rule.rule.clone(), rule.reason.clone(), shown);
                    }
                }
            }
            (None, true) => {
                standing = Standing::Ruled;
                out.add(Decision::Allow, "builtin:covered", "the rule of the command around it names it", shown);
            }
            (None, false) => {
                let reason = network_note(&call, reason.clone(), context);
                out.add(Decision::Prompt, format!("builtin:{name}"), reason, shown);
            }
        },
        (_, Own::Allow(reason)) => {
            standing = match (&allowed, &wrapped) {
                (Some(_), _) => Standing::Ruled,
                (None, Some(w)) if !w.commands.is_empty() => Standing::Neutral,
                (None, _) => Standing::Other,
            };
            match &allowed {
                Some(rule) => out.add(Decision::Allow, rule.rule.clone(), rule.reason.clone(), shown),
                None => out.add(Decision::Allow, format!("builtin:{name}"), *reason, shown),
            }
        }
    }

    let mut cwd = link.cwd.clone();
    if let Some(wrapped) = wrapped {
        if let Some(folder) = &wrapped.folder {
            cwd = cwd.enter(folder);
        }
        for inner in wrapped.commands {
            // A rule that names words of the inner command was meant for it.
            let outer_words = link.argv.len().saturating_sub(inner.len());
            let covered = standing == Standing::Ruled && rule_words > outer_words;
            links.push(Link { argv: inner, assignments: Vec::new(), cwd: cwd.clone(), covered });
        }
    }
    judged.scripts.extend(scripts.into_iter().map(|s| (s, cwd.clone())));
    if matches!(name, "cd" | "pushd" | "popd") {
        let target = call.args().iter().find(|a| !a.text.starts_with('-') || a.text == "-");
        judged.cwd = Some(match (name, target) {
            ("cd", None) => Cwd::At("~/".into()),
            ("cd" | "pushd", Some(target)) => link.cwd.enter(target),
            _ => Cwd::Unknown,
        });
    }
    if variables_ok { standing } else { Standing::Other }
}

/// Shells and interpreters: the text that they run, and where it comes from.
fn shell(
    call: &Call<'_>,
    own: &mut Own,
    scripts: &mut Vec<String>,
    judged: &mut Judged,
    traits_of: &dyn Fn(Range<u32>) -> Traits,
) {
    let fetched = |arg: &Arg| arg.subs.iter().any(|(_, r)| traits_of(r.clone()).fetches);
    // What Windows' shells run is not fully known here; but what it plainly names is held to the rules.
    scripts.extend(interpreters::windows_text(call.name, call.args()));
    if matches!(call.name, "eval" | "source" | "." | "trap" | "xargs" | "ssh" | "watch") {
        if call.args().iter().any(fetched) {
            *own = Own::Forbid("it runs what it fetches from the network".into());
        }
        judged.traits.evaluates |= call.name != "xargs" && call.args().iter().any(|a| !a.is_literal());
        if matches!(call.name, "source" | ".") {
            judged.traits.runs_input =
                call.args().first().and_then(Arg::exact).is_some_and(|t| matches!(t, "/dev/stdin" | "/dev/fd/0"));
        }
        return;
    }
    if interpreters::is_shell(call.name) {
        let (run, unusual) = interpreters::shell(call.args());
        judged.traits.interactive |=
            call.args().iter().any(|a| a.text.starts_with('-') && !a.text.starts_with("--") && a.text.contains('i'));
        let mut next = match run {
            interpreters::ShellRun::Text(arg) => match arg.exact() {
                Some(text) => {
                    scripts.push(text.to_owned());
                    if interpreters::may_differ(call.name, text) {
                        Own::Prompt(format!("`{}` may understand the text otherwise", call.name))
                    } else {
                        Own::Allow("it only runs the text behind it")
                    }
                }
                None if fetched(arg) => Own::Forbid("it runs what it fetches from the network".into()),
                None => {
                    // `xargs sh -c {}` runs its input.
                    judged.traits.runs_input |= arg.text == "…";
                    judged.traits.evaluates = true;
                    Own::Prompt(format!("it runs `{}`, which isn't known before", arg.text))
                }
            },
            // It prints the lines that it doesn't understand.
            interpreters::ShellRun::Parse => call
                .args()
                .iter()
                .find_map(|file| secrets::why(&call.place(file)))
                .map_or(Own::Allow("it runs nothing"), Own::Prompt),
            interpreters::ShellRun::Nothing => Own::Allow("it runs nothing"),
            interpreters::ShellRun::File(arg) if fetched(arg) => {
                Own::Forbid("it runs what it fetches from the network".into())
            }
            interpreters::ShellRun::File(arg) => {
                judged.traits.evaluates |= !arg.subs.is_empty();
                Own::Prompt(format!("it runs the script `{}`", arg.text))
            }
            interpreters::ShellRun::Input => {
                judged.traits.runs_input = true;
                Own::Prompt("it runs what it reads".into())
            }
        };
        if call.args().iter().any(|a| a.text == "…") {
            next = next.at_least_prompt("its words come from the input".into());
        }
        if unusual {
            next = next.at_least_prompt("an option of the shell isn't known to be harmless".into());
        }
        *own = next;
    } else if interpreters::is_interpreter(call.name) || knowledge::listed("awk gawk mawk nawk", call.name) {
        judged.traits.runs_input |= interpreters::reads_program(call.args());
        judged.texts.extend(call.args().iter().flat_map(|a| interpreters::texts(&a.text)));
        if call.args().iter().any(fetched) {
            *own = Own::Forbid("it runs what it fetches from the network".into());
        } else if let Some(why) = interpreters::bad_code(call.args()) {
            *own = Own::Forbid(why.into());
        }
    }
}

fn traits(call: &Call<'_>, judged: &mut Judged) {
    let name = call.name.split('.').next().unwrap_or(call.name);
    let first = call.args().first().map_or("", |a| a.text.as_str());
    // What completes the words of a shell is made on this machine.
    judged.traits.fetches |= network::fetches(name)
        && !(name == "openssl" && first != "s_client")
        && !matches!(first, "completion" | "configure" | "config");
    judged.traits.carries |= network::carries(name);
    judged.traits.runs_input |= matches!(name, "at" | "batch")
        || (name == "parallel" && first.is_empty())
        || (name == "make" && call.args().iter().any(|a| a.text == "-"));
}

fn network_note(call: &Call<'_>, reason: String, context: &Context<'_>) -> String {
    let git = call.name == "git"
        && call.args().iter().any(|a| matches!(a.text.as_str(), "push" | "fetch" | "pull" | "clone" | "ls-remote"));
    if context.offline() && (git || network::uses(call.name)) {
        return format!("{reason}; it needs the network, which the profile doesn't give");
    }
    reason
}

/// Whether words behind an allowed program are a command that a stricter rule names.
fn hides(argv: &[Arg], layer: &Layer<'_>, context: &Context<'_>) -> Option<String> {
    (1..argv.len().min(32)).find_map(|at| {
        let rest = argv.get(at..)?;
        let word = rest.first()?.exact()?;
        let name = word.rsplit('/').next()?;
        let inner = Layer { argv: rest, name, trusted: layer.trusted, assignments: &[] };
        let rule = context.rules.strictest(&inner, Decision::Prompt)?;
        Some(format!("its words hold a command that a rule names: {}", rule.reason))
    })
}

/// Why what the words from one on would do is refused.
fn begun(outer: &Call<'_>, at: usize) -> Option<String> {
    let argv = outer.argv.get(at..)?;
    let name = argv.first()?.exact()?.rsplit('/').next()?;
    match command::own(&Call { name, argv, ..*outer }, false) {
        Own::Forbid(why) => Some(why),
        _ => None,
    }
}

/// The rule of the user that forbids a command among the words of a program that starts others.
fn started(argv: &[Arg], layer: &Layer<'_>, context: &Context<'_>) -> Option<Ruled> {
    if !wrappers::starts(layer.name, argv) {
        return None;
    }
    let forbids = |words: &[Arg]| {
        let name = words.first()?.exact()?.rsplit('/').next()?;
        let inner = Layer { argv: words, name, trusted: layer.trusted, assignments: &[] };
        context.rules.strictest(&inner, Decision::Forbid).filter(|r| !r.rule.starts_with("builtin:"))
    };
    (1..argv.len().min(32)).find_map(|at| {
        let rest = argv.get(at..)?;
        // A word with blanks is a command of its own.
        let text = rest.first()?.exact()?;
        let text = text.strip_prefix("--exec=").unwrap_or(text).trim_start_matches('!');
        let words: Vec<Arg> = text.split_ascii_whitespace().map(Arg::literal).collect();
        forbids(rest).or_else(|| (words.len() > 1).then(|| forbids(&words)).flatten())
    })
}

/// Programs whose words are never commands.
fn hidden_matters(name: &str) -> bool {
    name != "git" && crate::knowledge::read_only(name).is_none()
}
