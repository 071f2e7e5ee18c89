//! The part of a word that is private, by what the word holds.

use std::ops::Range;

use super::bytes::is_reference;
use super::identity::is_generic_user;
use super::program_table::{
    Acl, Assigned, Certificate, Colon, Comma, Cookie, Destination, Login, Owner, Pass, Percent, Plain, Secret, Slash,
    User, Value,
};
use super::spans::{Kind, is_placeholder};

/// Marks the part of `word` from `from` on that `value` says is private.
pub(super) fn mark(at: usize, word: &str, from: usize, value: Value, found: &mut Vec<(usize, Range<usize>, Kind)>) {
    let text = &word[from..];
    let mut add = |range: Range<usize>, kind: Kind| {
        let part = &text[range.clone()];
        let person = part.starts_with(|c: char| c.is_alphanumeric() || c == '_') && !is_generic_user(part);
        let hide = !is_placeholder(part) && !is_reference(part) && (kind == Kind::Secret || person);
        if hide && !range.is_empty() {
            found.push((at, from + range.start..from + range.end, kind));
        }
    };
    let split = |mark: char| text.find(mark).map(|i| (0..i, i + 1..text.len()));
    match value {
        Secret => add(0..text.len(), Kind::Secret),
        User => {
            // `CORP\bob`
            let start = text.rfind('\\').map_or(0, |at| at + 1);
            add(start..text[start..].find([':', '@']).map_or(text.len(), |at| start + at), Kind::User);
        }
        Plain => {}
        Login => {
            let login = text.rsplit_once('@').map_or(text, |(login, _)| login);
            if let Some((user, _)) = login.split_once(':').filter(|_| is_login(login)) {
                add(0..user.len(), Kind::User);
                add(user.len() + 1..login.len(), Kind::Secret);
            }
        }
        Cookie => {
            // Without a `=` it names a file.
            if text.contains('=') {
                add(0..text.len(), Kind::Secret);
            }
        }
        Assigned => {
            if let Some((_, value)) = split('=').filter(|(_, value)| !text[value.clone()].starts_with(['@', '-'])) {
                add(value, Kind::Secret);
            }
        }
        Certificate => {
            if let Some((_, password)) = split(':').filter(|(file, _)| file.len() > 1) {
                add(password, Kind::Secret);
            }
        }
        Acl => {
            let mut from = 0;
            for entry in text.split(',') {
                let start = entry
                    .strip_prefix("user:")
                    .or_else(|| entry.strip_prefix("u:"))
                    .map(|rest| from + entry.len() - rest.len());
                if let Some(start) = start {
                    add(start..text[start..].find([':', ',']).map_or(text.len(), |at| start + at), Kind::User);
                }
                from += entry.len() + 1;
            }
        }
        Colon | Percent | Comma => {
            let mark = match value {
                Percent => '%',
                Comma => ',',
                _ => ':',
            };
            if let Some((user, password)) = split(mark) {
                // A certificate or a pair of paths is no login.
                if !text[user.clone()].contains(['/', '=']) {
                    let domain = text[user.clone()].rfind('\\').map_or(0, |at| at + 1);
                    add(user.start + domain..user.end, Kind::User);
                    add(password, Kind::Secret);
                }
            } else {
                add(0..text.len(), Kind::User);
            }
        }
        Pass => {
            if let Some(rest) = text.strip_prefix("pass:") {
                add(text.len() - rest.len()..text.len(), Kind::Secret);
            }
        }
        Slash => {
            if let Some((user, rest)) = split('/') {
                let end = text[rest.start..].find('@').map_or(text.len(), |i| rest.start + i);
                add(user, Kind::User);
                add(rest.start..end, Kind::Secret);
            }
        }
        Owner => {
            let end = text.find([':', '.']).unwrap_or(text.len());
            if !text.contains(['/', '\\']) {
                add(0..end, Kind::User);
                if end < text.len() && text[end + 1..] == text[..end] {
                    add(end + 1..text.len(), Kind::User);
                }
            }
        }
        Destination => {
            let from = ["User=", "ProxyJump="].iter().find(|name| text.starts_with(*name)).map_or(0, |name| name.len());
            if text.starts_with("User=") {
                add(from..text.len(), Kind::User);
            } else if let Some((user, _)) = split('@')
                .map(|(user, host)| (from..user.end, host))
                .filter(|(user, _)| !text[user.clone()].contains(['/', ':', '=']))
            {
                add(user, Kind::User);
            }
        }
    }
}

/// Whether `user:password` looks like a login and not like `1000:1000` or `www-data:www-data`.
pub(super) fn is_login(pair: &str) -> bool {
    pair.split_once(':').is_some_and(|(user, password)| {
        !user.is_empty()
            && user != password
            && password.len() >= 3
            && !password.bytes().all(|b| b.is_ascii_digit())
            && !password.contains('/')
            && !is_generic_user(password)
    })
}
