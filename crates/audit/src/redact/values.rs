//! The value that is given to a name: where it starts and ends in code, settings, headers and queries.

use std::ops::Range;

/// How a name is given its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Equals,
    Colon,
    /// A literal in parentheses or the next one in a list: `setPassword("…")`, `Setenv("TOKEN", "…")`.
    Call,
}

/// A value that is assigned to a name.
pub(super) struct Assigned {
    pub(super) by: By,
    /// Where it starts.
    pub(super) at: usize,
}

const CDATA: &str = "<![CDATA[";
/// No pair of a user and a password is longer.
const LONGEST_LOGIN: usize = 512;

/// What is assigned to the name at `start..end`, if anything.
pub(super) fn assigned(text: &str, start: usize, end: usize) -> Option<Assigned> {
    let bytes = text.as_bytes();
    let skip_spaces = |mut at: usize| {
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    };
    let is_quote = |at: usize| matches!(bytes.get(at), Some(b'"' | b'\''));
    let opening = start.checked_sub(1).filter(|at| is_quote(*at)).map(|at| bytes[at]);
    // `"apiKey": …`, `\"apiKey\": …`, `\\\"apiKey\\\": …`, `["apiKey"] = …`
    let mut at = end;
    while matches!(bytes.get(at), Some(b'\\' | b'"' | b'\'')) && at < end + 4 {
        at += 1;
    }
    let closed = at > end;
    if matches!(bytes.get(at..), Some([b']' | b'}', b'=' | b' ', ..])) && (closed || bytes[at] == b'}') {
        let equals = skip_spaces(at + 1);
        // `["password"] "…"`
        if closed && is_quote(equals) {
            return Some(Assigned { by: By::Call, at: equals });
        }
        if bytes.get(equals) != Some(&b'=') || bytes.get(equals + 1) == Some(&b'=') {
            return None;
        }
        at = equals;
    }
    // `<password>…<`
    if bytes.get(at) == Some(&b'>') && start > 0 && bytes[start - 1] == b'<' {
        let at = at + 1 + if text[at + 1..].starts_with(CDATA) { CDATA.len() } else { 0 };
        return Some(Assigned { by: By::Equals, at }).filter(|value| value.at < bytes.len());
    }
    at = skip_spaces(at);
    let by = match bytes.get(at..) {
        // `("TOKEN", "…")`, `{"name": "TOKEN", "value": "…"}`, `<add key="Token" value="…"/>`
        Some([b',', ..] | [b'v', ..]) if closed && opening.is_some() => {
            let called = text[..start - 1].ends_with('(');
            return next_literal(text, at).filter(|value| called || value.by == By::Equals);
        }
        Some([b'\n' | b'\r', ..]) => return value_below(text, start, at),
        // `setPassword("…")`
        Some([b'(', b'"' | b'\'', ..]) if !closed => return Some(Assigned { by: By::Call, at: at + 1 }),
        Some([b':', b':', ..] | [b':', b'/', b'/', ..] | [b'=', b'~', ..]) => return None,
        // A comparison tells a literal only.
        Some([b'=', b'=', ..]) => {
            at = skip_spaces(at + 2 + usize::from(bytes.get(at + 2) == Some(&b'=')));
            return Some(Assigned { by: By::Equals, at }).filter(|_| is_quote(at));
        }
        Some([b':', b'=', ..] | [b'=', b'>', ..] | [b'+', b'=', ..]) => {
            at += 2;
            By::Equals
        }
        Some([b'=', ..]) => {
            at += 1;
            By::Equals
        }
        Some([b':', ..]) => {
            at += 1;
            By::Colon
        }
        Some([b'?', b':', ..]) => {
            at += 2;
            By::Colon
        }
        Some([b'%', b'3', b'd' | b'D', ..]) => {
            at += 3;
            By::Equals
        }
        Some([b'%', b'2', b'5', b'3', b'd' | b'D', ..]) => {
            at += 5;
            By::Equals
        }
        _ => return None,
    };
    at = skip_spaces(at);
    if by == By::Colon {
        // `'Password: '` is a prompt, `${TOKEN:?}` a check.
        let prompt = opening.is_some() && !closed && opening == bytes.get(at).copied();
        let file = start > 0 && matches!(bytes[start - 1], b'/' | b'\\') && bytes[at - 1] == b' ';
        if file
            || prompt
            || is_complaint(&text[at..])
            || (text[..start].ends_with("${") && bytes.get(at) == Some(&b'?'))
        {
            return None;
        }
        // `token: string` is a type, `token: string = "…"` has a value behind it.
        if let Some(after) = type_end(text, at) {
            let equals = skip_spaces(after);
            at = (bytes.get(equals) == Some(&b'=')).then(|| skip_spaces(equals + 1))?;
        }
        at = block_start(bytes, at);
    }
    while bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\\\\")) {
        at += 2;
    }
    // `["…"]`, `$'…'`
    at += usize::from(matches!(bytes.get(at..), Some([b'[' | b'$', b'"' | b'\'', ..])));
    (at < bytes.len()).then_some(Assigned { by, at })
}

/// `- name: TOKEN`, and on the next line `value: …`.
fn value_below(text: &str, start: usize, at: usize) -> Option<Assigned> {
    let before = text[..start].trim_end_matches(['"', '\'']).trim_end_matches([' ', ':', '=']);
    let rest = text[at..].trim_start().strip_prefix("value").filter(|_| before.ends_with("name"))?;
    let value = rest.trim_start_matches(' ').strip_prefix([':', '='])?.trim_start_matches(' ');
    Some(Assigned { by: By::Equals, at: text.len() - value.len() }).filter(|_| !value.is_empty())
}

/// The literal behind the one whose end is followed by `at`, or behind the `value` there.
fn next_literal(text: &str, at: usize) -> Option<Assigned> {
    let rest = text[at..].trim_start_matches([',', ' ', '\\', '"', '\'']);
    let named = rest.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("value"));
    let (by, value) = if named {
        let value = rest[5..].trim_start_matches(['\\', '"', '\'']).trim_start();
        (By::Equals, value.strip_prefix([':', '='])?.trim_start())
    } else {
        let value = text[at..].trim_start_matches(',').trim_start();
        (By::Call, value)
    };
    let value_at = text.len() - value.len();
    value.trim_start_matches('\\').starts_with(['"', '\'']).then_some(Assigned { by, at: value_at })
}

/// Whether a message of the system about a file starts here: `cat: token: No such file or directory`.
fn is_complaint(text: &str) -> bool {
    const MESSAGES: [&str; 8] = [
        "No such file",
        "Permission denied",
        "Operation not permitted",
        "Read-only file",
        "Is a directory",
        "Not a directory",
        "File exists",
        "command not found",
    ];
    MESSAGES.iter().any(|message| text.starts_with(message))
}

/// Where the name of a type at `at` ends: `token: string`.
pub(super) fn type_end(text: &str, at: usize) -> Option<usize> {
    const TYPES: [&str; 14] = [
        "string",
        "String",
        "str",
        "&str",
        "number",
        "boolean",
        "bool",
        "any",
        "unknown",
        "bytes",
        "object",
        "Buffer",
        "Option<String>",
        "Optional[str]",
    ];
    let rest = text.get(at..)?;
    TYPES.iter().find_map(|name| {
        let after = rest.strip_prefix(name)?;
        let ends = after.is_empty() || after.starts_with([' ', ';', ',', ')', '}', '|', '=', '\n']);
        ends.then_some(at + name.len())
    })
}

/// Where the text of a YAML block starts: behind `|`, `>-` and the like, and the end of the line.
fn block_start(bytes: &[u8], at: usize) -> usize {
    let Some(b'|' | b'>') = bytes.get(at) else { return at };
    let mark = bytes[at + 1..].iter().take_while(|b| matches!(b, b'-' | b'+' | b'0'..=b'9')).count();
    let line = at + 1 + mark;
    if bytes.get(line) != Some(&b'\n') {
        return at;
    }
    line + bytes[line..].iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// A value: quoted to its closing quote, otherwise to the end of the word.
pub(super) fn plain_value(text: &str, at: usize, name_start: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let escaped = bytes[at] == b'\\' && matches!(bytes.get(at + 1), Some(b'"' | b'\''));
    let quote_at = at + usize::from(escaped);
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(quote_at) {
        let from = quote_at + 1;
        let mut end = from;
        while end < bytes.len() && bytes[end] != *quote {
            // An escaped quote belongs to the value, unless the value itself stands in escaped quotes.
            end += if bytes[end] == b'\\' && !escaped && end + 1 < bytes.len() { 2 } else { 1 };
        }
        let mut end = end.min(bytes.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        return from..(end - usize::from(escaped && end > from && bytes[end - 1] == b'\\'));
    }
    // `auth=("user", "…")`
    if matches!(bytes.get(at..), Some([b'(', b'"' | b'\'', ..]))
        // Without an end, each such value of a long text would have all behind it searched.
        && let Some(length) = bytes[at..].iter().take(LONGEST_LOGIN).position(|b| *b == b')')
    {
        return at + 1..at + length;
    }
    let in_query = name_start > 0 && matches!(bytes[name_start - 1], b'?' | b'&');
    let stops = |b: &u8| {
        b.is_ascii_whitespace()
            || matches!(b, b'&' | b';' | b'"' | b'\'' | b'`' | b'|' | b'>' | b'<')
            || (in_query && *b == b'#')
    };
    let end = bytes[at..].iter().position(stops).map_or(bytes.len(), |n| at + n);
    // A closing bracket or a comma that the value did not open ends it: `{token: x}`, `f(token=x, …)`.
    let end = end - text[at..end].bytes().rev().take_while(|b| matches!(b, b')' | b']' | b'}' | b',')).count();
    at..end
}

/// Authorization schemes that one token follows.
const SCHEMES: [&str; 9] = ["bearer", "basic", "token", "apikey", "negotiate", "ntlm", "jwt", "key", "bot"];

/// Whether a word is an authorization scheme that one token follows.
pub(super) fn is_scheme(word: &str) -> bool {
    SCHEMES.iter().any(|name| name.eq_ignore_ascii_case(word))
}

/// The credentials of an `Authorization` header, without the scheme.
pub(super) fn header_value(text: &str, name_start: usize, at: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let quoted = matches!(bytes[at], b'"' | b'\'');
    let end = if quoted { closing(bytes, at) } else { line_end(text, name_start, at) };
    let at = at + usize::from(quoted);
    let scheme = text[at..].bytes().take_while(u8::is_ascii_alphabetic).count();
    let known = is_scheme(&text[at..at + scheme]);
    let gap = text[at + scheme..].bytes().take_while(|b| matches!(b, b' ' | b'_' | b':' | b'+')).count();
    // A scheme alone: the token is in the next word of a list of arguments.
    if known && at + scheme == bytes.len() {
        return bytes.len()..bytes.len();
    }
    if !known || gap == 0 {
        return at..end.max(at);
    }
    let from = at + scheme + gap;
    let end = bytes[from..]
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`'))
        .map_or(bytes.len(), |n| from + n);
    from..end
}

/// Where the quote that opens at `at` closes.
fn closing(bytes: &[u8], at: usize) -> usize {
    bytes[at + 1..].iter().position(|b| *b == bytes[at]).map_or(bytes.len(), |n| at + 1 + n)
}

/// Where a header that starts at `name_start` ends: at its closing quote, or at the end of the line.
pub(super) fn line_end(text: &str, name_start: usize, at: usize) -> usize {
    let bytes = text.as_bytes();
    let quote = name_start.checked_sub(1).map(|i| bytes[i]).filter(|b| matches!(b, b'"' | b'\''));
    // Quotes inside of a quoted header, or of one that stands alone, are its own: `Digest username="u", response="…"`.
    let inside = quote.is_some() || name_start == 0;
    bytes[at..]
        .iter()
        .position(|b| *b == b'\n' || *b == b'\r' || Some(*b) == quote || (!inside && matches!(b, b'"' | b'\'')))
        .map_or(bytes.len(), |n| at + n)
}
