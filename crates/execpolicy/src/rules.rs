//! The rule language.

mod examples;
mod file;
mod load;
mod matching;
mod short;

pub use examples::{ExampleFailure, TestReport};
pub(crate) use examples::{examine, report};
pub(crate) use file::{Rule, parse_json};
pub(crate) use load::read;
pub use load::{PolicySource, Tier};
pub(crate) use matching::RuleSet;

/// Reads rules from a text in either form.
pub(crate) fn parse_text(text: &str, source: &str) -> Result<Vec<Rule>, crate::error::PolicyError> {
    if short::is_short(text) { short::parse(text, source) } else { file::parse_toml(text, source) }
}

/// The form of a rules file, for the published schema.
#[cfg(test)]
pub(crate) use file::RulesFile;
