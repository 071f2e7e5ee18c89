//! Names of people and machines outside of paths: known ones as words, others where the text says whose they are.

use std::ops::Range;

use super::bytes::{ends_word, is_break, starts_word};
use super::identity::is_generic_user;
use super::spans::{Kind, Spans, is_in_mark};

/// A known user or host name that was found at `hit`, as a whole word in any case.
pub(super) fn scan_known(text: &str, hit: Range<usize>, kind: Kind, spans: &mut Spans) {
    let short_name = text[hit.clone()].ends_with('~');
    if starts_word(text, hit.start) && (short_name || ends_word(text, hit.end)) && !is_in_mark(text, &hit) {
        let digits = if short_name { text[hit.end..].bytes().take_while(u8::is_ascii_digit).count() } else { 0 };
        spans.push(hit.start..hit.end + digits, kind);
    }
}

/// A known home at `hit`: its last component is hidden.
pub(super) fn scan_home(text: &str, hit: Range<usize>, spans: &mut Spans) {
    if ends_word(text, hit.end) {
        let last = text[hit.clone()].rfind(['/', '\\']).map_or(hit.start, |at| hit.start + at + 1);
        spans.push(last..hit.end, Kind::User);
    }
}

/// Endings that are no top-level domain where an `@` stands in commands: file names and service units.
const NOT_DOMAINS: [&str; 30] = [
    "service", "socket", "timer", "mount", "target", "slice", "scope", "path", "png", "jpg", "jpeg", "gif", "svg",
    "webp", "js", "ts", "mjs", "cjs", "tsx", "jsx", "json", "css", "html", "md", "rs", "py", "go", "lock", "tgz",
    "xml",
];

/// The local part of a mail address around the `@` at `at`.
pub(super) fn scan_mail(text: &str, at: usize, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let start = text[..at]
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-'))
        .last()
        .map_or(at, |(i, _)| i);
    // `%3A` before the name is an encoded separator, `-` an option.
    let start = start + text[start..at].bytes().take_while(|b| matches!(b, b'-' | b'.')).count();
    let domain_end = bytes[at + 1..]
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')))
        .map_or(bytes.len(), |n| at + 1 + n);
    let domain = text[at + 1..domain_end].trim_end_matches(['.', '-']);
    // `bob@host:/x` is a place on another machine.
    let remote = matches!(bytes[domain_end..], [b':', b'/' | b'~', ..]) && !domain.is_empty();
    let mut labels = domain.split('.');
    let first = labels.next().unwrap_or_default();
    let last = labels.next_back().unwrap_or_default();
    // `$USER@host`
    let variable = text[..start].ends_with(['$', '{']);
    let version = first.trim_start_matches('v').bytes().all(|b| b.is_ascii_digit()) || first == "2x" || first == "3x";
    let ends = last.len() >= 2
        && last.bytes().all(|b| b.is_ascii_alphabetic())
        && !NOT_DOMAINS.contains(&last.to_ascii_lowercase().as_str());
    if start < at && !version && !variable && (ends || remote) && !is_generic_user(&text[start..at]) {
        spans.push(start..at, Kind::User);
    }
}

/// `uid=1000(bob)`: `hit` covers `uid=`, `gid=` or `groups=`, of which the first is most often the user's own.
pub(super) fn scan_id(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let digits = text[hit.end..].bytes().take_while(u8::is_ascii_digit).count();
    let open = hit.end + digits;
    if let Some(name) =
        text[open..].strip_prefix('(').and_then(|rest| rest.find(')').map(|end| open + 1..open + 1 + end))
        && digits > 0
        && !is_generic_user(&text[name.clone()])
    {
        spans.push(name, Kind::User);
    }
}

/// `USER=bob`: `hit` covers the name and the `=` of a variable that holds a user name.
pub(super) fn scan_user_variable(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let name = &text[hit.clone()];
    let starts = hit.start == 0 || is_break(bytes[hit.start - 1]) || text[..hit.start].ends_with("SUDO_");
    if !starts || name.bytes().any(|b| b.is_ascii_lowercase()) {
        return;
    }
    let quote = bytes.get(hit.end).copied().filter(|b| matches!(b, b'"' | b'\''));
    let from = hit.end + usize::from(quote.is_some());
    let end =
        bytes[from..].iter().position(|b| quote.map_or(is_break(*b), |q| *b == q)).map_or(bytes.len(), |n| from + n);
    let value = &text[from..end];
    if !is_generic_user(value) && !super::bytes::is_reference(value) {
        spans.push(from..end, Kind::User);
    }
}
