//! Which file a command's program is, and what is in it, for the record.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs::{File, Metadata, OpenOptions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use codex_core::exec::{Command, Environment};
use rustix::fs::OFlags;

/// Hashes of program files by what tells one state of a file from another.
#[derive(Debug, Default)]
pub struct ProgramFiles {
    known: Mutex<HashMap<FileState, String>>,
}

/// Another file, or other contents, have another state, unless somebody sets the clock back and forges both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Hashes that are kept; a host that runs more programs than this has them hashed again.
const MOST_KNOWN: usize = 1024;

/// A larger program is recorded without a hash: reading it would take longer than most runs.
const LARGEST_HASHED: u64 = 1 << 28;

impl ProgramFiles {
    /// The hash of a program file if it is known already.
    pub fn known(&self, path: &Path) -> Option<String> {
        let state = FileState::of(&path.metadata().ok()?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&state).cloned()
    }

    /// Reads a program file for its hash; nothing for what is no readable file of a sensible size.
    pub fn hash(&self, path: &Path) -> Option<String> {
        let (file, before) = open_regular(path).ok()??;
        if before.len() > LARGEST_HASHED {
            return None;
        }
        let hash = codex_audit::sha256_of(&file).ok()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(FileState::of(&before), hash.clone());
        Some(hash)
    }
}

impl FileState {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Opens a regular file for reading; nothing for what is none. Opening another kind could already do something: to a
/// device, or to somebody who waits at a FIFO.
fn open_regular(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    // Names the file without opening it, so that what is looked at is what is opened.
    let handle = OpenOptions::new().read(true).custom_flags(flag(OFlags::PATH)).open(path)?;
    let metadata = handle.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    // A file with a lease on it is not waited for.
    let same = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let file = OpenOptions::new().read(true).custom_flags(flag(OFlags::NONBLOCK)).open(same)?;
    Ok(Some((file, metadata)))
}

const fn flag(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// Where the program of a command is, looked up as `execvp` does, but from outside of the sandbox.
pub fn locate(command: &Command, directory: &Path) -> Option<PathBuf> {
    if command.program.as_encoded_bytes().contains(&b'/') {
        return Some(directory.join(&command.program));
    }
    let path = variable(command, OsStr::new("PATH"))?;
    std::env::split_paths(&path)
        .map(|folder| directory.join(folder).join(&command.program))
        .find(|candidate| candidate.metadata().is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0))
}

fn variable(command: &Command, name: &OsStr) -> Option<OsString> {
    let of = |variables: &[(OsString, OsString)]| {
        variables.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone())
    };
    of(&command.set_environment).or_else(|| match &command.environment {
        Environment::Host => std::env::var_os(name),
        Environment::Given(variables) => of(variables),
    })
}
