//! Paths of Windows, by their text.

/// Whether a text names another machine.
pub(crate) fn is_remote(text: &str) -> bool {
    // Slashes of both kinds mix.
    let path = value(text).replace('/', "\\");
    path.split([',', '"', '\'']).any(|part| part.starts_with("\\\\")) || path.contains("::\\\\")
}

/// The value of a word like `-Path:x` or `/g:x`, or the whole word.
pub(crate) fn value(text: &str) -> &str {
    text.strip_prefix(['-', '/'])
        .and_then(|t| t.split_once(':'))
        .filter(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic()))
        .map_or(text, |(_, value)| value)
}

/// Whether deleting a place takes a drive, a home, or the system with it.
pub(crate) fn is_vital(text: &str) -> bool {
    let lower = value(text).trim_matches(['"', '\'']).replace('/', "\\").to_ascii_lowercase();
    // `C:\*` and `C:\*.*` are everything in a folder.
    let path = lower.trim_end_matches("*.*").trim_end_matches('*').trim_end_matches('\\');
    if matches!(path, "" | "~" | ".") && lower.starts_with(['\\', '~']) {
        return true;
    }
    if matches!(
        path,
        "$home"
            | "$env:userprofile"
            | "%userprofile%"
            | "%systemroot%"
            | "$env:systemroot"
            | "%systemdrive%"
            | "$env:systemdrive"
            | "%windir%"
            | "$env:windir"
            | "%homedrive%"
            | "%homepath%"
            | "%programfiles%"
            | "%appdata%"
            | "$env:appdata"
    ) {
        return true;
    }
    let below = match path.as_bytes() {
        [d, b':', ..] if d.is_ascii_alphabetic() => path.get(2..).unwrap_or("").trim_start_matches('\\'),
        [b'\\', ..] => path.trim_start_matches('\\'),
        _ => return false,
    };
    let first = below.split('\\').next().unwrap_or("");
    below.is_empty()
        || matches!(below, "users" | "program files" | "program files (x86)" | "programdata")
        || first == "windows"
        || (first == "users" && below.split('\\').count() <= 2)
        || matches!(first, "boot" | "recovery" | "system volume information")
}
