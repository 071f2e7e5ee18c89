//! Brace expansion: `{a,b}` becomes words before anything else happens, so options may hide in it.

use super::MAX_BRACE_WORDS;
use super::ast::{Piece, Word};

/// The words that a word becomes. What is more than a row of flat groups becomes one word of unknown content.
pub(crate) fn expand(word: Word) -> Vec<Word> {
    if !word.pieces.iter().any(|p| matches!(p, Piece::Mark('{'))) {
        return vec![plain(word)];
    }
    match groups(&word.pieces) {
        Groups::None => vec![plain(word)],
        Groups::Unknown => vec![unknown()],
        Groups::Flat(parts) => product(&parts).unwrap_or_else(|| vec![unknown()]),
    }
}

enum Groups<'a> {
    None,
    Unknown,
    Flat(Vec<Part<'a>>),
}

/// Alternatives at one place of the word; fixed text is a part with one alternative.
type Part<'a> = Vec<&'a [Piece]>;

fn groups(pieces: &[Piece]) -> Groups<'_> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let (mut from, mut found) = (0, false);
    let mut open = None;
    let mut commas: Vec<usize> = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            // Nested or unbalanced groups have rules of their own; not knowing is enough.
            Piece::Mark('{') if open.is_some() => return nested(pieces),
            Piece::Mark('{') => {
                open = Some(i);
                commas.clear();
            }
            Piece::Mark(',') if open.is_some() => commas.push(i),
            Piece::Mark('}') => {
                let Some(start) = open.take() else { continue };
                let inner = pieces.get(start + 1..i).unwrap_or(&[]);
                if commas.is_empty() {
                    if is_sequence(inner) {
                        return Groups::Unknown;
                    }
                    continue;
                }
                parts.push(vec![pieces.get(from..start).unwrap_or(&[])]);
                let mut alternatives = Vec::new();
                let mut at = start + 1;
                for comma in commas.drain(..).chain(std::iter::once(i)) {
                    alternatives.push(pieces.get(at..comma).unwrap_or(&[]));
                    at = comma + 1;
                }
                parts.push(alternatives);
                from = i + 1;
                found = true;
            }
            _ => {}
        }
    }
    if !found {
        return Groups::None;
    }
    parts.push(vec![pieces.get(from..).unwrap_or(&[])]);
    Groups::Flat(parts)
}

/// A second `{` before the first is closed: literal only when nothing in the word can be a list or a sequence.
fn nested(pieces: &[Piece]) -> Groups<'_> {
    let lists = pieces.iter().any(|p| matches!(p, Piece::Mark(',')));
    let closed = pieces.iter().any(|p| matches!(p, Piece::Mark('}')));
    if closed && (lists || is_sequence(pieces)) { Groups::Unknown } else { Groups::None }
}

fn is_sequence(pieces: &[Piece]) -> bool {
    let mut dots = 0;
    for piece in pieces {
        match piece {
            Piece::Text { text, .. } if text.contains("..") => return true,
            Piece::Text { text, .. } if text.starts_with('.') || text.ends_with('.') => dots += 1,
            Piece::Text { .. } | Piece::Mark(_) => {}
            _ => return true,
        }
    }
    dots > 1
}

fn product(parts: &[Part<'_>]) -> Option<Vec<Word>> {
    let mut count = 1usize;
    for part in parts {
        count = count.checked_mul(part.len()).filter(|n| *n <= MAX_BRACE_WORDS)?;
    }
    let mut words: Vec<Vec<Piece>> = vec![Vec::new()];
    for part in parts {
        let mut next = Vec::with_capacity(words.len() * part.len());
        for word in &words {
            for alternative in part {
                let mut joined = word.clone();
                joined.extend(alternative.iter().cloned());
                next.push(joined);
            }
        }
        words = next;
    }
    // An alternative that is empty and unquoted makes no word at all.
    Some(words.into_iter().filter(|w| !w.is_empty()).map(|pieces| tilde(plain(Word { pieces }))).collect())
}

/// A tilde that expansion brought to the front of a word expands like any other.
fn tilde(mut word: Word) -> Word {
    let Some(Piece::Text { text, quoted: false }) = word.pieces.first() else {
        return word;
    };
    if !text.starts_with('~') {
        return word;
    }
    let end = text.find('/').unwrap_or(text.len());
    let user = text.get(1..end).unwrap_or("").to_owned();
    let rest = text.get(end..).unwrap_or("").to_owned();
    word.pieces.splice(0..1, [Piece::Tilde(user), Piece::Text { text: rest, quoted: false }]);
    word
}

fn unknown() -> Word {
    Word { pieces: vec![Piece::Dynamic { quoted: false }] }
}

/// Turns the marks that expansion left into the characters that they are.
fn plain(word: Word) -> Word {
    if !word.pieces.iter().any(|p| matches!(p, Piece::Mark(_))) {
        return word;
    }
    let mut pieces: Vec<Piece> = Vec::with_capacity(word.pieces.len());
    for piece in word.pieces {
        let (new, quoted) = match piece {
            Piece::Mark(c) => (c.to_string(), false),
            Piece::Text { text, quoted } => (text, quoted),
            other => {
                pieces.push(other);
                continue;
            }
        };
        match pieces.last_mut() {
            Some(Piece::Text { text, quoted: q }) if *q == quoted => text.push_str(&new),
            _ => pieces.push(Piece::Text { text: new, quoted }),
        }
    }
    Word { pieces }
}
