//! Secrets that a name announces: `token=…`, `"apiKey": "…"`, `Authorization: …`, `--password …`.

use std::ops::Range;

use super::bytes::{is_break, is_mixed, is_reference};
use super::spans::{Kind, SECRET, Spans, is_placeholder};
use super::values::{Assigned, By, assigned, header_value, is_scheme, line_end, plain_value};

/// Last parts that are secrets, alone or with something in front (`dbpassword`).
const SECRET_ENDS: [&str; 23] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "secret",
    "secrets",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "accountkey",
    "signingkey",
    "encryptionkey",
    "credential",
    "credentials",
    "pwd",
    "storepass",
    "keypass",
    "sshpass",
    "requirepass",
];
/// Last parts that are secrets only when they stand alone.
const SECRET_WORDS: [&str; 12] =
    ["pass", "pw", "jwt", "bearer", "otp", "cookie", "authorization", "pat", "sid", "sessionid", "pswd", "auth"];
/// What makes a `key` a secret.
const KEY_KINDS: [&str; 21] = [
    "api",
    "access",
    "secret",
    "private",
    "auth",
    "encryption",
    "signing",
    "master",
    "account",
    "shared",
    "subscription",
    "storage",
    "service",
    "app",
    "admin",
    "license",
    "deploy",
    "function",
    "write",
    "instrumentation",
    "ingestion",
];

const KEYS: [&str; 2] = ["key", "keys"];
const SIGNATURES: [&str; 2] = ["sig", "signature"];
/// What makes a secret before it a secret still: `token_value`.
const VALUES: [&str; 6] = ["value", "hash", "data", "string", "text", "base"];

/// What such a name starts with when it asks about a secret, or for one: `--ask-pass`, `noPassword`.
const ASKING: [&str; 11] =
    ["ask", "no", "prompt", "require", "requires", "show", "hide", "skip", "disable", "enable", "has"];
/// What makes a key in capitals a public one: `PRIMARY_KEY`.
const PLAIN_KEYS: [&str; 10] =
    ["public", "primary", "foreign", "sort", "partition", "cache", "hash", "index", "host", "map"];

/// For the last letter of a name, one bit for each letter before it with which the name may announce a secret.
const ENDINGS: [u32; 26] = {
    let mut endings = [0; 26];
    let lists: [&[&str]; 5] = [&SECRET_ENDS, &SECRET_WORDS, &KEYS, &SIGNATURES, &VALUES];
    let mut list = 0;
    while list < lists.len() {
        let mut word = 0;
        while word < lists[list].len() {
            let bytes = lists[list][word].as_bytes();
            let (last, before) = (bytes[bytes.len() - 1], bytes[bytes.len() - 2]);
            endings[(last - b'a') as usize] |= 1 << (before - b'a');
            word += 1;
        }
        list += 1;
    }
    endings
};

/// Whether the last two letters of a name are those of one that announces a secret; most names go no further.
fn may_announce(name: &str) -> bool {
    let bytes = name.as_bytes();
    let Some(at) = bytes.iter().rposition(|b| b.is_ascii_alphabetic() || !b.is_ascii()) else {
        return false;
    };
    match (bytes[at].to_ascii_lowercase(), at.checked_sub(1).map(|at| bytes[at].to_ascii_lowercase())) {
        (last @ b'a'..=b'z', Some(before @ b'a'..=b'z')) => {
            ENDINGS[usize::from(last - b'a')] >> (before - b'a') & 1 == 1
        }
        // Other alphabets are left to the full look.
        (last, before) => !last.is_ascii() || before.is_some_and(|before| !before.is_ascii()),
    }
}

/// Whether a name such as `dbPassword`, `AWS_SECRET_ACCESS_KEY` or `telegram.token` announces a secret.
///
/// The last part decides: `password_file` and `TOKEN_URL` are about a secret and hold none.
pub(super) fn is_secret_name(name: &str) -> bool {
    // A mark says `SECRET` of what it hides, not of what comes next.
    if memchr::memchr(b'[', name.as_bytes()).is_some() && name.contains(SECRET) {
        return false;
    }
    // `TF_TOKEN_app_terraform_io`
    if name.starts_with("TF_TOKEN_") {
        return true;
    }
    if !may_announce(name) {
        return false;
    }
    // Numbers behind the last part count for nothing: `STRIPE_API_KEY_2`.
    let (mut before, mut last, mut number) = ("", "", None);
    for part in Parts::of(name) {
        if part.bytes().all(|b| b.is_ascii_digit()) {
            number = Some(part);
        } else {
            before = number.take().unwrap_or(last);
            last = part;
        }
    }
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    if Parts::of(name).next().is_some_and(|first| first.len() < last.len() + before.len() && is_one_of(first, &ASKING))
    {
        return false;
    }
    if is_one_of(last, &["nopasswd", "nopassword"]) || is_one_of(before, &["existing"]) {
        return false;
    }
    if ends_with(last, &SECRET_ENDS) || is_one_of(last, &SECRET_WORDS) {
        return true;
    }
    if is_one_of(last, &KEYS) {
        return ends_with(before, &KEY_KINDS);
    }
    is_one_of(last, &SIGNATURES)
        || (is_one_of(last, &VALUES) && Parts::of(name).any(|part| is_one_of(part, &SECRET_ENDS)))
}

/// Whether `value` is a secret under a name that often, not always, announces one: `BW_SESSION`, `MAILGUN_KEY`, `dbpass`.
pub(super) fn is_likely_secret(name: &str, value: &str) -> bool {
    let may_end = matches!(name.as_bytes().last().map(u8::to_ascii_lowercase), Some(b'n' | b'k' | b'd' | b's' | b'y'));
    let random = may_end && value.len() >= 8 && is_mixed(value) && !value.contains(['/', '\\', '.', ' ']);
    if !random {
        return false;
    }
    let mut parts = Parts::of(name).fold(("", ""), |(_, last), part| (last, part));
    if is_one_of(parts.1, &["id"]) && ends_with(parts.0, &["session", "sess"]) {
        parts = ("", "session");
    }
    let (before, last) = parts;
    let capitals = !before.is_empty() && !name.bytes().any(|b| b.is_ascii_lowercase());
    is_one_of(last, &["session", "psk", "phpsessid", "jsessionid", "sessid"])
        || (ends_with(last, &["pass"]) && !ends_with(last, &["bypass", "compass"]))
        || (capitals && is_one_of(last, &KEYS) && !is_one_of(before, &PLAIN_KEYS))
}

/// Whether `word` ends with one of the lower-case `ends`, in any case.
fn ends_with(word: &str, ends: &[&str]) -> bool {
    find_end(word, ends, false)
}

/// Whether `word` is one of the lower-case `words`, in any case.
fn is_one_of(word: &str, words: &[&str]) -> bool {
    find_end(word, words, true)
}

/// Whether `word` ends with one of `ends`, with nothing in front where it is to be `whole`.
fn find_end(word: &str, ends: &[&str], whole: bool) -> bool {
    let word = word.as_bytes();
    let Some(last) = word.last().map(u8::to_ascii_lowercase) else { return false };
    // Nearly all differ in their last letter.
    ends.iter().map(|end| end.as_bytes()).filter(|end| end.last() == Some(&last)).any(|end| {
        let before = word.len().checked_sub(end.len()).filter(|before| !whole || *before == 0);
        before.is_some_and(|before| word[before..].eq_ignore_ascii_case(end))
    })
}

/// The parts of a name in snake, kebab, dotted or camel case.
struct Parts<'a> {
    left: &'a str,
    /// Whether each byte of it is a letter by itself.
    ascii: bool,
}

impl<'a> Parts<'a> {
    fn of(name: &'a str) -> Self {
        Self { left: name, ascii: name.is_ascii() }
    }

    /// Where the first part of `name` ends, which starts with it.
    fn end(name: &str) -> Option<usize> {
        let mut previous = name.chars().next()?;
        let mut chars = name.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            let next_is_lower = chars.peek().is_some_and(|(_, next)| next.is_lowercase());
            let humps = c.is_uppercase() && (previous.is_lowercase() || (previous.is_uppercase() && next_is_lower));
            if humps || !c.is_alphanumeric() {
                return Some(at);
            }
            previous = c;
        }
        Some(name.len())
    }

    /// The same for ASCII, in which most names are.
    fn ascii_end(name: &[u8]) -> Option<usize> {
        let mut previous = *name.first()?;
        for (at, &byte) in name.iter().enumerate().skip(1) {
            let next_is_lower = || name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            let humps = byte.is_ascii_uppercase()
                && (previous.is_ascii_lowercase() || (previous.is_ascii_uppercase() && next_is_lower()));
            if humps || !byte.is_ascii_alphanumeric() {
                return Some(at);
            }
            previous = byte;
        }
        Some(name.len())
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = if self.ascii {
            let bytes = self.left.as_bytes();
            let start = bytes.iter().position(u8::is_ascii_alphanumeric).unwrap_or(bytes.len());
            self.left = &self.left[start..];
            Self::ascii_end(self.left.as_bytes())
        } else {
            self.left = self.left.trim_start_matches(|c: char| !c.is_alphanumeric());
            Self::end(self.left)
        };
        let (part, rest) = self.left.split_at(end?);
        self.left = rest;
        Some(part)
    }
}

/// Looks at a hint word at `hit`: marks the value when the name around it announces a secret. Returns where the name ends.
pub(super) fn scan(text: &str, hit: Range<usize>, spans: &mut Spans) -> usize {
    let bytes = text.as_bytes();
    let in_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let start = bytes[..hit.start].iter().rposition(|b| !(in_name(*b) || *b == b'.')).map_or(0, |i| i + 1);
    let end = bytes[hit.end..].iter().position(|b| !in_name(*b)).map_or(bytes.len(), |n| hit.end + n);
    let name = &text[start..end];
    if name.len() > 80 || text[..start].ends_with("//") || in_arn(&bytes[..start]) {
        return end;
    }
    let Some(Assigned { by, at: value_at }) = assigned(text, start, end) else {
        return end;
    };
    let query = start > 0 && matches!(bytes[start - 1], b'?' | b'&' | b';');
    // `-Dpassword=…` defines a property.
    let sure = is_secret_name(name.strip_prefix("-D").unwrap_or(name))
        || (query && by == By::Equals && is_one_of(name, &["key", "code", "sig", "x-amz-credential"]));
    let scheme = text[value_at..].split(' ').next().filter(|_| is_one_of(name, &["auth"])).is_some_and(is_scheme);
    let range = if scheme || ends_with(name, &["authorization"]) {
        header_value(text, start, value_at)
    } else if ends_with(name, &["cookie"]) && by == By::Colon {
        value_at..line_end(text, start, value_at)
    } else {
        plain_value(text, value_at, start)
    };
    let value = &text[range.clone()];
    let announced =
        if sure { by != By::Call || is_mixed(value) && value.len() >= 6 } else { is_likely_secret(name, value) };
    let directory = is_one_of(name.trim_start_matches('-'), &["pwd", "oldpwd"])
        && (value.starts_with(['/', '~', '\\', '.']) || value.get(1..2) == Some(":"));
    let after = text[range.end..].strip_prefix(' ').unwrap_or_default();
    let announced =
        announced && !(by == By::Colon && begins_sentence(name, value, after)) && !is_code(name, value, text, &range);
    if announced && !is_reference(value) && !is_placeholder(&text[range.start..]) && !directory {
        spans.push(range, Kind::Secret);
    }
    end
}

/// Whether `value` is what code or a schema has there rather than a secret: `config.get("…")`, `args.password`, `{`, `?`, the
/// status in `?code=200`, the file in `CREDENTIALS=/x.json`, and the keys in `--secret id=…`.
fn is_code(name: &str, value: &str, text: &str, range: &Range<usize>) -> bool {
    let dotted = |code: &str| code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    let called = value.strip_suffix('(').is_some_and(dotted) && text[range.end..].starts_with(['"', '\'', ')']);
    let status = is_one_of(name, &["code"]) && value.len() < 4;
    let file = ends_with(name, &["credentials"]) && value.starts_with(['/', '~']);
    called || is_field(name, value) || status || file || matches!(value, "{" | "[" | "?") || value.starts_with("id=")
}

/// Whether `value` is the field of that name of something, or what such a field is set to: `args.password`,
/// `self.token = token`.
pub(super) fn is_field(name: &str, value: &str) -> bool {
    let code = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    code && (value.contains('.') || name.contains('.')) && last(value) == last(name)
}

/// Whether `value` is the first word of a sentence behind a name that stands for its subject: `auth: rotate keys`.
pub(super) fn begins_sentence(name: &str, value: &str, after: &str) -> bool {
    is_one_of(name, &["auth", "token", "jwt", "otp"])
        && value.bytes().all(|b| b.is_ascii_lowercase())
        && after.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Whether an account's number ends here, behind which `secret:` and a name stand: `arn:aws:secretsmanager:…:123456789012:`.
fn in_arn(before: &[u8]) -> bool {
    matches!(before, [.., b':'])
        && before.len() > 13
        && before[before.len() - 13..before.len() - 1].iter().all(u8::is_ascii_digit)
}

/// `Bearer abc.def` without a header name. `hit` covers the word `bearer`.
pub(super) fn scan_bearer(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    if (hit.start > 0 && !is_break(bytes[hit.start - 1])) || !matches!(bytes.get(hit.end), Some(b' ')) {
        return;
    }
    let from = hit.end + 1;
    let end = bytes[from..].iter().position(|b| is_break(*b) && *b != b'=').map_or(bytes.len(), |n| from + n);
    let token = &text[from..end];
    if token.len() >= 8
        && !is_reference(token)
        && !is_placeholder(token)
        && token.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_'))
    {
        spans.push(from..end, Kind::Secret);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_same_by_either_way() {
        let letters = ['a', 'B', 'C', '1', '_'];
        let names = (0..5_usize.pow(6)).map(|n| (0..6).map(|at| letters[n / 5_usize.pow(at) % 5]).collect::<String>());
        for name in names {
            let parts = |ascii| Parts { left: &name, ascii }.collect::<Vec<_>>();
            assert_eq!(parts(true), parts(false));
        }
    }

    #[test]
    fn names_that_announce_a_secret() {
        for name in [
            "password",
            "dbPassword",
            "PGPASSWORD",
            "mysql_pwd",
            "telegram.token",
            "AWS_SECRET_ACCESS_KEY",
            "apiKey",
            "x-api-key",
            "_authToken",
            "clientSecret",
            "SSHPASS",
            "AccountKey",
            "password1",
            "STRIPE_API_KEY_2",
            "GITHUB_PAT",
            "accessToken",
            "keystorepass",
            "token_value",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn names_that_do_not() {
        for name in [
            "tokenizer",
            "password_field",
            "PASSWORD_FILE",
            "secretName",
            "monkey",
            "key",
            "keyboard",
            "max_tokens",
            "public_key",
            "primary_key",
            "token-type",
            "compass",
            "author",
            "passed",
            "AWS_ACCESS_KEY_ID",
            "passwordPolicy",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
