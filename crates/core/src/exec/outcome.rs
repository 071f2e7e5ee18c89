//! How a command ended.

use std::{borrow::Cow, path::PathBuf, sync::Arc, time::Duration};

use super::Denial;
use crate::{policy::Limit, sandbox::Enforcement};

/// The end of a command that was started.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How its program ended.
    pub end: End,
    /// The process id that the program had, as the host sees it; 0 when it is not known.
    pub pid: i32,
    /// What came through standard output, if captured.
    pub stdout: Captured,
    /// What came through standard error, if captured.
    pub stderr: Captured,
    /// From the request to the end of the last process of the run.
    pub duration: Duration,
    /// Whether the timeout ended it.
    pub timed_out: bool,
    /// The limit that the run met, where something says so that can't be mistaken; it need not have ended the run.
    pub limit: Option<Limit>,
    /// What was refused, or undone, as far as it was seen; at most [`MAX_DENIALS`](super::MAX_DENIALS).
    pub denials: Vec<Denial>,
    /// The git directory of the workspace's repository, when it lies where the run may not write.
    pub foreign_repository: Option<PathBuf>,
    /// The workspace, when root runs in it and it belongs to another user: in a sandbox root has no right over it.
    pub foreign_workspace: Option<PathBuf>,
    /// What the kernel enforced.
    pub enforcement: Arc<Enforcement>,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl End {
    /// The exit code as Node gives it: on Windows, where it is a number without a sign, never below zero.
    pub fn exit_code(self) -> Option<i64> {
        match self {
            Self::Code(code) if cfg!(windows) => Some(i64::from(code.cast_unsigned())),
            Self::Code(code) => Some(i64::from(code)),
            Self::Signal(_) => None,
        }
    }

    /// The signal that ended it.
    pub fn signal(self) -> Option<i32> {
        match self {
            Self::Code(_) => None,
            Self::Signal(signal) => Some(signal),
        }
    }
}

/// What was kept of a captured stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, at most as many as the command's `max_buffer`.
    pub bytes: Vec<u8>,
    /// Whether there were more.
    pub truncated: bool,
}

impl Captured {
    /// As text: with replacement characters where it is none, but not for a character that the limit has cut in two.
    pub fn text(&self) -> Cow<'_, str> {
        let whole = match std::str::from_utf8(&self.bytes) {
            Err(error) if self.truncated && error.error_len().is_none() => self.bytes.get(..error.valid_up_to()),
            _ => None,
        };
        String::from_utf8_lossy(whole.unwrap_or(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::{Captured, End};

    #[test]
    fn an_exit_code_is_the_one_that_node_gives() {
        let access_violation = if cfg!(windows) { 3_221_225_477 } else { -1_073_741_819 };
        assert_eq!(End::Code(-1_073_741_819).exit_code(), Some(access_violation));
        assert_eq!((End::Code(3).exit_code(), End::Code(3).signal()), (Some(3), None));
        assert_eq!((End::Signal(9).exit_code(), End::Signal(9).signal()), (None, Some(9)));
    }

    #[test]
    fn a_character_that_the_limit_cut_is_left_out_and_one_that_the_program_cut_is_not() {
        let text = |bytes: &[u8], truncated| Captured { bytes: bytes.to_vec(), truncated }.text().into_owned();
        assert_eq!(text("a你".as_bytes(), true), "a你");
        for cut in 1..3 {
            let bytes = &"a你".as_bytes()[..1 + cut];
            assert_eq!((text(bytes, true).as_str(), text(bytes, false).as_str()), ("a", "a\u{fffd}"));
        }
        assert_eq!(text(b"\xffa\xe4", true), "\u{fffd}a\u{fffd}");
    }
}
