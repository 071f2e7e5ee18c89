//! What an error of the command line says besides what was wrong.

use clap::{
    Error,
    builder::StyledStr,
    error::{ContextKind, ContextValue},
};
use strsim::osa_distance;

use crate::arguments::command;

/// Adds a tip to an error about a word that fits nowhere: the subcommand that it resembles, or where a command goes.
pub fn add(error: &mut Error) {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return };
    if word.starts_with('-') || error.get(ContextKind::Suggested).is_some() {
        return;
    }
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let root = usage.contains("<COMMAND>");
    let tree = command();
    let near = tree.get_subcommands().map(clap::Command::get_name).find(|name| root && osa_distance(name, word) <= 2);
    let tip = match near {
        Some(name) if name == word => format!("put '{name}' in front of its options"),
        Some(name) => format!("a similar subcommand exists: '{name}'"),
        None if usage.contains("<CMD>") => format!("the command stands behind '--': '-- {word}'"),
        None => return,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
}
