//! Files of root's, shown as those of the run's user.
//!
//! In a user namespace with one user, root's files belong to nobody, and programs that take settings only from root or from
//! their user refuse them. What can't be shown so stays as it is.

use std::{
    ffi::{CStr, OsStr},
    fs::File,
    io::{self, Read},
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, fstat, mkdirat, openat},
    io::Errno,
};

use super::mounts::{ATTR_NODEV, ATTR_NOEXEC, ATTR_NOSUID, ATTR_RDONLY, attach, detached_copy};

/// No settings are longer.
const MOST_BYTES: u64 = 64 * 1024;

/// A copy of a file, ready to be shown in its place.
pub struct OwnCopy {
    path: PathBuf,
    device: u64,
    inode: u64,
    copy: OwnedFd,
}

/// Copies `files` into the new directory `into`, as far as this user can read them.
pub fn make(files: &[Vec<u8>], into: &CStr) -> Vec<OwnCopy> {
    if files.is_empty() || mkdirat(CWD, into, Mode::RWXU).is_err() {
        return Vec::new();
    }
    let copy = |(number, path): (usize, &Vec<u8>)| copy(Path::new(OsStr::from_bytes(path)), into, number).ok();
    files.iter().enumerate().filter_map(copy).collect()
}

fn copy(path: &Path, into: &CStr, number: usize) -> io::Result<OwnCopy> {
    let original =
        openat(CWD, path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    let found = fstat(&original)?;
    let mut text = Vec::new();
    File::from(original).take(MOST_BYTES + 1).read_to_end(&mut text)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile || text.len() as u64 > MOST_BYTES {
        return Err(Errno::FBIG.into());
    }
    let mut place = into.to_bytes().to_vec();
    place.extend(format!("/{number}\0").into_bytes());
    let place = CStr::from_bytes_with_nul(&place).map_err(|_| Errno::INVAL)?;
    let create = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(found.st_mode & 0o555);
    io::Write::write_all(&mut File::from(openat(CWD, place, create, mode)?), &text)?;
    let copy = detached_copy(CWD, place, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC)?;
    Ok(OwnCopy { path: path.to_path_buf(), device: found.st_dev, inode: found.st_ino, copy })
}

impl OwnCopy {
    /// Puts the copy over its original, unless that is hidden, or has become something else.
    pub fn show(self) {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if let Ok(original) = openat(CWD, self.path.as_path(), flags, Mode::empty())
            && fstat(&original).is_ok_and(|found| (found.st_dev, found.st_ino) == (self.device, self.inode))
        {
            let _ = attach(&self.copy, &original);
        }
    }
}
