//! A string that holds command lines: its words, and what the programs in it make of them.

use std::ops::Range;

use super::programs;
use super::spans::Spans;

/// More words than this are not looked at as a command line.
const MOST_WORDS: usize = 4096;

/// Splits `text` into words and marks what they hide.
pub(super) fn scan(text: &str, spans: &mut Spans) {
    let ranges = split(text);
    let words: Vec<&str> = ranges.iter().map(|range| &text[range.clone()]).collect();
    let mut found = Vec::new();
    programs::scan(&words, &mut found);
    for (at, range, kind) in found {
        spans.push(ranges[at].start + range.start..ranges[at].start + range.end, kind);
    }
}

/// The words of a shell-like line. A quoted word loses its outer quotes; operators are words of their own.
fn split(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() && words.len() < MOST_WORDS {
        match bytes[at] {
            b if b.is_ascii_whitespace() => {
                if b == b'\n' {
                    words.push(at..at);
                }
                at += 1;
            }
            b';' | b'(' | b')' => {
                words.push(at..at + 1);
                at += 1;
            }
            b'|' | b'&' => {
                let length = bytes[at..].iter().take_while(|b| matches!(b, b'|' | b'&')).count().min(2);
                words.push(at..at + length);
                at += length;
            }
            _ => {
                let (word, next) = word(bytes, at);
                words.push(word);
                at = next;
            }
        }
    }
    words
}

/// The word at `at` without the quotes around it, and where it ends.
fn word(bytes: &[u8], start: usize) -> (Range<usize>, usize) {
    let mut at = start;
    let mut quote = None;
    while at < bytes.len() {
        let b = bytes[at];
        match quote {
            Some(q) if b == q => quote = None,
            Some(_) => {}
            None if matches!(b, b'"' | b'\'') => quote = Some(b),
            None if b.is_ascii_whitespace()
                || matches!(b, b';' | b'|' | b'(' | b')')
                || (b == b'&'
                    && at > start
                    && bytes.get(at + 1).is_none_or(|n| n.is_ascii_whitespace() || *n == b'&')) =>
            {
                break;
            }
            None => {}
        }
        at += 1;
    }
    let outer = matches!(bytes[start], b'"' | b'\'') && at > start + 1 && bytes[at - 1] == bytes[start];
    if outer { (start + 1..at - 1, at) } else { (start..at, at) }
}
