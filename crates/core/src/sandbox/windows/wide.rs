//! UTF-16 text.

/// Text as UTF-16, without a NUL.
pub fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Whether one of the ASCII characters of `characters` is in it.
pub fn is_any(text: &[u16], characters: &str) -> bool {
    text.iter().any(|&unit| characters.bytes().any(|byte| u16::from(byte) == unit))
}

/// Text as UTF-16, with a NUL at its end.
#[cfg(windows)]
pub fn terminated(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
