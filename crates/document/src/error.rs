//! What is wrong with a document.

use std::fmt;

/// A line and a column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// Where the byte `at` of `text` stands.
    #[must_use]
    pub fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// A text that is no document of its form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DocumentError {
    /// Where it stops being one.
    pub at: Position,
    /// What is wrong there.
    pub message: String,
}

/// A value that a reader refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Mistake {
    /// The key, such as `environment.deny[1]`. Empty for the document itself.
    pub key: String,
    /// The offset of the value in its text, or of its key, if that is at fault.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

impl Mistake {
    /// The same, seen from the table that holds the value as `name`.
    pub(crate) fn below(mut self, name: &str) -> Self {
        let dot = if self.key.is_empty() || self.key.starts_with('[') { "" } else { "." };
        self.key = format!("{name}{dot}{}", self.key);
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(formatter, "`{}`: ", self.key)?;
        }
        formatter.write_str(&self.message)
    }
}
