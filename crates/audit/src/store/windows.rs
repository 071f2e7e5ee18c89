//! The same on Windows: names below a directory path, and no advisory locks.
//!
//! An append is atomic (`FILE_APPEND_DATA`). Without a lock, two processes must not rotate one file at once; a log
//! folder, where each writer has its own file, does not share any.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Access, Lock, Stat};

/// A directory.
#[derive(Debug)]
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn open(path: &Path, create: bool, follow: bool) -> io::Result<Self> {
        if create {
            std::fs::create_dir_all(path)?;
        }
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let metadata = if follow { std::fs::metadata(path)? } else { std::fs::symlink_metadata(path)? };
        if !metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "not a directory"));
        }
        Ok(Self(path.to_owned()))
    }

    /// Nothing is held open.
    pub(crate) fn close(&self) {}

    pub(crate) fn file(&self, name: &str, access: Access) -> io::Result<File> {
        let path = self.0.join(name);
        if std::fs::symlink_metadata(&path).is_ok_and(|m| !m.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        match access {
            Access::Read => File::open(path),
            Access::Append => OpenOptions::new().read(true).append(true).create(true).open(path),
            Access::New => OpenOptions::new().read(true).append(true).create_new(true).open(path),
        }
    }

    /// Who may open a file is inherited from the folder.
    pub(crate) fn close_to_others(&self, _name: &str) -> io::Result<bool> {
        Ok(false)
    }

    pub(crate) fn stat(&self, name: &str) -> io::Result<Option<Stat>> {
        match std::fs::symlink_metadata(self.0.join(name)) {
            Ok(metadata) => Ok(Some(Stat { id: None, size: metadata.len() })),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    pub(crate) fn link(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::hard_link(self.0.join(from), self.0.join(to))
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name))
    }

    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        std::fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn stat(file: &File) -> io::Result<Stat> {
    Ok(Stat { id: None, size: file.metadata()?.len() })
}

pub(crate) fn lock(_file: &File, _lock: Lock) -> io::Result<()> {
    Ok(())
}

pub(crate) fn size_limit() -> u64 {
    u64::MAX
}
