//! The query language: conditions on the fields of a record.
//!
//! ```text
//! event = denial and path ~ "/etc"
//! decision in (forbid, deny) and time > -24h
//! exit_code != 0 and not (profile = trusted or duration_ms < 100)
//! ```
//!
//! A condition is `field op value`, `field in (value, …)`, or a field alone (present, and not false). Operators: `=` `!=`
//! `<` `<=` `>` `>=`, and `~` `!~` for "contains", in any case. Values are words, numbers, or quoted strings; for `time`
//! they are RFC 3339 times, dates, or spans before now such as `-15m`. `and`, `or`, `not` and parentheses combine, as do
//! `&&`, `||` and `!`. Fields of objects are reached with a dot (`labels.team`); a list counts as its entries joined by
//! spaces. A field that is absent fits only `!=`, `!~` and `not`. Fields that no record has are refused, and so are values
//! that `event` or `decision` never has.

mod eval;
mod names;
mod parse;

use memchr::memmem::Finder;

use parse::{Condition, Node};

/// A parsed query. Parsing is bounded: at most 4 KiB of text and 64 levels.
#[derive(Clone, Debug)]
pub struct Query {
    node: Node,
    /// The top-level fields that it looks at.
    wanted: Vec<String>,
    /// Bytes that stand in every record that fits, so that most lines are passed over unparsed.
    needles: Vec<Finder<'static>>,
}

/// Why a text is no query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("query column {column}: {reason}")]
pub struct QueryError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong, and what is right.
    pub reason: String,
}

impl Query {
    /// Parses a query. Spans of time count back from now.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let node = parse::parse(text)?;
        let mut needles = Vec::new();
        collect_needles(&node, &mut needles);
        let mut wanted = Vec::new();
        eval::fields(&node, &mut wanted);
        Ok(Self { node, wanted, needles })
    }

    /// Whether the record in `line` fits. A line that is no JSON object fits nothing.
    pub fn matches(&self, line: &[u8]) -> bool {
        std::str::from_utf8(line).is_ok_and(|line| self.fits(line))
    }

    /// [`Self::matches`] for text.
    pub(crate) fn fits(&self, line: &str) -> bool {
        self.needles.iter().all(|needle| needle.find(line.as_bytes()).is_some())
            && eval::matches(&self.node, &self.wanted, line)
    }
}

/// What an `and` of string comparisons demands to stand in the line word by word.
fn collect_needles(node: &Node, needles: &mut Vec<Finder<'static>>) {
    match node {
        Node::And(all) => all.iter().for_each(|node| collect_needles(node, needles)),
        Node::Test(Condition::Equal { field, value, negated: false })
            if field != "time"
                && !field.contains('.')
                && plain(value)
                && crate::number::parse(value).is_none()
                && !matches!(value.as_str(), "true" | "false") =>
        {
            // The field may be a list, so only the value is sure to stand there.
            needles.push(Finder::new(&format!("\"{value}\"")).into_owned());
        }
        _ => {}
    }
}

/// Whether JSON writes the text as it is, and no list can hold a part of it.
fn plain(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/'))
}
