//! The bytes of the arguments.

use std::ffi::OsString;

/// The arguments as the process got them.
///
/// Node decodes arguments and puts a replacement character where bytes are no UTF-8. The bytes themselves are found
/// in the process's own command line, whose last entries these are.
pub fn exact_arguments(decoded: Vec<String>) -> Vec<OsString> {
    #[cfg(target_os = "linux")]
    if decoded.iter().any(|argument| argument.contains(char::REPLACEMENT_CHARACTER)) {
        use std::os::unix::ffi::OsStringExt;
        let line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
        let line = line.strip_suffix(&[0]).unwrap_or(&line);
        let all: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
        let exact = all.len().checked_sub(decoded.len()).and_then(|first| all.get(first..)).unwrap_or_default();
        let same = exact.len() == decoded.len()
            && exact.iter().zip(&decoded).all(|(bytes, text)| String::from_utf8_lossy(bytes) == text.as_str());
        if same {
            return exact.iter().map(|bytes| OsString::from_vec(bytes.to_vec())).collect();
        }
    }
    decoded.into_iter().map(OsString::from).collect()
}
