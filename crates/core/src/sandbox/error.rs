//! Why a sandbox can't be had.

use std::{io, path::PathBuf};

/// A sandbox that was refused. Nothing was run.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The machine can't hold what the profile promises.
    #[error("the sandbox is unavailable: {cause}; {remedy}")]
    Unavailable {
        /// What is missing.
        cause: String,
        /// How to get it.
        remedy: String,
    },
    /// The launcher program is not where it should be, or can't be started.
    #[error("the launcher can't be started: {}: {reason}; it must be there and executable: reinstall the package for this platform, or `chmod +x` it", path.display())]
    Launcher {
        /// Where it was looked for.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A directory or socket of the policy is missing or was replaced since the sandbox was made.
    #[error("{} {reason}; make the sandbox again for what you mean", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What `denyRead` asks for can't be held.
    #[error("{reason}")]
    DenyRead {
        /// Why, and what to do.
        reason: String,
    },
    /// The sandbox was closed.
    #[error("the sandbox is closed; make a new one")]
    Closed,
    /// The host's side failed.
    #[error("the host could not {what}: {reason}")]
    Host {
        /// What it was doing.
        what: &'static str,
        /// The system's words.
        reason: String,
    },
}

impl SandboxError {
    pub(crate) fn host(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Host { what, reason: error.to_string() }
    }
}
