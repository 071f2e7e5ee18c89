//! Why a profile can't be made or resolved.

use std::{fmt, io, path::PathBuf};

use codex_document::{Format, Position};

use super::{ProfileName, UnknownProfile};

/// Why a profile can't be made, loaded or resolved. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A name that is none of the five.
    #[error(transparent)]
    UnknownProfile(#[from] UnknownProfile),

    /// A grant that the profile can't hold.
    #[error("`{key}`: the profile {profile} can't hold it; use {instead}")]
    Grant {
        /// The key that grants.
        key: &'static str,
        /// The profile that was asked.
        profile: ProfileName,
        /// The profiles that can hold it.
        instead: &'static str,
    },

    /// A restriction under `trusted`, where nothing enforces it.
    #[error("`{key}`: trusted runs without a sandbox, so this can't be held; use another profile or leave it out")]
    Unenforced {
        /// The key that restricts.
        key: &'static str,
    },

    /// An extension that would undo a restriction.
    #[error(
        "`{key}`: an extension can only narrow, and this profile already has {held:?}; build a new profile instead"
    )]
    Widens {
        /// The key that widens.
        key: &'static str,
        /// What the profile has.
        held: &'static str,
    },

    /// An extension that would raise a limit.
    #[error("`{key}`: {asked} was asked, and this profile already has {held}; a limit can only be lowered")]
    WidensLimit {
        /// The key of the limit.
        key: &'static str,
        /// What was asked.
        asked: u64,
        /// What the profile has.
        held: u64,
    },

    /// An extension, or a name beside an init, that names another base.
    #[error("`profile`: {asked} was asked, but the base is {held}; leave the key out or build a new profile")]
    OtherBase {
        /// The base of the profile.
        held: ProfileName,
        /// The base that was asked.
        asked: ProfileName,
    },

    /// A path that can't be used.
    #[error("`{key}`: {path:?} {problem}")]
    Path {
        /// The key, with its index.
        key: String,
        /// The path as it was given.
        path: PathBuf,
        /// What is wrong with it.
        problem: PathProblem,
    },

    /// A directory that can't be used.
    #[error("`{key}`: {path:?} {problem}")]
    Directory {
        /// `workspace`, or the key with its index.
        key: String,
        /// The path as it was given.
        path: PathBuf,
        /// What is wrong with it.
        problem: DirectoryProblem,
    },

    /// A denied path that holds a directory which the run needs.
    #[error("`denyRead`: {denied:?} holds {needed:?}, which the run must read; deny something narrower")]
    DeniesNeeded {
        /// The denied path, resolved.
        denied: PathBuf,
        /// The workspace or writable directory, resolved.
        needed: PathBuf,
    },

    /// An environment variable that can't be used.
    #[error("`{key}`: the variable {name:?} {problem}")]
    Variable {
        /// The key, with its index.
        key: String,
        /// The name as it was given.
        name: String,
        /// What is wrong with it.
        problem: VariableProblem,
    },

    /// Text that isn't a profile.
    #[error("{}, line {}, column {}: {}{message}", .format.name(), .at.line, .at.column, KeyPrefix(.key))]
    Syntax {
        /// What it was read as.
        format: Format,
        /// Where in it.
        at: Position,
        /// The key, where one is known.
        key: Option<String>,
        /// What is wrong.
        message: String,
    },

    /// A refused key of a text, and where it stands.
    #[error("{}, line {}, column {}: {source}", .format.name(), .at.line, .at.column)]
    At {
        /// What the text is.
        format: Format,
        /// Where in it.
        at: Position,
        /// Why it is refused.
        source: Box<ProfileError>,
    },

    /// A file that can't be read.
    #[error("can't read {path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// A file that is no profile file.
    #[error("{path:?}: a profile file ends in .toml or .json; rename it")]
    Extension {
        /// The file.
        path: PathBuf,
    },

    /// A file that is too large to be a profile.
    #[error("{path:?}: larger than {limit} bytes, so this is no profile file")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size that is read.
        limit: u64,
    },

    /// A file whose text is no valid profile.
    #[error("{path:?}: {source}")]
    InFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<ProfileError>,
    },
}

impl ProfileError {
    /// The key that is at fault, such as `denyRead[1]` or `environment.deny[0]`; `None` when no single one is.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Grant { key, .. } | Self::Unenforced { key } | Self::Widens { key, .. } => Some(key),
            Self::WidensLimit { key, .. } => Some(key),
            Self::Path { key, .. } | Self::Directory { key, .. } | Self::Variable { key, .. } => Some(key),
            Self::OtherBase { .. } | Self::UnknownProfile(_) => Some("profile"),
            Self::DeniesNeeded { .. } => Some("denyRead"),
            Self::Syntax { key, .. } => key.as_deref(),
            Self::At { source, .. } | Self::InFile { source, .. } => source.key(),
            Self::Io { .. } | Self::Extension { .. } | Self::TooLarge { .. } => None,
        }
    }
}

/// What is wrong with a path, before the file system is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// Nothing between the quotes.
    #[error("is empty; name a path or leave the entry out")]
    Empty,
    /// A byte that no path can hold.
    #[error("holds a NUL byte; remove it")]
    Nul,
    /// The root directory as a writable directory.
    #[error("is the whole file system; name the directories that the run needs, or use trusted")]
    Root,
    /// A pattern that can't be read, or that leads upwards.
    #[error(
        "is no valid pattern; close its brackets, put no `..` after a wildcard, and write `\\\\[` for the character"
    )]
    Glob,
    /// `~name/…`.
    #[error("names another user's home, which isn't looked up; write the whole path, or ./~… for a file of that name")]
    OtherHome,
    /// `~/…` and no home.
    #[error("starts with ~, but this user has no home directory; write the whole path")]
    NoHome,
    /// A relative path where only an absolute one means something.
    #[error("is not absolute; write the whole path")]
    Relative,
    /// Links that lead nowhere.
    #[error("goes through more symbolic links than can be followed; mend the links")]
    LinkLoop,
}

/// What is wrong with a directory, as the file system has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryProblem {
    /// A relative path.
    #[error("is not absolute; give the whole path")]
    NotAbsolute,
    /// Nothing there.
    #[error("doesn't exist; create it first")]
    Missing,
    /// A file, or anything else that isn't a directory.
    #[error("is not a directory; name the directory that holds it")]
    NotADirectory,
    /// `/` where the profile would write it.
    #[error("is the whole file system; choose a project folder, or use trusted")]
    Root,
    /// The home directory, or a directory above it, where the profile would write it.
    #[error(
        "is or holds your home directory, and this profile would write all of it; choose a project folder, or add the \
         same path explicitly through `writable`"
    )]
    Home,
    /// A directory in whose place every run has its own.
    #[error("is a directory of which every sandbox has its own; choose a folder in it")]
    Own,
    /// A device of the machine, or a directory of such.
    #[error("is, or holds, a device of the machine, and a sandbox has none; run what needs it under trusted")]
    Device,
    /// A workspace in a place of secrets.
    #[error("lies in {secret:?}, which is hidden ({reason}); choose a project folder, or add the path to `readable`")]
    Secret {
        /// The place.
        secret: PathBuf,
        /// What it holds.
        reason: &'static str,
    },
    /// Anything else.
    #[error("can't be used: {0}")]
    Io(io::Error),
}

/// What is wrong with an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VariableProblem {
    /// No name.
    #[error("has an empty name; name it or leave the entry out")]
    Empty,
    /// A name that no environment can hold.
    #[error("has `=` or a NUL byte in its name; write the name alone")]
    Malformed,
    /// A pattern where a name is wanted.
    #[error("looks like a pattern, and patterns aren't supported here; give each name")]
    Pattern,
    /// A value that no environment can hold.
    #[error("has a NUL byte in its value; remove it")]
    NulInValue,
}

struct KeyPrefix<'a>(&'a Option<String>);

impl fmt::Display for KeyPrefix<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(formatter, "`{key}`: "),
            None => Ok(()),
        }
    }
}
