//! Secrets that their own form gives away: key formats, JSON web tokens, private keys.

use std::ops::Range;

use super::spans::{Kind, Spans};

/// Characters that a token of some format is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Set {
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `_` and `-`.
    Url,
    /// Letters, digits, `_`, `-` and `.`.
    Dotted,
    /// Upper-case letters and digits.
    Upper,
    /// Anything but white space and quotes.
    Word,
}

impl Set {
    fn holds(self, b: u8) -> bool {
        match self {
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Url => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Self::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
            Self::Upper => b.is_ascii_uppercase() || b.is_ascii_digit(),
            Self::Word => !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b';' | b'|' | b'<' | b'>'),
        }
    }
}

/// A published key format: what it starts with, what follows, and how long that is at least.
pub(super) struct Format {
    pub(super) prefix: &'static str,
    set: Set,
    least: usize,
}

const fn format(prefix: &'static str, set: Set, least: usize) -> Format {
    Format { prefix, set, least }
}

/// The prefixes are case-sensitive. Each is documented by the service that issues it.
pub(super) const FORMATS: [Format; 65] = [
    format("ghp_", Set::Alnum, 12),
    format("gho_", Set::Alnum, 12),
    format("ghu_", Set::Alnum, 12),
    format("ghs_", Set::Alnum, 12),
    format("ghr_", Set::Alnum, 12),
    format("github_pat_", Set::Url, 12),
    format("glpat-", Set::Dotted, 12),
    format("gldt-", Set::Url, 12),
    format("glrt-", Set::Url, 12),
    format("glptt-", Set::Url, 12),
    format("glcbt-", Set::Url, 12),
    format("npm_", Set::Alnum, 20),
    format("pypi-", Set::Url, 32),
    // What the first bytes of all of these come to.
    format("pypi-AgE", Set::Url, 8),
    format("rubygems_", Set::Alnum, 20),
    format("dckr_pat_", Set::Url, 12),
    format("dckr_oat_", Set::Url, 12),
    format("AKIA", Set::Upper, 12),
    format("ASIA", Set::Upper, 12),
    format("AIza", Set::Url, 20),
    format("ya29.", Set::Dotted, 16),
    format("GOCSPX-", Set::Url, 12),
    format("sk-", Set::Url, 16),
    format("sk_live_", Set::Alnum, 12),
    format("sk_test_", Set::Alnum, 12),
    format("rk_live_", Set::Alnum, 12),
    format("rk_test_", Set::Alnum, 12),
    format("whsec_", Set::Alnum, 12),
    format("xoxa-", Set::Url, 10),
    format("xoxb-", Set::Url, 10),
    format("xoxe-", Set::Url, 10),
    format("xoxe.", Set::Dotted, 10),
    format("xoxo-", Set::Url, 10),
    format("xoxp-", Set::Url, 10),
    format("xoxr-", Set::Url, 10),
    format("xoxs-", Set::Url, 10),
    format("xapp-", Set::Url, 10),
    format("hooks.slack.com/services/", Set::Word, 8),
    format("discord.com/api/webhooks/", Set::Word, 8),
    format("discordapp.com/api/webhooks/", Set::Word, 8),
    format("SG.", Set::Dotted, 32),
    format("hf_", Set::Alnum, 20),
    format("gsk_", Set::Alnum, 20),
    format("xai-", Set::Alnum, 20),
    format("r8_", Set::Alnum, 20),
    format("nvapi-", Set::Url, 20),
    format("pplx-", Set::Alnum, 20),
    format("dop_v1_", Set::Alnum, 20),
    format("doo_v1_", Set::Alnum, 20),
    format("shpat_", Set::Alnum, 16),
    format("shpss_", Set::Alnum, 16),
    format("glsa_", Set::Url, 16),
    format("lin_api_", Set::Alnum, 16),
    format("ATATT3", Set::Word, 20),
    format("PMAK-", Set::Url, 20),
    format("hvs.", Set::Dotted, 16),
    format("hvb.", Set::Dotted, 16),
    format("sntrys_", Set::Word, 16),
    format("pscale_tkn_", Set::Dotted, 16),
    format("dp.pt.", Set::Alnum, 16),
    format("figd_", Set::Url, 16),
    format("dapi", Set::Alnum, 32),
    format("AGE-SECRET-KEY-1", Set::Upper, 16),
    format("EAACEdEose0cBA", Set::Alnum, 8),
    format("key-", Set::Alnum, 32),
];

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

fn is_random(run: &str) -> bool {
    let bytes = run.as_bytes();
    let count = |f: fn(&u8) -> bool| bytes.iter().filter(|b| f(b)).count();
    let (upper, lower, digits) =
        (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase), count(u8::is_ascii_digit));
    let longest_piece = run.split(['-', '_']).map(str::len).max().unwrap_or_default();
    if upper < 4 || lower < 4 || digits < 3 || longest_piece < 16 {
        return false;
    }
    entropy(bytes) >= 4.0
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
const LABELS: [&str; 9] =
    ["sha1", "sha256", "sha384", "sha512", "md5", "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "integrity"];

/// Whether the word around a run starts with, or follows, a label.
fn is_labelled(text: &str, start: usize) -> bool {
    let word_start = text[..start].rfind([' ', '"', '\'', '=', ',']).map_or(0, |i| i + 1);
    let word = text[word_start..].to_ascii_lowercase();
    let before = text[..word_start].trim_end_matches([' ', '"', '\'', '=', ',', ':']).to_ascii_lowercase();
    LABELS.iter().any(|label| word.starts_with(label) || before.ends_with(label))
}
