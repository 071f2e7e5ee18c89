//! Credentials in URLs and connection strings.

use std::ops::Range;

use super::bytes::is_reference;
use super::identity::is_generic_user;
use super::spans::{Kind, Spans, is_placeholder};

/// The user and password of the URL whose `://` is at `hit`.
pub(super) fn scan(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let word_end = bytes[hit.end..]
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b';'))
        .map_or(bytes.len(), |n| hit.end + n);
    let authority_end = text[hit.end..word_end].find(['/', '?', '#']).map_or(word_end, |n| hit.end + n);
    let at = text[hit.end..authority_end]
        .rfind('@')
        .or_else(|| unescaped_password(&text[hit.end..word_end], authority_end - hit.end));
    let Some(at) = at.map(|n| hit.end + n) else {
        return;
    };
    let info = &text[hit.end..at];
    let (user, password) = match info.find(':') {
        Some(colon) => (hit.end..hit.end + colon, Some(hit.end + colon + 1..at)),
        None => (hit.end..at, None),
    };
    let name = &text[user.clone()];
    if is_token(name) {
        spans.push(user, Kind::Secret);
    } else if !name.is_empty() && !is_generic_user(name) && !is_reference(name) && !is_placeholder(name) {
        spans.push(user, Kind::User);
    }
    if let Some(password) = password {
        let value = &text[password.clone()];
        if !is_reference(value) && !is_placeholder(value) {
            spans.push(password, Kind::Secret);
        }
    }
}

/// `@` behind a password that holds an unescaped `/`, `?` or `#`; offsets are from the start of the authority.
fn unescaped_password(rest: &str, authority: usize) -> Option<usize> {
    let colon = rest[..authority].find(':')?;
    let port = rest[colon + 1..authority].bytes().all(|b| b.is_ascii_digit());
    if port { None } else { rest.rfind('@') }
}

/// Whether a user name without a password is a token.
fn is_token(name: &str) -> bool {
    name.len() >= 20 && super::bytes::is_mixed(name)
}

/// `user:password@tcp(host:3306)/db`: `hit` covers `@tcp(`.
pub(super) fn scan_dsn(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let start =
        text[..hit.start].rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=')).map_or(0, |i| i + 1);
    let start = (start..=hit.start).find(|i| text.is_char_boundary(*i)).unwrap_or(hit.start);
    if let Some(colon) = text[start..hit.start].find(':') {
        let password = start + colon + 1..hit.start;
        if !is_placeholder(&text[password.clone()]) && !is_reference(&text[password.clone()]) {
            spans.push(password, Kind::Secret);
        }
    }
}

/// `jdbc:oracle:thin:scott/tiger@host`: the user starts at `start`.
pub(super) fn scan_thin(text: &str, start: usize, spans: &mut Spans) {
    let word = text[start..].split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).next().unwrap_or_default();
    let Some((login, _)) = word.rsplit_once('@') else { return };
    if let Some((user, password)) = login.split_once('/')
        && !is_placeholder(password)
        && !is_reference(password)
    {
        let from = start + user.len() + 1;
        spans.push(from..from + password.len(), Kind::Secret);
    }
}
