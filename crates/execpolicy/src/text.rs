//! Characters that make a line look like another one.

/// Why a line is refused for its characters alone, in words that fit behind "it holds".
pub(crate) fn refused(text: &str, typographic: bool) -> Option<&'static str> {
    if text.is_ascii() {
        // The common case, one pass over bytes.
        return text.bytes().find_map(|b| control(char::from(b)));
    }
    text.chars().find_map(|c| match c {
        c if control(c).is_some() => control(c),
        c if is_hidden(c) => Some("an invisible or direction-changing character"),
        c if typographic && is_typographic(c) => Some("a typographic quote or dash"),
        _ => None,
    })
}

fn control(c: char) -> Option<&'static str> {
    match c {
        '\n' | '\t' => None,
        '\0' => Some("a NUL character"),
        c if c.is_control() => Some("a control character"),
        _ => None,
    }
}

/// Characters without a glyph of their own: controls, bidirectional marks, zero-width ones, tags, selectors.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        c if c.is_control() => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => true,
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// Quotes and dashes that PowerShell takes for the plain ones, or that a reader does.
pub(crate) fn is_typographic(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201f}' | '\u{2032}'..='\u{2037}' | '\u{2212}' | '\u{ff02}' | '\u{ff07}' | '\u{ff0d}')
}

/// Whether an unquoted part of a word could be taken for something else: anything but letters and digits of scripts that
/// don't resemble ASCII forms.
pub(crate) fn misleading_unquoted(text: &str) -> bool {
    text.chars().any(|c| {
        !c.is_ascii()
            && (!c.is_alphanumeric()
                || is_hidden(c)
                || matches!(c, '\u{ff00}'..='\u{ffef}' | '\u{1d400}'..='\u{1d7ff}'))
    })
}
