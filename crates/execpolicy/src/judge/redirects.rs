//! Redirections: what is written, what is read, and what is fed to a shell.

use std::ops::Range;

use super::args::{Arg, ArgKind};
use super::chain::Judged;
use super::command::secret_variable;
use super::context::Context;
use super::engine::{Judgement, Traits};
use super::paths::{Base, Cwd, Place, place};
use crate::knowledge::{interpreters, protected, secrets};
use crate::shell::{Command, Redirect, RedirectOp, Script};
use crate::verdict::Decision;

#[expect(clippy::too_many_arguments, reason = "a redirection depends on the command, the script and the line")]
pub(crate) fn judge(
    command: &Command,
    script: &Script,
    judged: &mut Judged,
    cwd: &Cwd,
    user_allowed: bool,
    words: &[String],
    traits_of: &dyn Fn(Range<u32>) -> Traits,
    context: &Context<'_>,
    out: &mut Judgement,
) {
    // What an interpreter is given is no script of a shell; a rule that lets it read its program says so.
    let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    let scripts = !(user_allowed && interpreters::is_interpreter(program));
    for redirect in &command.redirects {
        let target = Arg::from_word(&redirect.target);
        let text = match redirect.op {
            RedirectOp::HereString => Some(target.clone()),
            RedirectOp::HereDoc(slot) => script.bodies.get(slot as usize).map(Arg::from_word),
            _ => None,
        };
        if let Some(name) = text.as_ref().and_then(secret_variable) {
            out.add(Decision::Prompt, "builtin:secret", format!("`${name}` may hold a secret"), words.to_vec());
        }
        if redirect.named {
            out.add(
                Decision::Prompt,
                "builtin:redirection",
                "a redirection stores its descriptor in a variable",
                words.to_vec(),
            );
        }
        match redirect.op {
            RedirectOp::Read => read(&target, cwd, judged, traits_of, context, words, out),
            RedirectOp::HereString => {
                if let Some(why) = secrets::why(&place(&target, cwd)) {
                    out.add(Decision::Prompt, "builtin:secret", why, words.to_vec());
                }
                if judged.traits.runs_input && scripts {
                    feed(&target, cwd, judged, traits_of, context, words, out);
                }
            }
            RedirectOp::HereDoc(slot) => {
                let body = script.bodies.get(slot as usize).map(Arg::from_word);
                if judged.traits.runs_input
                    && scripts
                    && let Some(body) = body
                {
                    feed(&body, cwd, judged, traits_of, context, words, out);
                }
            }
            RedirectOp::Duplicate if is_descriptor(&target) => {
                let opened = target.exact().is_some_and(|t| !matches!(t, "0" | "1" | "2" | "-")) && connects(script);
                judged.traits.fetches |= opened;
                if opened && judged.traits.runs_input {
                    out.add(
                        context.forbid(),
                        "builtin:reverse-shell",
                        "it connects a shell to the network",
                        words.to_vec(),
                    );
                }
            }
            RedirectOp::Duplicate if redirect.fd.is_some_and(|fd| fd != 1) => {
                out.add(
                    Decision::Prompt,
                    "builtin:redirection",
                    "a redirection names a descriptor that isn't known",
                    words.to_vec(),
                );
            }
            RedirectOp::ReadWrite
            | RedirectOp::Write
            | RedirectOp::Append
            | RedirectOp::Clobber
            | RedirectOp::WriteBoth
            | RedirectOp::Duplicate => {
                write(redirect, &target, cwd, judged, user_allowed, words, context, out);
            }
        }
    }
}

/// Whether a redirection of the script leads to the network.
fn connects(script: &Script) -> bool {
    script.commands.iter().flat_map(|c| &c.redirects).any(|r| {
        let target = Arg::from_word(&r.target).text;
        target.starts_with("/dev/tcp/") || target.starts_with("/dev/udp/")
    })
}

fn is_descriptor(target: &Arg) -> bool {
    target.exact().is_some_and(|t| {
        let t = t.strip_suffix('-').unwrap_or(t);
        t.bytes().all(|b| b.is_ascii_digit())
    })
}

fn read(
    target: &Arg,
    cwd: &Cwd,
    judged: &mut Judged,
    traits_of: &dyn Fn(Range<u32>) -> Traits,
    context: &Context<'_>,
    words: &[String],
    out: &mut Judgement,
) {
    let remote = target.text.starts_with("/dev/tcp/") || target.text.starts_with("/dev/udp/");
    judged.traits.fetches |= remote;
    if judged.traits.runs_input && (remote || target.subs.iter().any(|(_, r)| traits_of(r.clone()).fetches)) {
        out.add(context.forbid(), "builtin:remote-code", "it runs what it fetches from the network", words.to_vec());
    }
    if target.many() {
        out.add(
            Decision::Prompt,
            "builtin:redirection",
            format!("`{}` isn't known before the run", target.text),
            words.to_vec(),
        );
    } else if let Some(why) = secrets::why(&place(target, cwd)) {
        out.add(Decision::Prompt, "builtin:secret", why, words.to_vec());
    }
}

/// Text that a shell reads is a script.
fn feed(
    text: &Arg,
    cwd: &Cwd,
    judged: &mut Judged,
    traits_of: &dyn Fn(Range<u32>) -> Traits,
    context: &Context<'_>,
    words: &[String],
    out: &mut Judgement,
) {
    if let Some(exact) = text.exact() {
        judged.texts.extend(interpreters::texts(exact));
        if let Some(why) = interpreters::bad_code(std::slice::from_ref(text)) {
            out.add(context.forbid(), "builtin:code", why, words.to_vec());
        }
        judged.scripts.push((exact.to_owned(), cwd.clone()));
    } else if text.subs.iter().any(|(_, r)| traits_of(r.clone()).fetches) {
        out.add(context.forbid(), "builtin:remote-code", "it runs what it fetches from the network", words.to_vec());
    }
}

#[expect(clippy::too_many_arguments, reason = "a redirection depends on the command, the script and the line")]
fn write(
    redirect: &Redirect,
    target: &Arg,
    cwd: &Cwd,
    judged: &Judged,
    user_allowed: bool,
    words: &[String],
    context: &Context<'_>,
    out: &mut Judgement,
) {
    let place = place(target, cwd);
    if sink(&place) {
        return;
    }
    if place.base == Base::Root
        && place.first() == "dev"
        && place.parts.get(1).is_some_and(|p| p == "tcp" || p == "udp")
    {
        let (decision, reason) = if judged.traits.interactive {
            (context.forbid(), "it connects a shell to the network")
        } else {
            (Decision::Prompt, "it connects to the network")
        };
        out.add(decision, "builtin:redirection", reason, words.to_vec());
        return;
    }
    if let Some(why) = protected::write(&place) {
        out.add(context.forbid(), "builtin:redirection", format!("it writes where it must not: {why}"), words.to_vec());
        return;
    }
    // What a sandbox holds rides on the rule that allows the command; links to elsewhere don't get out of it.
    let contained = context.profile.is_none_or(crate::verdict::ProfileKind::contained);
    let plain = target.kind == ArgKind::Literal && redirect.op != RedirectOp::ReadWrite && local(&place);
    if user_allowed && contained && plain {
        return;
    }
    out.add(Decision::Prompt, "builtin:redirection", format!("it writes `{}`", target.text), words.to_vec());
}

/// Files that keep nothing.
fn sink(place: &Place) -> bool {
    place.base == Base::Root
        && place.open.is_none()
        && matches!(
            place.path().as_str(),
            "dev/null" | "dev/stdout" | "dev/stderr" | "dev/tty" | "dev/fd/1" | "dev/fd/2"
        )
}

/// An ordinary file of the workspace or of the private temporary folder.
fn local(place: &Place) -> bool {
    match place.base {
        Base::Workspace => !place.parts.iter().any(|p| p.starts_with('.')),
        Base::Root => {
            place.first() == "tmp" && place.parts.len() > 1 || place.starts_with("var/tmp") && place.parts.len() > 2
        }
        _ => false,
    }
}
