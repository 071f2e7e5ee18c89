//! Small questions about text, answered on bytes.

/// Whether a word may end before, or start after, this byte.
pub(super) const fn is_break(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(
            byte,
            b'"' | b'\''
                | b'`'
                | b'='
                | b','
                | b';'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'<'
                | b'>'
                | b'|'
                | b'&'
        )
}

/// Whether the name that starts at `start` follows something that can't be part of it.
pub(super) fn starts_word(text: &str, start: usize) -> bool {
    let before = &text[..start];
    match before.chars().next_back() {
        None => true,
        Some(c) if !c.is_alphanumeric() => true,
        Some(_) => ends_in_escape(before.as_bytes()),
    }
}

/// Whether the name that ends at `end` is followed by something that can't be part of it.
pub(super) fn ends_word(text: &str, end: usize) -> bool {
    !text[end..].chars().next().is_some_and(char::is_alphanumeric)
}

/// Whether the bytes end in `%2F` or a backslash escape, whose last letter belongs to no word.
fn ends_in_escape(before: &[u8]) -> bool {
    match before {
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [.., b'\\', letter] => matches!(letter, b'n' | b'r' | b't'),
        _ => false,
    }
}

/// The length of the path separators that end `before`: `/`, `\`, runs of them, and percent-encoded ones.
pub(super) fn separators_before(before: &[u8]) -> usize {
    let mut end = before.len();
    loop {
        let head = &before[..end];
        match head {
            [.., b'/' | b'\\'] => end -= 1,
            _ => match encoded_separator_before(head) {
                0 => return before.len() - end,
                n => end -= n,
            },
        }
    }
}

/// The length of the path separators that start `after`.
pub(super) fn separators_after(after: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match after.get(at) {
            Some(b'/' | b'\\') => at += 1,
            _ => match encoded_separator_after(&after[at.min(after.len())..]) {
                0 => return at,
                n => at += n,
            },
        }
    }
}

/// The length of `%2F`, `%5C` or a doubly encoded form at the start.
pub(super) fn encoded_separator_after(after: &[u8]) -> usize {
    let (skip, rest) = match after {
        [b'%', b'2', b'5', rest @ ..] => (3, rest),
        [b'%', rest @ ..] => (1, rest),
        _ => return 0,
    };
    match rest {
        [b'2', b'f' | b'F', ..] | [b'5', b'c' | b'C', ..] => skip + 2,
        _ => 0,
    }
}

fn encoded_separator_before(before: &[u8]) -> usize {
    [5, 3]
        .into_iter()
        .find(|n| before.len() >= *n && encoded_separator_after(&before[before.len() - n..]) == *n)
        .unwrap_or(0)
}

/// Whether `~` or `@` stands anywhere. Without an early end, many bytes are compared at once.
pub(super) fn has_tilde_or_at(text: &[u8]) -> bool {
    text.iter().fold(false, |found, b| found | (*b == b'~') | (*b == b'@'))
}

/// Whether the text holds at least one digit and one letter.
pub(super) fn is_mixed(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// How code begins that gets a value from elsewhere, or asks for it.
const ELSEWHERE: [&str; 8] = [
    "process.env.",
    "process.env[",
    "import.meta.env.",
    "os.environ",
    "os.getenv",
    "System.getenv",
    "getpass.",
    "prompt(",
];

/// Whether the text names a value elsewhere (`$TOKEN`, `${TOKEN}`, `$(…)`, `%TOKEN%`, `{{ token }}`, `YOUR_TOKEN`, `***`) or is nothing.
pub(super) fn is_reference(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let bytes = value.as_bytes();
    match bytes {
        [] | [b'$'] => true,
        [b'<', b'%' | b'(', ..] => true,
        [b'<', .., b'>'] => bytes.len() > 2,
        [b'$', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'{' | b'(' | b'_') || bytes.len() == 2,
        [b'%', .., b'%'] => bytes.len() > 2,
        [b'{', b'{', ..] => true,
        [b'Y' | b'y', b'O' | b'o', b'U' | b'u', b'R' | b'r', b'_' | b'-', ..] => true,
        _ => {
            bytes.iter().all(|b| matches!(b, b'*' | b'.' | b'-'))
                || matches!(value, "true" | "false" | "null" | "none" | "None" | "undefined" | "await" | "prompt")
                || matches!(value, "~" | "!vault" | "!secret" | "!Ref" | "!Sub")
                || ELSEWHERE.iter().any(|code| value.starts_with(code))
        }
    }
}
