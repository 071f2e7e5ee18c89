//! Secrets whose name stands in another word: headers and private keys that were torn apart at their spaces, SQL.

use std::ops::Range;

use super::bytes::{is_mixed, is_reference};
use super::keys::{begins_sentence, is_field, is_likely_secret, is_secret_name};
use super::mark::mark;
use super::program_table::Secret;
use super::programs::is_separator;
use super::spans::Kind;
use super::values::{is_scheme, type_end};

/// Headers and private keys that were torn apart at their spaces.
pub(super) fn scan(words: &[&str], found: &mut Vec<(usize, Range<usize>, Kind)>) {
    let mut in_key = false;
    for (at, word) in words.iter().enumerate() {
        if in_key {
            found.push((at, 0..word.len(), Kind::Secret));
        }
        if in_key || has_five_dashes(word) {
            in_key = !word.contains("-----END") && (in_key || begins_private_key(&words[at..]));
        }
        if let Some(value) = value_in_words(words, at) {
            mark(value, words[value], 0, Secret, found);
        }
        if let Some(value) = assigned_in_words(words, at).or_else(|| after_scheme(words, at)) {
            mark(value, words[value], 0, Secret, found);
        }
        let Some(name) = word.strip_suffix(':').map(|name| name.trim_matches(QUOTES)) else { continue };
        let next = words.get(at + 1).map_or("", |next| next.trim_matches(QUOTES));
        let nothing = is_separator(next)
            || type_end(next, 0).is_some()
            || next.starts_with(['{', '['])
            || is_reference(next.trim_end_matches([',', ';', '}']))
            // What is searched for: `grep token: file`
            || words.first().is_some_and(|program| SEARCHES.contains(program));
        let sentence = begins_sentence(name, next, words.get(at + 2).unwrap_or(&""));
        if nothing || sentence || !(is_secret_name(name) || is_likely_secret(name, next)) {
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let value = at + 1 + usize::from(is_scheme(next) && (lower == "auth" || lower.ends_with("authorization")));
        if let Some(word) = words.get(value) {
            mark(value, word, 0, Secret, found);
        }
        // A quoted cookie goes on to its closing quote.
        let closing = word.chars().next().filter(|quote| QUOTES.contains(quote) && lower.ends_with("cookie"));
        let closes = |word: &&str| closing.is_some_and(|quote| word.ends_with(quote));
        if let Some(end) = words.iter().skip(value).position(closes) {
            for (at, word) in words.iter().enumerate().skip(value).take(end + 1) {
                mark(at, word, 0, Secret, found);
            }
        }
    }
}

const SEARCHES: [&str; 3] = ["grep", "egrep", "rg"];
const QUOTES: [char; 2] = ['"', '\''];

/// Whether the words start with the first line of a private key: `-----BEGIN`, `RSA`, `PRIVATE`, `KEY-----`.
fn begins_private_key(words: &[&str]) -> bool {
    let Some(label) = words[0].find("-----BEGIN").map(|at| &words[0][at + 10..]) else { return false };
    let mut parts = std::iter::once(label).chain(words[1..].iter().copied()).take(5);
    let mut whole = true;
    parts.by_ref().any(|part| {
        let ended = !whole;
        whole &= !part.contains("-----");
        !ended && part.contains("PRIVATE")
    }) || words.len() == 1 && label.is_empty()
}

/// The word that is assigned to a name at `at` with the sign in a word of its own: `password`, `=`, `x`.
fn assigned_in_words(words: &[&str], at: usize) -> Option<usize> {
    let signed =
        matches!(*words.get(at + 1)?, "=" | ":" | ":=" | "=>") && is_secret_name(words[at].trim_matches(QUOTES));
    let value = words.get(at + 2).filter(|_| signed)?;
    let field = is_field(words[at].trim_matches(QUOTES), value.trim_end_matches([';', ',']));
    (!is_reference(value) && !field && value.len() > 1).then_some(at + 2)
}

/// The word behind `Bearer`, alone or with the name of its header glued to it: `Authorization:'Bearer`.
fn after_scheme(words: &[&str], at: usize) -> Option<usize> {
    // Nearly all words are of another length.
    if words[at].len() != 6 && words[at].len() < 18 {
        return None;
    }
    let letters = words[at].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let (name, scheme) = words[at].split_at(words[at].len() - letters);
    let value = words.get(at + 1)?;
    let token = name.is_empty() && scheme.eq_ignore_ascii_case("bearer") && value.len() >= 8 && is_mixed(value);
    let header = !name.is_empty() && is_scheme(scheme) && name.to_ascii_lowercase().contains("authorization");
    (token || header).then_some(at + 1)
}

/// The word that holds a password where only the words in front of it say so: in SQL, in a `.netrc`, after `nmcli`.
fn value_in_words(words: &[&str], at: usize) -> Option<usize> {
    let is = |at: Option<usize>, any: &[&str]| {
        at.and_then(|at| words.get(at)).is_some_and(|word| any.iter().any(|other| other.eq_ignore_ascii_case(word)))
    };
    let before = |n: usize| at.checked_sub(n);
    let next = Some(at + 1).filter(|next| *next < words.len());
    if is(Some(at), &["by"])
        && (is(before(1), &["identified"]) || (is(before(2), &["with"]) && is(before(3), &["identified"])))
    {
        return next;
    }
    if !is(Some(at), &["password"]) {
        return None;
    }
    if is(next, &["("]) {
        return Some(at + 2).filter(|value| words.get(*value).is_some_and(|value| is_mixed(value)));
    }
    let announced = is(before(1), &["with", "encrypted"])
        || is(before(2), &["login", "connect", "user", "role"])
        // `login u` on the line before
        || (is(before(1), &[""]) && is(before(3), &["login"]))
        || words[..at].contains(&"mysqladmin");
    if is(next, &["for"]) {
        // `SET PASSWORD FOR u = 'x'`
        return Some(at + 2).filter(|value| words.get(*value).is_some_and(|word| word.contains('=')));
    }
    next.filter(|_| announced)
}

fn has_five_dashes(word: &str) -> bool {
    let mut run = 0;
    word.bytes().any(|byte| {
        run = if byte == b'-' { run + 1 } else { 0 };
        run == 5
    })
}
