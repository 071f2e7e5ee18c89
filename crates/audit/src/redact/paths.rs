//! Home directories of anyone, in every spelling that stands in commands and messages.

use std::ops::Range;

use super::bytes::{encoded_separator_after, is_break, separators_after, separators_before};
use super::spans::{Kind, Spans, is_placeholder};

/// A directory whose children are named after people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Base {
    /// `/home/NAME`, also below mount points, on shares and percent-encoded.
    Home,
    /// `/homes/NAME`, `\\server\homes\NAME`, `/volume1/homes/NAME`.
    Homes,
    /// `/Users/NAME`, `C:\Users\NAME`, and what WSL, Cygwin and Git Bash make of it.
    Users,
    /// `C:\Documents and Settings\NAME`.
    Documents,
    /// `/run/media/NAME`.
    Media,
}

/// Children of a base directory that name no person.
const SHARED: [&str; 9] = [
    "shared",
    "public",
    "default",
    "default user",
    "all users",
    "defaultuser0",
    "linuxbrew",
    "lost+found",
    "default.migrated",
];

/// Looks at a base directory name that was found at `hit` and marks the name below it.
pub(super) fn scan(text: &str, hit: Range<usize>, base: Base, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let before = separators_before(&bytes[..hit.start]);
    // `\\server\home$\bob`: a share that isn't shown.
    let end = hit.end + usize::from(bytes.get(hit.end) == Some(&b'$'));
    if before == 0 || separators_after(&bytes[end..]) == 0 {
        return;
    }
    let Some(root) = Root::before(text, hit.start - before, &text[hit.start - before..hit.start]) else {
        return;
    };
    if !root.holds(base, &text[hit.clone()]) || (end > hit.end && !root.share) {
        return;
    }
    let mut at = end;
    loop {
        at = skip_dots(bytes, at);
        let mut name = name_at(text, at, &root);
        // `/home/local/CORP/bob`: the home of somebody that a domain knows.
        if base == Base::Home && &text[name.clone()] == "local" {
            let domain = name_at(text, skip_dots(bytes, name.end), &root);
            let user = name_at(text, skip_dots(bytes, domain.end), &root);
            if domain.start > name.end && user.start > domain.end && !user.is_empty() {
                name = user;
            }
        }
        if !is_person(&text[name.clone()]) {
            return;
        }
        at = name.end;
        spans.push(name, Kind::User);
        // `/home/bob/../alice` comes back to the base directory.
        let up = at + separators_after(&bytes[at..]);
        if up == at || !bytes[up..].starts_with(b"..") || separators_after(&bytes[up + 2..]) == 0 {
            return;
        }
        at = up + 2;
    }
}

/// `~bob/x` at the start of a word.
pub(super) fn scan_tilde(text: &str, at: usize, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let starts = at == 0 || is_break(bytes[at - 1]) || bytes[at - 1] == b':';
    let end = bytes[at + 1..]
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')))
        .map_or(bytes.len(), |n| at + 1 + n);
    let name = &text[at + 1..end];
    let ends = end == bytes.len() || is_break(bytes[end]) || matches!(bytes[end], b'/' | b'\\' | b':');
    if starts
        && ends
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() >= 2
        && is_person(name)
        && name != "root"
    {
        spans.push(at + 1..end, Kind::User);
    }
}

/// How much of what stands before a base directory is looked at, in bytes. Without an end, each of many in one word would have
/// all in front of it read.
const LONGEST_PREFIX: usize = 256;

/// What stands before the base directory, and how names below it end.
struct Root<'a> {
    parts: Vec<&'a str>,
    /// The path starts at a root and not in some directory.
    rooted: bool,
    /// A drive, a share or a device path: Windows rules for letter case and spaces.
    windows: bool,
    share: bool,
    url: bool,
    /// The path is the whole string, or quoted: a space belongs to it.
    whole: bool,
}

impl<'a> Root<'a> {
    /// Reads backwards from `end`, where the separator before the base directory starts.
    fn before(text: &'a str, end: usize, separator: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut start = end;
        let mut url = false;
        let mut first = end.saturating_sub(LONGEST_PREFIX);
        while !text.is_char_boundary(first) {
            first += 1;
        }
        while start > first && !is_break(bytes[start - 1]) {
            if bytes[start - 1] == b':' {
                match Colon::at(text, start - 1) {
                    Colon::Drive => start -= 1,
                    Colon::File => {
                        url = true;
                        break;
                    }
                    Colon::Web => return None,
                    Colon::List => break,
                }
            } else {
                start -= 1;
            }
        }
        if let Some(volume) = volume_before(text, start) {
            start = volume;
        }
        let whole = start == 0 || matches!(bytes[start - 1], b'"' | b'\'');
        let prefix = &text[start..end];
        if prefix.starts_with("./") || prefix == "." {
            return None;
        }
        // `-I/home/bob`, `@/home/bob`: an option or a mark that the path is glued to.
        let glued = prefix.len() - prefix.trim_start_matches(['-', '@']).len();
        let letters = prefix[glued..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let prefix = if glued > 0 && matches!(prefix.as_bytes().get(glued + letters), None | Some(b'/' | b'\\')) {
            &prefix[glued + letters..]
        } else {
            prefix
        };
        let decoded_colon = prefix.contains('%') && prefix.to_ascii_lowercase().contains("%3a");
        let mut parts: Vec<&str> = Vec::new();
        // How far the path goes up from where it starts: `../home/x.ts` is a neighbour's, `../../home/bob` most often a home.
        let mut up = 0;
        let mut add = |part: &'a str| match part {
            "" | "." => {}
            ".." => up += usize::from(parts.pop().is_none()),
            _ => parts.push(part),
        };
        for part in prefix.split(['/', '\\']) {
            if part.contains('%') {
                split_encoded(part).into_iter().for_each(&mut add);
            } else {
                add(part);
            }
        }
        let rooted = prefix.starts_with(['/', '\\', '%']) || url;
        if up == 1 && !rooted {
            return None;
        }
        let drive = parts.iter().any(|part| is_drive(part)) || decoded_colon;
        let encoded = prefix.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("%5c%5c"));
        let share = (prefix.starts_with("\\\\") || prefix.starts_with("//") || encoded) && !url;
        let windows = drive || share || separator.contains('\\');
        // What is longer is taken for rooted.
        let rooted = rooted || drive || parts.is_empty() || (start == first && first > 0);
        Some(Self { parts, rooted, windows, share, url, whole })
    }

    fn holds(&self, base: Base, spelled: &str) -> bool {
        let parts: Vec<String> = self.parts.iter().map(|part| part.to_ascii_lowercase()).collect();
        let parts: Vec<&str> =
            parts.iter().map(String::as_str).filter(|part| !is_drive(part) && !matches!(*part, "?" | "??")).collect();
        let wsl = matches!(parts[..], ["wsl$" | "wsl.localhost" | "wsl%24", _]);
        if (self.share && parts.len() <= 3) || wsl {
            return true;
        }
        // `file://host/home/bob`, `ssh://host/home/bob`: the first part may be a host.
        let parts = if self.url && !parts.is_empty() { &parts[parts.len().min(1)..] } else { &parts[..] };
        match base {
            Base::Documents => true,
            Base::Media => parts == ["run"],
            Base::Homes => {
                parts.is_empty()
                    || matches!(parts, [volume] if volume.starts_with("vol") || *volume == "export" || *volume == "mnt" || *volume == "nfs")
            }
            Base::Home => self.rooted && is_home_root(parts),
            Base::Users => match parts {
                // A lower-case `/users/x` is far more often a URL path than a home.
                [] => self.windows || self.url || spelled.starts_with('U'),
                [drive] if drive.len() == 1 => true,
                ["mnt" | "cygdrive" | "drives", drive] => drive.len() == 1,
                ["%systemdrive%" | "%homedrive%"] => true,
                ["mnt", "host" | "wsl", drive] => drive.len() == 1,
                ["volumes", _] | ["system", "volumes", "data"] | ["private"] | ["host"] | ["rootfs"] | ["host_mnt"] => {
                    true
                }
                ["run", "desktop", "mnt", "host", _] => true,
                ["proc", _, "root"] | ["proc", "cygdrive", _] | ["network", "servers", _] => true,
                ["device", volume] => self.windows && volume.starts_with("harddisk"),
                _ => false,
            },
        }
    }
}

/// Where the name of a macOS volume starts that holds the space in front of `at`: `/Volumes/Macintosh HD/Users`.
fn volume_before(text: &str, at: usize) -> Option<usize> {
    const VOLUMES: &str = "/Volumes/";
    // No name of a volume is longer. Without an end, each path of a long text would have all in front of it searched.
    const LONGEST_NAME: usize = 255;
    let before = text[..at].strip_suffix(' ')?;
    let mut from = before.len().saturating_sub(VOLUMES.len() + LONGEST_NAME);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let start = from + before[from..].rfind(VOLUMES)?;
    (!before[start + VOLUMES.len()..].contains(['/', '\n'])).then_some(start)
}

fn is_home_root(parts: &[&str]) -> bool {
    match parts {
        []
        | ["var" | "export" | "usr" | "private" | "host" | "rootfs" | "nfs" | "data" | "srv" | "exports" | "mnt"] => {
            true
        }
        ["run", "host"] | ["system", "volumes", "data"] | ["var", "lib" | "export" | "nfs"] => true,
        // Another system's root: a container's layer, a snapshot, a mounted image, a backup.
        [.., "merged" | "diff" | "rootfs" | "fs" | "snapshot" | "sysroot" | "chroot" | "hostfs" | "var"]
        | ["backup" | "backups" | "timeshift", ..] => true,
        ["u" | "gpfs" | "lustre" | "beegfs" | "storage" | "scratch" | "target" | "newroot"] => true,
        ["mnt" | "net" | "volumes" | "cygdrive" | "nfs" | "export" | "srv" | "afs" | "data" | "media", _] => true,
        ["proc", _, "root"] | ["media", _, _] | ["run", "media", _, _] | ["mnt", "wsl", _] => true,
        // `wsl+ubuntu`, `ssh-remote+host`: another machine of an editor's.
        [volume] => volume.starts_with("vol") || volume.starts_with("fs") || volume.contains('+'),
        _ => false,
    }
}

/// What a colon inside a path means.
enum Colon {
    Drive,
    File,
    Web,
    List,
}

impl Colon {
    fn at(text: &str, at: usize) -> Self {
        let bytes = text.as_bytes();
        let name = bytes[..at]
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            .count();
        let scheme = text[at - name..at].to_ascii_lowercase();
        if bytes[at + 1..].starts_with(b"//") && name > 1 {
            return match scheme.as_str() {
                "http" | "https" | "ws" | "wss" | "ftp" => Self::Web,
                _ => Self::File,
            };
        }
        if scheme == "file" {
            return Self::File;
        }
        let alone = at < 2 || is_break(bytes[at - 2]) || matches!(bytes[at - 2], b'/' | b'\\' | b':' | b'?' | b'.');
        if name == 1 && alone && matches!(bytes.get(at + 1), Some(b'/' | b'\\' | b'%')) {
            Self::Drive
        } else {
            Self::List
        }
    }
}

fn is_drive(part: &str) -> bool {
    matches!(part.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

/// Splits at percent-encoded separators and drops an encoded drive colon.
fn split_encoded(part: &str) -> Vec<&str> {
    let bytes = part.as_bytes();
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        match encoded_separator_after(&bytes[at..]) {
            0 => at += 1,
            n => {
                parts.push(&part[from..at]);
                at += n;
                from = at;
            }
        }
    }
    parts.push(&part[from..]);
    parts.retain(|part| !part.to_ascii_lowercase().ends_with("%3a"));
    parts
}

/// Skips separators and `.` components.
fn skip_dots(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at += separators_after(&bytes[at..]);
        if bytes.get(at) == Some(&b'.') && separators_after(&bytes[at + 1..]) > 0 {
            at += 1;
        } else {
            return at;
        }
    }
}

/// The component at `at`. Spaces belong to it where a separator follows soon, or where the path is the whole string.
fn name_at(text: &str, at: usize, root: &Root) -> Range<usize> {
    let bytes = text.as_bytes();
    let stops = |i: usize| {
        let b = bytes[i];
        matches!(b, b'/' | b'\\' | b':' | b'*' | b'?' | b'$' | b'#' | b'!')
            || (is_break(b) && b != b' ')
            || encoded_separator_after(&bytes[i..]) > 0
    };
    let mut end = at;
    let mut first_space = None;
    while end < bytes.len() && !stops(end) {
        if bytes[end] == b' ' && first_space.is_none() {
            first_space = Some(end);
        }
        end += 1;
    }
    // `Alice\ Smith`
    if bytes.get(end) == Some(&b'\\') && bytes.get(end + 1) == Some(&b' ') && !root.windows && first_space.is_none() {
        let more = name_at(
            text,
            end + 2,
            &Root { parts: Vec::new(), rooted: true, windows: false, share: false, url: false, whole: false },
        );
        return at..more.end;
    }
    let Some(space) = first_space else {
        return at..end;
    };
    let words = text[at..end].split(' ').count();
    let separated =
        end < bytes.len() && (matches!(bytes[end], b'/' | b'\\') || encoded_separator_after(&bytes[end..]) > 0);
    let closed = bytes.get(end).is_some_and(|b| matches!(b, b'"' | b'\''));
    let spaced =
        !text[at..end].ends_with(' ') && !text[at..end].contains("  ") && !text[at..end].contains(" -") && words <= 4;
    let keeps = spaced
        && ((root.windows && separated && bytes[end] != b'/')
            || (root.whole && (separated || closed))
            || (root.whole && end == bytes.len() && (root.windows || is_title(&text[at..end]))));
    if keeps { at..end } else { at..space }
}

/// Whether each word starts with a capital, as in a name.
fn is_title(name: &str) -> bool {
    name.split(' ').all(|word| word.starts_with(char::is_uppercase))
}

pub(super) fn is_person(name: &str) -> bool {
    const VARIABLE: &str = "%username%";
    !(name.is_empty()
        || name.bytes().all(|b| b == b'.')
        || is_placeholder(name)
        || SHARED.iter().any(|shared| shared.eq_ignore_ascii_case(name))
        || name.get(..VARIABLE.len()).is_some_and(|start| start.eq_ignore_ascii_case(VARIABLE))
        || (name.starts_with('%') && name.ends_with('%') && name.len() > 1))
}
