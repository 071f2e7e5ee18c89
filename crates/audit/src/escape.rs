//! One record, one line: nothing in a string can break out of its JSON or of a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Text from bytes that may not be UTF-8: each invalid byte becomes `\xNN`.
///
/// Meant for arguments and paths, so that two different names never look the same by a replacement character.
pub fn text_from_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The text with every character that a terminal could act on, or that could hide others, written as `\u{…}`.
pub fn display_safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_deceptive(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Writes `value` as JSON, with control, bidirectional and invisible characters escaped.
pub(crate) fn to_json<T: Serialize>(out: &mut Vec<u8>, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Safe(CompactFormatter)))
}

/// Appends `text` as a JSON string, as [`to_json`] would.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let plain = bytes.iter().position(|b| !PLAIN[usize::from(*b)]).unwrap_or(bytes.len());
    out.extend_from_slice(&bytes[..plain]);
    if plain < bytes.len() {
        push_escaped(out, &text[plain..]);
    }
    out.push(b'"');
}

fn push_escaped(out: &mut Vec<u8>, text: &str) {
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\r' => out.extend_from_slice(b"\\r"),
            c if c < ' ' || is_deceptive(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Whether JSON and every terminal take the byte as it is.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    while byte < 0x7f {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

/// Characters beyond C0 that a terminal acts on, or that make text look like other text.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// serde_json escapes only what JSON demands; this also escapes what [`is_deceptive`] names.
struct Safe(CompactFormatter);

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.is_ascii() && memchr::memchr(0x7f, fragment.as_bytes()).is_none() {
            return self.0.write_string_fragment(writer, fragment);
        }
        let mut done = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| is_deceptive(*c)) {
            writer.write_all(&fragment.as_bytes()[done..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            done = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[done..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_raw_control_or_bidi_characters() {
        let mut out = Vec::new();
        to_json(&mut out, &"a\n\u{1b}[31m\u{7f}\u{9b}é\u{202e}\u{e0041}{\"x\":1}").unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, r#""a\n\u001b[31m\u007f\u009bé\u202e\udb40\udc41{\"x\":1}""#);
        assert_eq!(
            serde_json::from_str::<String>(&text).unwrap(),
            "a\n\u{1b}[31m\u{7f}\u{9b}é\u{202e}\u{e0041}{\"x\":1}"
        );
    }

    #[test]
    fn a_string_is_the_same_by_either_way() {
        let all: String = (0..0x3000u32).chain([0xfeff, 0xfffa, 0x1f600, 0xe0041]).filter_map(char::from_u32).collect();
        for text in ["", "plain", "a\"b\\", "\u{1}é", &all] {
            let (mut one, mut other) = (Vec::new(), Vec::new());
            push_string(&mut one, text);
            to_json(&mut other, &text).unwrap();
            assert_eq!(String::from_utf8(one).unwrap(), String::from_utf8(other).unwrap());
        }
    }

    #[test]
    fn invalid_utf8_stays_distinct() {
        assert_eq!(text_from_bytes(b"a\xff\xc3(\xe9"), r"a\xff\xc3(\xe9");
        assert_eq!(text_from_bytes("josé".as_bytes()), "josé");
    }

    #[test]
    fn display_escapes_what_a_terminal_acts_on() {
        assert_eq!(display_safe("a\x1b]52;c;x\x07"), "a\\u{1b}]52;c;x\\u{7}");
    }
}
