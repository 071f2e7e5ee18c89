//! A string that holds command lines: its words, and what the programs in it make of them.

use std::ops::Range;

use super::bytes::is_break;
use super::program_table;
use super::programs;
use super::spans::Spans;

/// More words than this are not looked at as a command line.
const MOST_WORDS: usize = 4096;

/// How deep command lines in quotes are looked at: a shell that has a remote shell run a shell.
const MOST_NESTED: usize = 4;

/// Whether a program with rules stands in `text`, alone or as the last part of a path, or an option that may carry a
/// secret whatever the program. Without one, only a name that announces a secret makes its words worth a look.
pub(super) fn is_worth_a_look(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_worth = |word: &[u8], class: u8| {
        matches!(word, [b'-', b'p' | b'P' | b'u' | b'U', ..] | [b'-', b'-', b'u', b's', b'e', b'r', ..])
            || (class != SEPARATOR && program_table::has_rules(word))
    };
    let (mut start, mut starts) = (0, true);
    for (at, byte) in bytes.iter().enumerate() {
        let class = CLASS[usize::from(*byte)];
        if class == WORD {
            continue;
        }
        if starts && at > start && is_worth(&bytes[start..at], class) {
            return true;
        }
        (start, starts) = (at + 1, class != DOT);
    }
    starts && is_worth(&bytes[start..], BREAK)
}

const WORD: u8 = 0;
const BREAK: u8 = 1;
const SEPARATOR: u8 = 2;
/// Ends a name as in `mysql.exe`, and starts none.
const DOT: u8 = 3;

/// What each byte is to a word.
const CLASS: [u8; 256] = {
    let mut class = [WORD; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'/' | b'\\' => SEPARATOR,
            b'.' => DOT,
            b if is_break(b) => BREAK,
            _ => WORD,
        };
        byte += 1;
    }
    class
};

/// Splits `text` into words and marks what they hide, and what is hidden by the words of a word: `sh -c "mysql -p…"`.
pub(super) fn scan(text: &str, spans: &mut Spans) {
    scan_part(text, 0..text.len(), MOST_NESTED, spans);
}

fn scan_part(text: &str, part: Range<usize>, nested: usize, spans: &mut Spans) {
    let part = &text[part];
    let words = split(part);
    let mut found = Vec::new();
    programs::scan(&words, &mut found);
    let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    for (at, range, kind) in found {
        let start = start(words[at]);
        spans.push(start + range.start..start + range.end, kind);
    }
    // Only what was quoted has spaces in it.
    for word in words.into_iter().filter(|word| nested > 0 && word.len() < part.len() && word.contains(' ')) {
        let start = start(word);
        scan_part(text, start..start + word.len(), nested - 1, spans);
    }
}

/// The words of a shell-like line. A quoted word loses its outer quotes; operators are words of their own.
fn split(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut words = Vec::with_capacity(8);
    let mut at = 0;
    while at < bytes.len() && words.len() < MOST_WORDS {
        match bytes[at] {
            b if b.is_ascii_whitespace() => {
                if b == b'\n' {
                    words.push(&text[at..at]);
                }
                at += 1;
            }
            b';' | b'(' | b')' => {
                words.push(&text[at..at + 1]);
                at += 1;
            }
            b'|' | b'&' => {
                let length = bytes[at..].iter().take_while(|b| matches!(b, b'|' | b'&')).count().min(2);
                words.push(&text[at..at + length]);
                at += length;
            }
            _ => {
                let (word, next) = word(bytes, at);
                words.push(&text[word]);
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
