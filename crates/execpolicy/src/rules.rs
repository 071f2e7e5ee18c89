//! The rule language.

mod examples;
mod file;
mod load;
mod matching;

pub use examples::{ExampleFailure, TestReport};
pub(crate) use examples::{examine, report};
pub(crate) use file::{Rule, parse_toml, parse_value};
pub(crate) use load::read;
pub use load::{PolicySource, Tier};
pub(crate) use matching::RuleSet;

/// The form of a rules file, for the published schema.
#[cfg(test)]
pub(crate) use file::RulesFile;
