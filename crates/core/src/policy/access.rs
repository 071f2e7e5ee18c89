//! A question about a policy, and its answer.

use std::path::PathBuf;

use serde::Serialize;

/// Something that a run might do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Read a file or list a directory. A relative path is below the workspace, `~` is the home directory.
    Read(PathBuf),
    /// Create, change or remove a file or directory. Paths as in `Read`.
    Write(PathBuf),
    /// Connect to a host: a name or an address, with or without `:port`.
    Connect(String),
}

/// Whether the policy lets a run do something, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether it is allowed. The file system may still refuse what the policy allows.
    pub allowed: bool,
    /// The rule that decided, for programs.
    ///
    /// Allowed: `no-sandbox`, `readable`, `workspace`, `writable-root`, `readable-root`, `private-tmp`, `cache`, `device`, `outbound-network`,
    /// `private-loopback`. Denied: `deny-read`, `secret`, `host-tmp`, `audit-log`, `carve-out`, `read-only-profile`, `outside-writable-roots`, `no-network`,
    /// `unusable-path`, `unusable-host`.
    pub rule: String,
    /// The rule in words.
    pub reason: String,
    /// What to change so that it is allowed; `None` when it is allowed, or when nothing would help.
    pub grant: Option<String>,
}

impl Decision {
    pub(super) fn allowed(rule: &str, reason: impl Into<String>) -> Self {
        Self { allowed: true, rule: rule.into(), reason: in_one_line(&reason.into()), grant: None }
    }

    pub(super) fn denied(rule: &str, reason: impl Into<String>, grant: Option<String>) -> Self {
        Self { allowed: false, rule: rule.into(), reason: in_one_line(&reason.into()), grant }
    }
}

/// A sentence in which a path may stand that a run has chosen, and that goes to terminals and logs.
fn in_one_line(sentence: &str) -> String {
    let mut line = String::with_capacity(sentence.len());
    for character in sentence.chars() {
        if character.is_control() { line.extend(character.escape_debug()) } else { line.push(character) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::Decision;

    #[test]
    fn a_reason_is_one_line_without_what_a_terminal_obeys() {
        let decision = Decision::denied("x", "/a\n\u{1b}[31mb is in no writable directory: ä", None);
        assert_eq!(decision.reason, "/a\\n\\u{1b}[31mb is in no writable directory: ä");
    }
}
