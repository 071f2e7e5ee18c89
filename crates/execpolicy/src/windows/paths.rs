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
    value(text).split(',').any(is_vital_path)
}

fn is_vital_path(text: &str) -> bool {
    let lower = text.trim_matches(['"', '\'']).replace('/', "\\").to_ascii_lowercase();
    // `C:\*` and `C:\*.*` are everything in a folder.
    let path = lower.trim_end_matches("*.*").trim_end_matches('*').trim_end_matches('\\');
    if matches!(path, "" | "~" | ".") && lower.starts_with(['\\', '~']) {
        return true;
    }
    // `%windir%\x`, `$env:windir\x` and `${env:windir}\x`.
    let variable = path.strip_prefix('%').or(path.strip_prefix("${")).or(path.strip_prefix('$'));
    if let Some(variable) = variable.map(|v| v.strip_prefix("env:").unwrap_or(v)) {
        let end = variable.find(['%', '}', '\\']).unwrap_or(variable.len());
        let (name, rest) = variable.split_at(end);
        let whole = rest.trim_start_matches(['%', '}', '\\']).is_empty();
        const HOMES: &str =
            "home userprofile systemdrive homedrive homepath programfiles programdata appdata localappdata";
        return matches!(name, "systemroot" | "windir") || (whole && crate::knowledge::listed(HOMES, name));
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

/// Why writing a place is refused.
pub(crate) fn write(text: &str) -> Option<&'static str> {
    let path = value(text).trim_matches(['"', '\'']).replace('\\', "/");
    let lower = path.to_ascii_lowercase();
    let system = lower.get(1..).is_some_and(|rest| rest.starts_with(":/windows")) || lower.starts_with("$profile");
    let protected = || crate::knowledge::protected::write(&crate::judge::resolve_path(&path)).is_some();
    (system || protected()).then_some("it writes where it must not")
}
