//! Operations that were refused.

use serde::Serialize;

/// How many denials a result carries; further ones are counted only.
pub const MAX_DENIALS: usize = 100;

/// One operation of a run that was refused, or undone before the result was given.
///
/// Strings that came from the run are cut to a bounded length, and are what the run claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Denial {
    /// What was tried.
    pub kind: DenialKind,
    /// The path that it was about, absolute, as the host sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The address that it was about, with its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The system call, or what the system calls the operation, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syscall: Option<String>,
    /// The process, as the host sees it, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// The program, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The rule that decided, as in [`Decision::rule`](crate::Decision::rule).
    pub rule: String,
    /// The rule in words.
    pub reason: String,
    /// What to change so that it is allowed; `None` when nothing would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// Where what the run had made was moved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<String>,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenialKind {
    /// To create, change or remove a file or directory.
    Write,
    /// To execute a file.
    Exec,
    /// To connect to an address.
    Connect,
}
