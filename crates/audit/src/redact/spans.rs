//! What is to be replaced in one string, and the replacing.

use std::ops::Range;

/// What stands for a secret.
pub(super) const SECRET: &str = "[SECRET]";

/// What a span hides. The order is the precedence where spans overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    User,
    Host,
    Secret,
}

/// Byte ranges of one string that are to be replaced.
#[derive(Default, Debug)]
pub(super) struct Spans(Vec<(Range<usize>, Kind)>);

impl Spans {
    pub(super) fn push(&mut self, range: Range<usize>, kind: Kind) {
        if !range.is_empty() {
            self.0.push((range, kind));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sorts and joins the spans that overlap; the strongest kind wins.
    pub(super) fn merged(mut self) -> Vec<(Range<usize>, Kind)> {
        self.0.sort_unstable_by_key(|(range, _)| (range.start, range.end));
        self.0.dedup_by(|(next, kind), (last, strongest)| {
            let overlaps = next.start < last.end;
            if overlaps {
                last.end = last.end.max(next.end);
                *strongest = (*strongest).max(*kind);
            }
            overlaps
        });
        self.0
    }
}

/// Whether the word at `range` is the name in a mark that redaction itself wrote.
pub(super) fn is_in_mark(text: &str, range: &Range<usize>) -> bool {
    matches!(&text[range.clone()], "USER" | "HOST" | "SECRET")
        && text[..range.start].ends_with('[')
        && text[range.end..].starts_with([']', ':'])
}

/// Whether `text` starts with something that redaction itself wrote.
pub(super) fn is_placeholder(text: &str) -> bool {
    ["[USER", "[HOST", "[SECRET"]
        .iter()
        .any(|mark| text.strip_prefix(mark).is_some_and(|rest| rest.starts_with(']') || rest.starts_with(':')))
}
