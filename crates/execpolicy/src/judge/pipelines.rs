//! What only shows when the commands of a pipeline are seen together.

use super::context::Context;
use super::engine::{Judgement, Traits};
use crate::shell::{Piece, Script};

/// Fetched text that ends in a shell, and shells that end in the network.
pub(crate) fn judge(script: &Script, traits: &[Traits], context: &Context<'_>, out: &mut Judgement) {
    for pipeline in &script.pipelines {
        let (mut fetched, mut spoken) = (false, false);
        for range in pipeline.ranges() {
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
