//! What only shows when the commands of a pipeline are seen together.

use super::args::Arg;
use super::context::Context;
use super::engine::{Judgement, Traits};
use super::paths::Cwd;
use super::{Call, chain, values};
use crate::knowledge::wrappers;
use crate::shell::{Command, Piece, Script, Word};
use crate::verdict::Decision;

/// Fetched text that ends in a shell, and shells that end in the network.
pub(crate) fn judge(script: &Script, traits: &[Traits], cwd: &Cwd, context: &Context<'_>, out: &mut Judgement) {
    for pipeline in &script.pipelines {
        let (mut fetched, mut spoken) = (false, false);
        let mut names: Option<(Vec<Arg>, bool)> = None;
        for range in pipeline.ranges() {
            let command = script.commands.get(range.start as usize).filter(|_| range.len() == 1);
            if let (Some(command), Some((words, narrow))) = (command, &names) {
                supplied(command, words, *narrow, cwd, context, out);
            }
            names = command.and_then(names_of).or(names);
            let mut stage = Traits::default();
            traits.get(range.start as usize..range.end as usize).unwrap_or(&[]).iter().for_each(|t| stage.join(*t));
            if fetched && stage.runs_input {
                out.add(
                    context.forbid(),
                    "builtin:remote-code",
                    "it runs what it fetches from the network",
                    Vec::new(),
                );
                break;
            }
            if spoken && stage.carries {
                out.add(context.forbid(), "builtin:reverse-shell", "it connects a shell to the network", Vec::new());
                break;
            }
            fetched |= stage.fetches;
            spoken |= stage.interactive;
        }
    }
}

/// What a command names for the stages behind it, and whether it picks them by their names.
fn names_of(command: &Command) -> Option<(Vec<Arg>, bool)> {
    let words = values::printed(command)?;
    let picks = |w: &Word| w.literal().is_some_and(|t| matches!(t.as_str(), "-name" | "-iname" | "-path" | "-regex"));
    Some((words.iter().map(Arg::from_word).collect(), command.words.iter().any(picks)))
}

/// `xargs` with the words that a stage in front of it names.
fn supplied(command: &Command, names: &[Arg], narrow: bool, cwd: &Cwd, context: &Context<'_>, out: &mut Judgement) {
    let argv: Vec<Arg> = command.words.iter().map(Arg::from_word).collect();
    let skip = usize::from(argv.first().is_some_and(|a| a.text == "sudo"));
    let Some(argv) = argv.get(skip..).filter(|a| a.first().is_some_and(|a| a.text == "xargs")) else { return };
    let Some(wrapped) = wrappers::unwrap(&Call { name: "xargs", argv, cwd, context }) else { return };
    for inner in wrapped.commands {
        let argv = inner.into_iter().flat_map(|a| if a.text == "…" { names.to_vec() } else { vec![a] }).collect();
        let mut found = Judgement::default();
        chain::judge(argv, Vec::new(), cwd, &|_| Traits::default(), context, &mut found);
        found.findings.retain(|f| f.decision > if narrow { Decision::Prompt } else { Decision::Allow });
        out.findings.append(&mut found.findings);
    }
}

/// Functions that start themselves more than once.
pub(crate) fn bombs(script: &Script, context: &Context<'_>, out: &mut Judgement) {
    for function in &script.functions {
        let calls_itself = |from: u32, to: u32| {
            script.commands.get(from as usize..to as usize).unwrap_or(&[]).iter().any(|c| {
                c.words.first().is_some_and(
                    |w| matches!(w.pieces.as_slice(), [Piece::Text { text, .. }] if *text == function.name),
                )
            })
        };
        let multiplies = script.pipelines.iter().any(|p| {
            let inside = p.stages.first().is_some_and(|s| function.body.contains(s)) && p.end <= function.body.end;
            inside && (p.background || p.stages.len() > 1) && p.ranges().any(|r| calls_itself(r.start, r.end))
        });
        if multiplies {
            out.add(
                context.forbid(),
                "builtin:fork-bomb",
                "a function starts itself again and again",
                vec![function.name.clone()],
            );
        }
    }
}
