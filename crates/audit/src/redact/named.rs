//! Files that are named after a home or a user: `-home-bob-src`, `%home%bob%x`, `/var/mail/bob`.

use std::ops::Range;

use super::bytes::is_break;
use super::identity::is_generic_user;
use super::paths::is_person;
use super::spans::{Kind, Spans};

/// Directories of system services whose files are named after users.
pub(super) const SPOOLS: [&str; 11] = [
    "/var/mail/",
    "/spool/mail/",
    "/spool/cron/",
    "/cron/crontabs/",
    "/cron/tabs/",
    "/systemd/linger/",
    "/accountsservice/users/",
    "/sudo/ts/",
    "/sudo/lectured/",
    "/var/db/sudo/",
    "/run/faillock/",
];
/// The first component of a path whose separators an editor has replaced.
pub(super) const MARKED: [&str; 4] = ["%home%", "%users%", "!home!", "!users!"];

/// `-home-bob-src` and `C--Users-bob-src`: a path made into one folder name. `hit` covers `-home-` or `-users-`.
pub(super) fn scan_encoded(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let start =
        bytes[..hit.start].iter().rposition(|b| !(b.is_ascii_alphanumeric() || *b == b'-')).map_or(0, |at| at + 1);
    let in_path = start > 0 && matches!(bytes[start - 1], b'/' | b'\\');
    let root = text[start..hit.start].to_ascii_lowercase();
    let root: Vec<&str> = root.split('-').filter(|part| !part.is_empty()).collect();
    let drive = matches!(root[..], [drive] if drive.len() == 1 && text[start..].starts_with(|c: char| c != '-'));
    let known = root.is_empty()
        || drive
        || matches!(
            root[..],
            ["var" | "private" | "export" | "usr"] | ["private", "var"] | ["system", "volumes", "data"]
        )
        || matches!(root[..], ["mnt" | "cygdrive", drive] if drive.len() == 1);
    if !known || (start > 0 && !in_path && !is_break(bytes[start - 1])) {
        return;
    }
    let end = bytes[hit.end..]
        .iter()
        .position(|b| matches!(b, b'-' | b'/' | b'\\') || is_break(*b))
        .map_or(bytes.len(), |n| hit.end + n);
    let goes_on = bytes.get(end) == Some(&b'-');
    // `-home-dir` is an option.
    let spelled = text[hit.clone()].starts_with("-U");
    if (goes_on || in_path || drive || spelled) && is_person(&text[hit.end..end]) {
        spans.push(hit.end..end, Kind::User);
    }
}

/// `%home%bob%x` and `!home!bob!x`: what editors make of a path for a file beside it. `hit` covers the first component.
pub(super) fn scan_marked(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let mark = bytes[hit.start];
    let length =
        bytes[hit.end..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')).count();
    let name = hit.end..hit.end + length;
    let lower = !text[hit.clone()].bytes().any(|b| b.is_ascii_uppercase()) || text[hit].starts_with("%U");
    if bytes.get(name.end) == Some(&mark) && lower && is_person(&text[name.clone()]) {
        spans.push(name, Kind::User);
    }
}

/// A file that is named after a user, in a directory of a system service that ends at `end`: `/var/mail/bob`.
pub(super) fn scan_spool(text: &str, end: usize, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let stop = bytes[end..]
        .iter()
        .position(|b| matches!(b, b'/' | b':' | b'*' | b'$') || is_break(*b))
        .map_or(bytes.len(), |n| end + n);
    let name = &text[end..stop];
    if is_person(name) && !is_generic_user(name) && !matches!(name, "crontabs" | "tabs" | "atjobs" | "new" | "cur") {
        spans.push(end..stop, Kind::User);
    }
}
