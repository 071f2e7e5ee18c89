//! Files as Unix has them.

use std::{
    fs::{File, Metadata, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;

/// Another file, or other contents, have another state, unless somebody sets the clock back and forges both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileState {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileState {
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Whether somebody may execute a file.
pub fn is_executable(metadata: &Metadata) -> bool {
    metadata.mode() & 0o111 != 0
}

/// Opens a regular file for reading; nothing for what is none. Opening another kind could already do something: to a
/// device, or to somebody who waits at a FIFO.
#[cfg(target_os = "linux")]
pub fn open_regular(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    use std::os::fd::AsRawFd;
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

/// Opens a regular file for reading; nothing for what is none, as far as it was none before, too. Nobody is waited for.
#[cfg(not(target_os = "linux"))]
pub fn open_regular(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    if !path.metadata()?.is_file() {
        return Ok(None);
    }
    let file = OpenOptions::new().read(true).custom_flags(flag(OFlags::NONBLOCK | OFlags::NOCTTY)).open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}

const fn flag(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}
