//! What only shows when the commands of a pipeline are seen together.

use super::args::Arg;
use super::context::Context;
use super::engine::{Judgement, Traits};
use super::paths::Cwd;
use super::{Call, values};
use crate::knowledge::wrappers;
use crate::shell::{Command, Piece, Script, Word};

/// Fetched text that ends in a shell, and shells that end in the network. Gives the lines that `xargs` makes of words that are
/// known, and whether only refusals count in them.
pub(crate) fn judge(
    script: &Script,
    traits: &[Traits],
    cwd: &Cwd,
    context: &Context<'_>,
    out: &mut Judgement,
) -> Vec<(String, bool)> {
    let mut texts = Vec::new();
    for pipeline in &script.pipelines {
        let (mut fetched, mut spoken) = (false, false);
        let mut names: Option<(String, bool)> = None;
        let first = |c: &Command| c.words.first().is_some_and(|w| matches!(w.bare(), Some("xargs" | "sudo")));
        let all = pipeline.stages.first().map_or(0, |s| *s as usize)..pipeline.end as usize;
        let feeds = script.commands.get(all).is_some_and(|commands| commands.iter().any(first));
        for range in pipeline.ranges() {
            if let Some(command) = script.commands.get(range.start as usize).filter(|_| feeds && range.len() == 1) {
                if let Some((words, narrow)) = &names
                    && let Some(text) = supplied(command, words, cwd, context)
                {
                    texts.push((text, *narrow));
                    names = None;
                }
                let picks = |w: &Word| matches!(w.bare(), Some("-name" | "-iname" | "-path" | "-regex"));
                names = values::printed(command).map(|words| (words, command.words.iter().any(picks))).or(names);
            }
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
    texts
}

/// What `xargs` runs with the words that a stage in front of it names.
fn supplied(command: &Command, names: &str, cwd: &Cwd, context: &Context<'_>) -> Option<String> {
    let argv: Vec<Arg> = command.words.iter().map(Arg::from_word).collect();
    let argv = argv.get(usize::from(argv.first()?.text == "sudo")..)?;
    let argv = argv.first().filter(|a| a.text == "xargs").and(Some(argv))?;
    let mut text = String::new();
    for arg in wrappers::unwrap(&Call { name: "xargs", argv, cwd, context })?.commands.first()? {
        if arg.text == "…" {
            text.push_str(names)
        } else {
            values::quote(&arg.text, &mut text)
        }
        text.push(' ');
    }
    Some(text)
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
