//! What can be wrong with rules.

use std::path::PathBuf;

/// Why rules were refused. One broken source refuses all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The text isn't TOML, or not of the right form.
    #[error("{origin}:{line}: {cause}")]
    Syntax {
        /// The file or another name of the text.
        origin: String,
        /// The line, counted from 1.
        line: usize,
        /// The cause.
        cause: String,
    },
    /// A rule contradicts itself.
    #[error("{origin}:{line}: rule `{rule}`: {cause}")]
    Rule {
        /// The file or another name of the text.
        origin: String,
        /// The line where the rule begins; 0 when the rules came as an object.
        line: usize,
        /// The `id`.
        rule: String,
        /// The cause.
        cause: String,
    },
    /// An object isn't of the right form.
    #[error("policy object: {0}")]
    Object(String),
    /// A file can't be read.
    #[error("can't read policy file `{path}`: {source}; check the path and its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is larger than rules are.
    #[error("policy file `{path}` has more than {limit} bytes; check that it is the right file")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A file of the administrator could have been written by someone else.
    #[error("policy file `{path}` is not trusted: {cause}; make it owned by root and writable by nobody else")]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
}
