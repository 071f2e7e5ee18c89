//! Secrets that their own form gives away: key formats, JSON web tokens, private keys.

use std::ops::Range;

use super::formats::{Format, Set};
use super::spans::{Kind, Spans};

/// A known format whose prefix stands at `hit`.
pub(super) fn scan(text: &str, hit: Range<usize>, format: &Format, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let spelled = text.get(hit.clone()) == Some(format.prefix);
    let continues = hit.start > 0
        && bytes[hit.start - 1].is_ascii_alphanumeric()
        && !text[..hit.start].ends_with("%2F")
        && !text[..hit.start].ends_with("%3D");
    if !spelled || continues {
        return;
    }
    let length = bytes[hit.end..].iter().take_while(|b| format.set.holds(**b)).count();
    // `sk-` and `key-` also start ordinary words: `sk-learn-contrib-examples`.
    let plain_words = matches!(format.prefix, "sk-" | "key-")
        && !bytes[hit.end..hit.end + length].iter().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if length >= format.least && !plain_words {
        spans.push(hit.start..hit.end + length, Kind::Secret);
    }
}

/// The token of a Telegram bot, with the number of the bot before the `:AA` at `hit`.
pub(super) fn scan_bot(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let digits = bytes[..hit.start].iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let length = bytes[hit.end..].iter().take_while(|b| Set::Url.holds(**b)).count();
    if digits >= 8 && length >= 30 {
        spans.push(hit.start - digits..hit.end + length, Kind::Secret);
    }
}

/// A client secret of Azure: three characters and a digit before the `Q~` that ends `hit`, and the rest behind it.
pub(super) fn scan_azure(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let holds = |b: &u8| Set::Dotted.holds(*b) || *b == b'~';
    let length = bytes[hit.end..].iter().take_while(|b| holds(b)).count();
    let before = bytes[..hit.start].iter().rev().take_while(|b| holds(b)).count();
    if before == 3 && (31..=34).contains(&length) {
        spans.push(hit.start - before..hit.end + length, Kind::Secret);
    }
}

/// A JSON web token that starts at `hit` (`eyJ`).
pub(super) fn scan_jwt(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let bytes = text.as_bytes();
    if text.get(hit.clone()) != Some("eyJ") || (hit.start > 0 && bytes[hit.start - 1].is_ascii_alphanumeric()) {
        return;
    }
    let end = bytes[hit.end..]
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'=' | b'+' | b'/')))
        .map_or(bytes.len(), |n| hit.end + n);
    let token = &text[hit.start..end];
    if token.len() >= 24 {
        spans.push(hit.start..end, Kind::Secret);
    }
}

/// A private key block whose `-----BEGIN` starts at `hit`. Everything up to its END line goes, or to the end of the text.
pub(super) fn scan_pem(text: &str, hit: Range<usize>, spans: &mut Spans) {
    let rest = &text[hit.end..];
    let Some(label_end) = rest.find("-----") else {
        return;
    };
    if !rest[..label_end].contains("PRIVATE KEY") {
        return;
    }
    let body = hit.end + label_end + 5;
    let end = text[body..].find("-----END").map_or(text.len(), |n| {
        let tail = body + n + 8;
        text[tail..].find("-----").map_or(text.len(), |m| tail + m + 5)
    });
    spans.push(hit.start..end, Kind::Secret);
}

/// The shortest run that is judged by its entropy.
const RANDOM_LENGTH: usize = 32;

/// Long random-looking runs that no name and no format announces. Digests, ids and public keys stay.
pub(super) fn scan_random(text: &str, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for at in 0..=bytes.len() {
        if at < bytes.len() && RUN[usize::from(bytes[at])] {
            continue;
        }
        if at - start >= RANDOM_LENGTH && is_random(&text[start..at]) && !is_labelled(text, start) {
            spans.push(start..at, Kind::Secret);
        }
        start = at + 1;
    }
}

/// Characters of base64 in both alphabets, without `/`, so that paths fall into their components.
const RUN: [bool; 256] = {
    let mut run = [false; 256];
    let mut b = 0;
    while b < 256 {
        let c = b as u8;
        run[b] = c.is_ascii_alphanumeric() || c == b'+' || c == b'_' || c == b'-';
        b += 1;
    }
    run
};

/// Whether any run is long enough to be judged at all. Looks at every 32nd byte first, since most text has none.
pub(super) fn has_long_run(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = RANDOM_LENGTH - 1;
    while at < bytes.len() {
        if RUN[usize::from(bytes[at])] {
            let back = bytes[..at].iter().rev().take_while(|b| RUN[usize::from(**b)]).count();
            let forth = bytes[at..].iter().take(RANDOM_LENGTH).take_while(|b| RUN[usize::from(**b)]).count();
            if back + forth >= RANDOM_LENGTH {
                return true;
            }
        }
        at += RANDOM_LENGTH;
    }
    false
}

/// The length of the secret key of an AWS account.
const AWS_LENGTH: usize = 40;

/// Secret keys of AWS, whose base64 may hold a `/`: a word of just that length that doesn't look like a path.
pub(super) fn scan_aws(text: &str, spans: &mut Spans) {
    let bytes = text.as_bytes();
    let holds = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    // A word of that length covers one place of each so many.
    for at in (AWS_LENGTH - 1..bytes.len()).step_by(AWS_LENGTH) {
        if !holds(&bytes[at]) {
            continue;
        }
        let back = bytes[..=at].iter().rev().take(AWS_LENGTH + 1).take_while(|b| holds(b)).count();
        let forth = bytes[at + 1..].iter().take(AWS_LENGTH + 1).take_while(|b| holds(b)).count();
        if back == 0 || back + forth != AWS_LENGTH {
            continue;
        }
        let run = &text[at + 1 - back..at + 1 + forth];
        let ends = bytes.get(at + 1 + forth).is_none_or(|b| !matches!(b, b'.' | b'-' | b'_' | b'='));
        let count = |f: fn(&u8) -> bool| run.bytes().filter(f).count();
        let looks = count(u8::is_ascii_uppercase) >= 8
            && count(u8::is_ascii_lowercase) >= 8
            && count(u8::is_ascii_digit) >= 1
            && changes(run) >= AWS_LENGTH / 3;
        if ends && looks && !run.starts_with('/') && run.contains('/') && !is_labelled(text, at + 1 - back) {
            spans.push(at + 1 - back..at + 1 + forth, Kind::Secret);
        }
    }
}

/// How often an upper-case letter, a lower-case letter or a digit follows on one of another kind.
fn changes(run: &str) -> usize {
    let kind = |b: u8| (b.is_ascii_uppercase(), b.is_ascii_lowercase(), b.is_ascii_digit());
    run.as_bytes().windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count()
}

fn is_random(run: &str) -> bool {
    let bytes = run.as_bytes();
    let count = |f: fn(&u8) -> bool| bytes.iter().filter(|b| f(b)).count();
    let (upper, lower, digits) =
        (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase), count(u8::is_ascii_digit));
    let longest_piece = run.split(['-', '_']).map(str::len).max().unwrap_or_default();
    if upper < 4 || lower < 4 || digits < 3 || longest_piece < 16 {
        return false;
    }
    // A name in camel case changes from one kind to another once or twice a word.
    changes(run) * 3 > run.len() && entropy(bytes) >= 4.0
}

/// Shannon entropy in bits per byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for b in bytes {
        counts[usize::from(*b)] += 1;
    }
    let length = bytes.len() as f64;
    counts.iter().filter(|n| **n > 0).map(|n| f64::from(*n) / length).map(|p| -p * p.log2()).sum()
}

/// Words that say of what follows that it is public: a digest, a public key.
const LABELS: [&str; 12] = [
    "h1:",
    "aaaab3nzac1",
    "aaaac3nzac1",
    "sha1",
    "sha256",
    "sha384",
    "sha512",
    "md5",
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "integrity",
];

/// Whether the word around a run starts with, or follows, a label.
fn is_labelled(text: &str, start: usize) -> bool {
    let word_start = text[..start].rfind([' ', '"', '\'', '=', ',']).map_or(0, |i| i + 1);
    let word = text[word_start..].to_ascii_lowercase();
    let before = text[..word_start].trim_end_matches([' ', '"', '\'', '=', ',', ':']).to_ascii_lowercase();
    LABELS.iter().any(|label| word.starts_with(label) || before.ends_with(label))
}
