//! Which file a command's program is, and what is in it, for the record.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use codex_core::exec::{Command, Environment};

#[cfg_attr(unix, path = "program_file/unix.rs")]
#[cfg_attr(windows, path = "program_file/windows.rs")]
mod system;

use system::{FileState, is_executable, open_regular};

/// Hashes of program files by what tells one state of a file from another.
#[derive(Debug, Default)]
pub struct ProgramFiles {
    known: Mutex<HashMap<FileState, String>>,
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

/// Where the program of a command is, looked up as `execvp` does, but from outside of the sandbox.
pub fn locate(command: &Command, directory: &Path) -> Option<PathBuf> {
    if command.program.as_encoded_bytes().contains(&b'/') {
        return Some(directory.join(&command.program));
    }
    let path = variable(command, OsStr::new("PATH"))?;
    std::env::split_paths(&path)
        .map(|folder| directory.join(folder).join(&command.program))
        .find(|candidate| candidate.metadata().is_ok_and(|found| found.is_file() && is_executable(&found)))
}

fn variable(command: &Command, name: &OsStr) -> Option<OsString> {
    let of = |variables: &[(OsString, OsString)]| {
        variables.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone())
    };
    of(&command.set_environment).or_else(|| match &command.environment {
        Environment::Host => std::env::var_os(name),
        Environment::HostThen(variables) | Environment::Given(variables) => of(variables),
    })
}
