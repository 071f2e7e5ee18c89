//! How a command ended.

use std::{path::PathBuf, sync::Arc, time::Duration};

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

/// What was kept of a captured stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, at most as many as the command's `max_buffer`.
    pub bytes: Vec<u8>,
    /// Whether there were more.
    pub truncated: bool,
}
