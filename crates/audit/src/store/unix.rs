//! Directory handles, locks and syncs on Unix. No path is resolved twice, and no symlink is followed.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::{Access, Lock, Stat};

const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// A directory, open until it is closed.
#[derive(Debug)]
pub(crate) struct Dir(RwLock<Option<Arc<File>>>);

impl Dir {
    /// Opens a directory; with `create`, it and missing parents are made with mode 0700.
    pub(crate) fn open(path: &Path, create: bool, follow: bool) -> io::Result<Self> {
        if create {
            use std::os::unix::fs::DirBuilderExt;
            std::fs::DirBuilder::new().recursive(true).mode(DIR_MODE).create(path)?;
        }
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let nofollow = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
        let fd =
            rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | nofollow, Mode::empty())?;
        Ok(Self(RwLock::new(Some(Arc::new(File::from(fd))))))
    }

    fn open_file(&self) -> io::Result<Arc<File>> {
        let file = self.0.read().unwrap_or_else(PoisonError::into_inner);
        file.clone().ok_or_else(|| io::Error::other("the audit log was closed"))
    }

    /// Lets go of it.
    pub(crate) fn close(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Opens a file of this directory. What is made gets mode 0600, and what is opened for writing is brought to it.
    #[allow(clippy::unnecessary_cast, reason = "the width of a mode differs between systems")]
    pub(crate) fn file(&self, name: &str, access: Access) -> io::Result<File> {
        let flags = match access {
            Access::Read => OFlags::RDONLY,
            Access::Append => OFlags::RDWR | OFlags::APPEND | OFlags::CREATE,
            Access::New => OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL,
        };
        // NONBLOCK so that a FIFO in the log's place is refused instead of waited for.
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = rustix::fs::openat(self.open_file()?, name, flags, Mode::from_raw_mode(FILE_MODE as _)).map_err(
            |e| match e {
                Errno::LOOP | Errno::MLINK => {
                    io::Error::new(io::ErrorKind::InvalidInput, "a symbolic link stands in its place")
                }
                e => e.into(),
            },
        )?;
        let stat = rustix::fs::fstat(&fd)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        if !matches!(access, Access::Read) && stat.st_mode as u32 & 0o7777 != FILE_MODE {
            // A umask can have widened or narrowed it, and an older file may be open to all.
            match rustix::fs::fchmod(&fd, Mode::from_raw_mode(FILE_MODE as _)) {
                Ok(()) | Err(Errno::PERM) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(File::from(fd))
    }

    /// Takes a file from everybody but its owner. Returns whether others could open it until now.
    #[allow(clippy::unnecessary_cast, reason = "the width of a mode differs between systems")]
    pub(crate) fn close_to_others(&self, name: &str) -> io::Result<bool> {
        let file = self.file(name, Access::Read)?;
        let exposed = rustix::fs::fstat(&file)?.st_mode as u32 & 0o077 != 0;
        if exposed {
            // Where that can't be changed, it can only be told.
            let _ = rustix::fs::fchmod(&file, Mode::from_raw_mode(FILE_MODE as _));
        }
        Ok(exposed)
    }

    /// What stands under `name`, if anything; a symlink is not followed.
    pub(crate) fn stat(&self, name: &str) -> io::Result<Option<Stat>> {
        match rustix::fs::statat(self.open_file()?, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(to_stat(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Gives the file `from` a second name; an existing `to` is an error.
    pub(crate) fn link(&self, from: &str, to: &str) -> io::Result<()> {
        let dir = self.open_file()?;
        Ok(rustix::fs::linkat(&dir, from, &dir, to, AtFlags::empty())?)
    }

    /// Renames over whatever stands there.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let dir = self.open_file()?;
        Ok(rustix::fs::renameat(&dir, from, &dir, to)?)
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(self.open_file()?, name, AtFlags::empty())?)
    }

    /// The names in it.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(self.open_file()?)? {
            if let Ok(name) = entry?.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Makes new and changed names durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.open_file()?.sync_all()
    }
}

/// What is known of an open file.
pub(crate) fn stat(file: &File) -> io::Result<Stat> {
    Ok(to_stat(&rustix::fs::fstat(file)?))
}

#[allow(clippy::unnecessary_cast, reason = "the field widths differ between systems")]
fn to_stat(stat: &rustix::fs::Stat) -> Stat {
    Stat { id: Some((stat.st_dev as u64, stat.st_ino as u64)), size: stat.st_size as u64 }
}

/// Takes or gives back the lock on an open log file. File systems without locks are used without.
pub(crate) fn lock(file: &File, lock: Lock) -> io::Result<()> {
    let operation = match lock {
        Lock::Shared => FlockOperation::LockShared,
        Lock::Exclusive => FlockOperation::LockExclusive,
        Lock::TryExclusive => FlockOperation::NonBlockingLockExclusive,
        Lock::None => FlockOperation::Unlock,
    };
    loop {
        match rustix::fs::flock(file, operation) {
            Err(Errno::INTR) => {}
            Ok(()) | Err(Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
    }
}

/// The size that this process may grow a file to. Writing beyond it would raise SIGXFSZ, which ends the host.
pub(crate) fn size_limit() -> u64 {
    getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX)
}
