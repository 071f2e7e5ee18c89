//! The rule language.

mod examples;
mod file;
mod load;
mod matching;
mod short;

use codex_document::Format;

pub use examples::{ExampleFailure, TestReport};
pub(crate) use examples::{examine, report};
pub(crate) use file::{Rule, parse_json};
pub(crate) use load::read;
pub use load::{PolicySource, Tier};
pub(crate) use matching::RuleSet;

/// Reads rules from a text in any of its forms.
pub(crate) fn parse_text(text: &str, source: &str) -> Result<Vec<Rule>, crate::error::PolicyError> {
    // Editors of Windows put a mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        file::parse_document(Format::Json, text, source)
    } else if short::is_short(text) {
        short::parse(text, source)
    } else {
        file::parse_document(Format::Toml, text, source)
    }
}

/// The form of a rules file, for the published schema.
#[cfg(test)]
pub(crate) use file::RulesFile;
