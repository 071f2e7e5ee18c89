//! Options that mean the same to any program, and names that are set.

use std::ops::Range;

use super::bytes::{is_mixed, is_reference};
use super::keys::{is_likely_secret, is_secret_name};
use super::mark::{is_login, mark};
use super::program_table::{Colon, Secret, User, Value};
use super::spans::Kind;

/// Rules for any program. Returns whether the next word was a value.
pub(super) fn scan(
    words: &[&str],
    at: usize,
    next: Option<&str>,
    found: &mut Vec<(usize, Range<usize>, Kind)>,
) -> bool {
    let word = words[at];
    if matches!(word.as_bytes(), [b'-', b'-', b'c' | b'd' | b's' | b'u', ..])
        && let Some(taken) = long(words, at, next, found)
    {
        return taken;
    }
    if let Some(value) = word.strip_prefix("-p").filter(|value| value.len() >= 6 && is_mixed(value)) {
        if value.bytes().all(|b| b.is_ascii_alphanumeric() || b"!@#%^&*_+".contains(&b))
            && value.starts_with(|c: char| c.is_alphabetic() || c.is_ascii_digit())
        {
            mark(at, word, 2, Secret, found);
        }
        return false;
    }
    if let Some(value) = word.strip_prefix("-u").filter(|value| value.contains(':')) {
        let pair = value.trim_start();
        let offset = word.len() - pair.len();
        if is_login(pair) {
            mark(at, word, offset, Colon, found);
        }
        return false;
    }
    let Some(next) = next else { return false };
    if word == "-u" && is_login(next) {
        mark(at + 1, next, 0, Colon, found);
        return true;
    }
    if word == "--value" && words.iter().any(|word| matches!(*word, "secret" | "put-parameter")) {
        mark(at + 1, next, 0, Secret, found);
        return true;
    }
    // `--token VALUE`, `config set some.token VALUE`, `set -x TOKEN VALUE`
    let sets = |at: Option<usize>| at.is_some_and(|at| is_setter(words[at]));
    let flagged = || at.checked_sub(1).is_some_and(|before| words[before].starts_with('-'));
    let option = (word.starts_with('-') || is_slash_option(word)) && word.len() > 2;
    if !(option || sets(at.checked_sub(1)) || flagged() && sets(at.checked_sub(2))) {
        return false;
    }
    let name = word.trim_start_matches(['-', '/', ':']);
    // `add password field` and `set token expiry` are said of a change.
    let lower = |text: &str| text.trim_end_matches(['"', '\'', '.', ',', ')']).bytes().all(|b| b.is_ascii_lowercase());
    let said = |setter: &str| setter.eq_ignore_ascii_case("add") || (setter.eq_ignore_ascii_case("set") && at == 1);
    if !option && at.checked_sub(1).is_some_and(|before| said(words[before])) && lower(name) && lower(next) {
        return false;
    }
    // `docker build --secret id=x,src=y` names a file, and `GET /token HTTP/1.1` a page.
    let announces = !next.starts_with(['-', '<', '>'])
        && !next.starts_with("id=")
        && !next.starts_with("HTTP/")
        && !word.bytes().any(|b| matches!(b, b'=' | b' '))
        && (is_secret_name(name) || is_likely_secret(name, next))
        && !is_reference(next);
    if announces {
        mark(at + 1, next, 0, Secret, found);
    }
    announces
}

fn is_setter(word: &str) -> bool {
    // No setter is shorter or longer, which most words are.
    (3..=9).contains(&word.len()) && SETTERS.iter().any(|set| set.eq_ignore_ascii_case(word))
}

/// Options that mean the same to every program that has them, and what they hold.
const LONG: [(&str, Value); 6] = [
    ("--creds", Colon),
    ("--src-creds", Colon),
    ("--dest-creds", Colon),
    ("--username", User),
    ("--user-name", User),
    // Without a `=` it is a switch to many: `pip install --user`.
    ("--user=", User),
];

/// Marks what such an option holds. Nothing when it is none, else whether the next word was its value.
fn long(words: &[&str], at: usize, next: Option<&str>, found: &mut Vec<(usize, Range<usize>, Kind)>) -> Option<bool> {
    let word = words[at];
    let (option, value) = LONG.iter().find(|(option, _)| word.starts_with(option))?;
    let rest = &word[option.len()..];
    let glued = option.ends_with('=') || rest.starts_with('=');
    if glued {
        mark(at, word, word.len() - rest.trim_start_matches('=').len(), *value, found);
        return Some(false);
    }
    let next = next.filter(|_| rest.is_empty())?;
    mark(at + 1, next, 0, *value, found);
    Some(true)
}

/// Words behind which a name and then its value stand.
const SETTERS: [&str; 13] = [
    "set",
    "config",
    "add",
    "put",
    "--add",
    "--global",
    "--local",
    "configure",
    "setx",
    "setenv",
    "#define",
    "env",
    "--arg",
];

/// Whether a word is an option in the form of Windows: `/password`.
fn is_slash_option(word: &str) -> bool {
    word.strip_prefix('/').is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphabetic()))
}
