//! The shells of Windows: a narrow literal subset, a question for all else.

pub(crate) mod cmd;
mod paths;
pub(crate) mod powershell;

use crate::judge::{Context, Judgement};
use crate::verdict::Decision;

/// Scripts inside of scripts at most.
const MAX_NESTED: usize = 8;

/// Judges what a line is whatever it says: its depth and its characters. Whether it is to be looked at any further.
fn admits(line: &str, depth: usize, out: &mut Judgement) -> bool {
    if depth > MAX_NESTED {
        out.add(Decision::Prompt, "builtin:limit", "it holds too many scripts inside of scripts", Vec::new());
        return false;
    }
    if let Some(what) = crate::text::refused(line, true) {
        out.add(Decision::Prompt, "builtin:characters", format!("it holds {what}"), Vec::new());
    }
    true
}

/// The script that a shell of Windows is started with, judged by its own rules.
fn inner(name: &str, args: &[String], depth: usize, context: &Context<'_>, out: &mut Judgement) {
    let begins = |flag: &str| args.iter().position(|a| a.to_ascii_lowercase().starts_with(flag));
    match name {
        "cmd" => {
            let Some(at) = ["/c", "/k", "/r"].iter().find_map(|f| begins(f)) else { return };
            // The script may stand right behind the letter.
            let attached = args.get(at).and_then(|a| a.get(2..)).unwrap_or("");
            let script = std::iter::once(attached).chain(args.iter().skip(at + 1).map(String::as_str));
            cmd::judge_nested(&script.collect::<Vec<_>>().join(" "), depth + 1, context, out);
        }
        "powershell" | "pwsh" => {
            // Without the option, the first word that is none begins the script.
            let bare = || {
                args.iter()
                    .position(|a| !a.starts_with(['-', '/']))
                    .and_then(|at| at.checked_sub(1).or(Some(usize::MAX)))
            };
            let Some(at) = begins("-c").or_else(|| begins("/c")).or_else(bare) else { return };
            let script: Vec<&str> = args.iter().skip(at.wrapping_add(1)).map(String::as_str).collect();
            powershell::judge_nested(&script.join(" "), depth + 1, context, out);
        }
        _ => {}
    }
}
