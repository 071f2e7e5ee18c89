//! The work list: scripts inside of scripts are judged one after the other, never by recursion.

use std::ops::Range;

use super::args::Arg;
use super::chain::{self, Judged};
use super::context::Context;
use super::paths::Cwd;
use super::values::{self, Values};
use super::{pipelines, redirects};
use crate::knowledge::{interpreters, secrets};
use crate::shell::{self, Command, CommandKind, Piece, Script, Word};
use crate::verdict::{Decision, Finding};

/// Scripts inside of one line at most, and their bytes at most.
const MAX_SCRIPTS: usize = 256;
const MAX_NESTED_BYTES: usize = 256 * 1024;
const MAX_NESTING: usize = 32;

/// What commands did, as far as others in the same pipeline care.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Prints what it fetches from the network.
    pub fetches: bool,
    /// Carries its input to the network or back.
    pub carries: bool,
    /// Runs what it reads from its input.
    pub runs_input: bool,
    /// Is a shell for a person.
    pub interactive: bool,
    /// Runs text that isn't known.
    pub evaluates: bool,
}

impl Traits {
    pub fn join(&mut self, other: Self) {
        self.fetches |= other.fetches;
        self.carries |= other.carries;
        self.runs_input |= other.runs_input;
        self.interactive |= other.interactive;
        self.evaluates |= other.evaluates;
    }
}

/// All findings of a line.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// Drops what is no refusal, of the findings from one on.
    fn refuse_from(&mut self, from: usize) {
        let mut at = 0;
        self.findings.retain(|f| {
            at += 1;
            at <= from || f.decision == Decision::Forbid
        });
    }

    pub fn add(&mut self, decision: Decision, rule: impl Into<String>, reason: impl Into<String>, argv: Vec<String>) {
        self.findings.push(Finding { decision, reason: reason.into(), rule: rule.into(), argv });
    }
}

/// One script while it is judged.
struct Frame {
    script: Script,
    next: usize,
    traits: Vec<Traits>,
    cwd: Cwd,
    depth: usize,
    values: Values,
    /// Variables that are read from an input.
    read: Vec<String>,
    /// It may not be what runs: only refusals count.
    refusals: bool,
    /// The frame and the command that it belongs to.
    parent: Option<(usize, usize)>,
}

/// Judges a line of bash.
pub(crate) fn judge_script(text: &str, context: &Context<'_>) -> Judgement {
    let mut out = Judgement::default();
    let frame = Frame::new(text, Cwd::START, 0, false, None, context, &mut out);
    run(vec![frame], context, &mut out);
    out
}

/// Judges the words of one program.
pub(crate) fn judge_argv(argv: &[Arg], context: &Context<'_>) -> Judgement {
    let mut out = Judgement::default();
    let empty = Frame {
        script: Script::default(),
        next: 0,
        traits: vec![Traits::default()],
        cwd: Cwd::START,
        depth: 0,
        values: Values::default(),
        read: Vec::new(),
        refusals: false,
        parent: None,
    };
    let judged = chain::judge(argv.to_vec(), Vec::new(), &Cwd::START, &|_| Traits::default(), context, &mut out);
    let mut frames = vec![empty];
    push_scripts(judged, 0, 0, &mut frames, context, &mut out);
    run(frames, context, &mut out);
    out
}

fn run(mut frames: Vec<Frame>, context: &Context<'_>, out: &mut Judgement) {
    let mut scripts = frames.len();
    let mut bytes = 0usize;
    while let Some(last) = frames.len().checked_sub(1) {
        let Some(frame) = frames.get_mut(last) else {
            return;
        };
        let Some(command) = frame.script.commands.get(frame.next) else {
            let texts = frame.finish(context, out);
            let Some(done) = frames.pop() else { return };
            if let Some((parent, command)) = done.parent
                && let Some(traits) = frames.get_mut(parent).and_then(|f| f.traits.get_mut(command))
            {
                done.traits.iter().for_each(|t| traits.join(*t));
            }
            scripts += texts.len();
            bytes += texts.iter().map(|(text, _)| text.len()).sum::<usize>();
            if scripts <= MAX_SCRIPTS && bytes <= MAX_NESTED_BYTES && done.depth < MAX_NESTING {
                for (text, refusals) in texts {
                    let refusals = refusals || done.refusals;
                    frames.push(Frame::new(&text, done.cwd.clone(), done.depth + 1, refusals, None, context, out));
                }
            }
            continue;
        };
        let at = frame.next;
        let before = out.findings.len();
        let mut judged = judge_command(command, frame, context, out);
        let (again, exact) = frame.values.apply(command, &frame.script);
        if exact {
            judged.scripts.extend(again.into_iter().map(|text| (text, frame.cwd.clone())));
        } else {
            judged.texts.extend(again);
        }
        if frame.refusals {
            out.refuse_from(before);
        }
        let values = command.assignments.iter().map(|a| &a.value).flat_map(|w| &w.pieces);
        let mut fetched = Traits::default();
        for piece in values {
            if let Piece::Sub { range, .. } = piece {
                frame
                    .traits
                    .get(range.start as usize..range.end as usize)
                    .unwrap_or(&[])
                    .iter()
                    .for_each(|t| fetched.join(*t));
            }
        }
        frame.values.learn(command, &frame.script, fetched.fetches);
        if command.words.first().is_some_and(|w| w.bare() == Some("read")) {
            frame.read.extend(command.words.iter().skip(1).filter_map(Word::literal));
            frame.read.truncate(64);
        }
        frame.next += 1;
        if let Some(cwd) = &judged.cwd {
            frame.cwd = cwd.clone();
        }
        if let Some(slot) = frame.traits.get_mut(at) {
            slot.join(judged.traits);
        }
        scripts += judged.scripts.len() + judged.texts.len();
        bytes += judged.texts.iter().map(String::len).sum::<usize>();
        bytes += judged.scripts.iter().map(|(s, _)| s.len()).sum::<usize>();
        if scripts > MAX_SCRIPTS || bytes > MAX_NESTED_BYTES {
            out.add(Decision::Prompt, "builtin:limit", "it holds too many scripts inside of scripts", Vec::new());
            continue;
        }
        push_scripts(judged, last, at, &mut frames, context, out);
    }
}

fn push_scripts(
    judged: Judged,
    parent: usize,
    command: usize,
    frames: &mut Vec<Frame>,
    context: &Context<'_>,
    out: &mut Judgement,
) {
    let (depth, refusals) = frames.get(parent).map_or((0, false), |f| (f.depth, f.refusals));
    let depth = depth + 1;
    let cwd = frames.get(parent).map_or(Cwd::START, |f| f.cwd.clone());
    let texts = judged.texts.into_iter().map(|text| (text, cwd.clone(), true));
    for (script, cwd, refusals) in judged.scripts.into_iter().map(|(s, c)| (s, c, refusals)).chain(texts) {
        if depth > MAX_NESTING {
            out.add(Decision::Prompt, "builtin:limit", "it holds scripts inside of scripts too deeply", Vec::new());
            return;
        }
        frames.push(Frame::new(&script, cwd, depth, refusals, Some((parent, command)), context, out));
    }
}

fn judge_command(command: &Command, frame: &Frame, context: &Context<'_>, out: &mut Judgement) -> Judged {
    let traits_of = |range: Range<u32>| {
        let mut all = Traits::default();
        frame.traits.get(range.start as usize..range.end as usize).unwrap_or(&[]).iter().for_each(|t| all.join(*t));
        all
    };
    let argv: Vec<Arg> = command.words.iter().map(Arg::from_word).collect();
    let assignments: Vec<(String, Arg)> =
        command.assignments.iter().map(|a| (a.name.clone(), Arg::from_word(&a.value))).collect();
    let before = out.findings.len();
    let mut judged = match command.kind {
        CommandKind::Simple if argv.is_empty() && !assignments.is_empty() => {
            let names: Vec<String> = command.assignments.iter().map(|a| a.name.clone()).collect();
            let drops = command.assignments.iter().any(|a| {
                matches!(a.name.as_str(), "HISTFILE" | "HISTSIZE" | "HISTFILESIZE")
                    && a.value.literal().is_some_and(|value| matches!(value.as_str(), "" | "0" | "/dev/null"))
            });
            let (decision, why) = if drops {
                (context.forbid(), "it keeps no history of what is done")
            } else {
                (Decision::Prompt, "it sets variables for what follows")
            };
            out.add(decision, "builtin:assignment", why, names);
            Judged::default()
        }
        CommandKind::Simple if !argv.is_empty() => {
            chain::judge(argv, assignments, &frame.cwd, &traits_of, context, out)
        }
        CommandKind::Header => {
            let variable = argv.iter().find_map(super::command::secret_variable);
            let pieces = command.words.iter().flat_map(|w| &w.pieces);
            let printed = pieces.filter_map(|p| values::printed_by(p, &frame.script)).map(Arg::literal);
            let secret = variable.map(|name| format!("`${name}` may hold a secret")).or_else(|| {
                argv.iter().cloned().chain(printed).find_map(|a| secrets::why(&super::paths::place(&a, &frame.cwd)))
            });
            if let Some(why) = secret {
                out.add(Decision::Prompt, "builtin:secret", why, super::args::show(&argv));
            }
            Judged::default()
        }
        CommandKind::Condition => {
            super::command::condition(&argv, out);
            Judged::default()
        }
        _ => Judged::default(),
    };
    let reads = |piece: &Piece| matches!(piece, Piece::Var { name, .. } if frame.read.contains(name));
    if judged.traits.evaluates && command.words.iter().flat_map(|w| &w.pieces).any(reads) {
        judged.traits.runs_input = true;
    }
    let user_allowed = judged.user_allowed;
    let words: Vec<String> = out.findings.get(before).map(|f| f.argv.clone()).unwrap_or_default();
    redirects::judge(command, &frame.script, &mut judged, &frame.cwd, user_allowed, &words, &traits_of, context, out);
    judged
}

impl Frame {
    fn new(
        text: &str,
        cwd: Cwd,
        depth: usize,
        refusals: bool,
        parent: Option<(usize, usize)>,
        context: &Context<'_>,
        out: &mut Judgement,
    ) -> Self {
        let before = out.findings.len();
        if let Some(what) = crate::text::refused(text, false) {
            out.add(Decision::Prompt, "builtin:characters", format!("it holds {what}"), Vec::new());
        }
        let script = shell::parse(text);
        if let Some(failure) = &script.failure {
            let reason = format!("not understood: {} (at byte {})", failure.what, failure.offset);
            out.add(Decision::Prompt, "builtin:syntax", reason, Vec::new());
        }
        for note in &script.notes {
            out.add(Decision::Prompt, "builtin:syntax", *note, Vec::new());
        }
        pipelines::bombs(&script, context, out);
        let traits = vec![Traits::default(); script.commands.len()];
        let cwd = if moves_in_a_loop(&script) { Cwd::Unknown } else { cwd };
        if refusals {
            out.refuse_from(before);
        }
        Self { script, next: 0, traits, cwd, depth, values: Values::default(), read: Vec::new(), refusals, parent }
    }

    /// Looks at the commands together; gives the lines that they make for others to run, and whether only refusals count in them.
    fn finish(&self, context: &Context<'_>, out: &mut Judgement) -> Vec<(String, bool)> {
        let before = out.findings.len();
        let mut texts = pipelines::judge(&self.script, &self.traits, &self.cwd, context, out);
        if self.refusals {
            out.refuse_from(before);
        }
        if self.traits.iter().any(|t| t.runs_input || t.evaluates) {
            let bodies = self.script.bodies.iter().filter_map(Word::literal);
            for text in self.script.commands.iter().filter_map(values::text).chain(bodies) {
                texts.extend(interpreters::texts(&text).into_iter().map(|t| (t, true)));
                texts.push((text, true));
            }
        }
        texts
    }
}

/// A `cd` inside a loop or a function happens before and after everything in it.
fn moves_in_a_loop(script: &Script) -> bool {
    script.repeated.iter().any(|range| {
        script.commands.get(range.start as usize..range.end as usize).unwrap_or(&[]).iter().any(|c| {
            c.words.first().and_then(|w| w.literal()).is_some_and(|w| matches!(w.as_str(), "cd" | "pushd" | "popd"))
        })
    })
}
