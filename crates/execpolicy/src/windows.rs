//! The shells of Windows: a narrow literal subset, a question for all else.

pub(crate) mod cmd;
mod paths;
pub(crate) mod powershell;

use crate::judge::{Context, Judgement};

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
            let Some(at) = begins("-c").or_else(|| begins("/c")) else { return };
            let script: Vec<&str> = args.iter().skip(at + 1).map(String::as_str).collect();
            powershell::judge_nested(&script.join(" "), depth + 1, context, out);
        }
        _ => {}
    }
}
