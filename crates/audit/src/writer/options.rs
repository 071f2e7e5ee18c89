//! How a log is opened, and what can go wrong with it.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use crate::keyfile::KeyError;
use crate::note::{Key, NoteError};
use crate::redact::{Identity, RedactorError};

/// What an acknowledgement promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// The record is in the file: it survives the end of the process, however it ends. A sync to the disk starts at the
    /// latest 10 ms later, or with the hundredth record if none started in the last 10 ms. A record that can't be
    /// written is reported in [`Ack::warning`](super::Ack).
    #[default]
    Standard,
    /// The record is on the disk. One that can't be written is an error.
    Strict,
}

impl Level {
    /// `standard` or `strict`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
        }
    }
}

impl FromStr for Level {
    type Err = OpenError;

    fn from_str(text: &str) -> Result<Self, OpenError> {
        match text {
            "standard" => Ok(Self::Standard),
            "strict" => Ok(Self::Strict),
            _ => Err(OpenError::Level(text.to_owned())),
        }
    }
}

/// Where the key that signs checkpoints comes from.
#[derive(Clone, Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "one exists per log that is opened")]
pub enum KeySource {
    /// `<log>.key` beside a log file, `audit.key` in a log folder; made on first use.
    #[default]
    Beside,
    /// A file of the user's choice; made on first use.
    File(PathBuf),
    /// The key itself.
    Given(Key),
    /// No checkpoints are signed.
    None,
}

/// How to open a log.
#[derive(Clone, Debug)]
pub struct Options {
    /// What an acknowledgement promises. Default: standard.
    pub level: Level,
    /// A file is closed and a new one begun when it has this many bytes. Default: 64 MiB.
    pub max_bytes: u64,
    /// How many files are kept, the one being written included; the oldest are removed. Default: 16.
    pub max_files: usize,
    /// The key for checkpoints. Default: made on first use beside the log.
    pub key: KeySource,
    /// Whom to hide. Default: the user and host of this process.
    pub identity: Identity,
    /// Writes `[USER:1a2b3c4d]` instead of `[USER]`, keyed by these bytes. Default: none.
    pub pseudonym_key: Option<[u8; 32]>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            level: Level::Standard,
            max_bytes: 64 << 20,
            max_files: 16,
            key: KeySource::Beside,
            identity: Identity::current(),
            pseudonym_key: None,
        }
    }
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file or folder can't be opened, made or written.
    #[error("the audit log {path} can't be opened: {source}")]
    Io {
        /// The log.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The signing key is the trouble, and the level is strict or the key was named.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The names to hide can't be handled.
    #[error(transparent)]
    Redactor(#[from] RedactorError),
    /// No such level.
    #[error("no audit level is called {0:?}: use standard or strict")]
    Level(String),
    /// A size that can't work.
    #[error("max_bytes must be at least 1 and max_files at least 2")]
    Limits,
}

/// Why an event was not logged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The record could not be written, or not synced.
    #[error("the audit record can't be written to {path}: {source}; free space or choose another log")]
    Io {
        /// The log.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The log was closed.
    #[error("the audit log is closed: open it again")]
    Closed,
    /// Only the log itself writes such events.
    #[error("events of kind {0} are written by the log itself")]
    Reserved(&'static str),
    /// The event has no JSON form.
    #[error("the event can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Why a checkpoint could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The log has no signing key.
    #[error("the log was opened without a signing key: open it with one")]
    NoKey,
    /// The log could not be read.
    #[error("the audit log can't be read: {0}")]
    Io(#[from] io::Error),
    /// The log does not hold, so nothing is signed.
    #[error("the log does not hold ({file}, line {line}: {reason}): run verify")]
    Broken {
        /// The file of the first bad record.
        file: String,
        /// Its line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The key or note is unusable.
    #[error(transparent)]
    Note(#[from] NoteError),
}
