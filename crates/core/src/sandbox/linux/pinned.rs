//! Open handles on the directories of a policy.

use std::{
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use codex_launcher::protocol::Pinned;
use rustix::{
    fs::{CWD, FileType, Mode, OFlags, fstat, lstat, openat},
    io::Errno,
};

use crate::sandbox::SandboxError;

/// A path that was opened, and stays open so that its inode number can't be given to another file.
#[derive(Debug)]
pub struct PinnedPath {
    path: PathBuf,
    device: u64,
    inode: u64,
    handle: OwnedFd,
}

impl PinnedPath {
    /// Pins a directory.
    pub fn directory(path: &Path) -> Result<Self, SandboxError> {
        let (pinned, kind) = Self::open(path)?.ok_or_else(|| directory_error(path, "does not exist"))?;
        match kind {
            FileType::Directory => Ok(pinned),
            _ => Err(directory_error(path, "is not a directory")),
        }
    }

    /// Pins a file or directory that must be there.
    pub fn present(path: &Path) -> Result<Self, SandboxError> {
        Self::existing(path)?.ok_or_else(|| directory_error(path, "does not exist"))
    }

    /// Pins a socket.
    pub fn socket(path: &Path) -> Result<Self, SandboxError> {
        let (pinned, kind) = Self::open(path)?.ok_or_else(|| directory_error(path, "does not exist"))?;
        match kind {
            FileType::Socket => Ok(pinned),
            _ => Err(directory_error(path, "is not a socket")),
        }
    }

    /// Pins whatever is there, if anything is.
    pub fn existing(path: &Path) -> Result<Option<Self>, SandboxError> {
        Ok(Self::open(path)?.map(|(pinned, _)| pinned))
    }

    /// The same, held open twice.
    pub fn duplicate(&self) -> Result<Self, SandboxError> {
        let handle = self.handle.try_clone().map_err(SandboxError::host("duplicate a handle"))?;
        Ok(Self { path: self.path.clone(), device: self.device, inode: self.inode, handle })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is still what its path leads to.
    ///
    /// # Errors
    /// When the path leads to something else now, or to nothing.
    pub fn in_place(&self) -> Result<(), SandboxError> {
        match (lstat(&self.path), fstat(&self.handle)) {
            (Ok(there), Ok(held)) if (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino) => {
                Err(directory_error(&self.path, "was replaced by something else"))
            }
            (Err(Errno::NOENT), _) => Err(directory_error(&self.path, "was removed")),
            // What can't be looked at is for the run to meet.
            _ => Ok(()),
        }
    }

    /// The handle, good for looking below a directory.
    pub fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// In the form of the launch plan.
    pub fn to_plan(&self) -> Pinned {
        Pinned { path: self.path.as_os_str().as_bytes().to_vec(), device: self.device, inode: self.inode }
    }

    fn open(path: &Path) -> Result<Option<(Self, FileType)>, SandboxError> {
        // Symbolic links were resolved with the policy: one here now means that the path was replaced.
        let handle = match openat(CWD, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            // Nothing is wrong with the path.
            Err(errno @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) => {
                return Err(SandboxError::host("open what the profile names")(errno.into()));
            }
            other => other.map_err(|errno| directory_error(path, &format!("can't be opened ({errno})")))?,
        };
        let found = fstat(&handle).map_err(|errno| directory_error(path, &format!("can't be examined ({errno})")))?;
        let kind = FileType::from_raw_mode(found.st_mode);
        if kind == FileType::Symlink {
            return Err(directory_error(path, "was replaced by a symbolic link"));
        }
        let pinned = Self { path: path.to_path_buf(), device: found.st_dev, inode: found.st_ino, handle };
        Ok(Some((pinned, kind)))
    }
}

fn directory_error(path: &Path, reason: &str) -> SandboxError {
    SandboxError::Directory { path: path.to_path_buf(), reason: reason.to_owned() }
}
