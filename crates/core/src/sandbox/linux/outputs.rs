//! The files that what this process prints goes to, which it may hand to its runs.
//!
//! A program that opens `/dev/stdout` or `/dev/stderr` opens the file behind it anew, and Landlock knows files, not who has them
//! open. A run that was given such a file can empty and fill it anyway; one that was not has no way to it, because by its path
//! the mounts hold it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use codex_launcher::protocol::Pinned;
use rustix::fs::{CWD, FileType, OFlags, fcntl_getfl, fstat, readlinkat};

/// Those of the standard output and of the standard error.
pub fn files() -> Vec<Pinned> {
    [file(io::stdout().as_fd(), 1), file(io::stderr().as_fd(), 2)].into_iter().flatten().collect()
}

fn file(descriptor: BorrowedFd<'_>, number: u8) -> Option<Pinned> {
    let found = fstat(descriptor).ok()?;
    let written = fcntl_getfl(descriptor).ok()?.intersects(OFlags::WRONLY | OFlags::RDWR);
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile || !written {
        return None;
    }
    let path = readlinkat(CWD, format!("/proc/self/fd/{number}"), Vec::new()).ok()?.into_bytes();
    Some(Pinned { path, device: found.st_dev, inode: found.st_ino })
}
