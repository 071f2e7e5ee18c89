//! What stands at a name in an open directory, whatever a run made of it: no link is followed, and nothing is waited for.

use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, StatxFlags, openat, readlinkat, statat, statx},
    io::Errno,
};

/// The largest settings or pointer file that is read.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// What tells an object from another one that has its name later: the system gives the number of an inode again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    inode: u64,
    /// When it was made, in seconds and nanoseconds; zeros where the file system doesn't say it.
    born: (i64, u32),
}

/// The path in the text of a `.git` file.
pub fn pointer(text: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    text.strip_prefix(b"gitdir:").map(|path| Path::new(OsStr::from_bytes(path.trim_ascii())))
}

/// The git directory of the repository that a worktree belongs to; that of a submodule is its own.
pub fn common(git_directory: &Path) -> Option<PathBuf> {
    let landed = std::fs::canonicalize(git_directory).ok()?;
    match landed.parent() {
        Some(inner) if inner.ends_with("worktrees") => inner.parent().map(Path::to_path_buf),
        _ => Some(landed),
    }
}

/// What has a name, if anything has; a link is not followed.
pub fn identity(directory: &OwnedFd, name: &Path) -> Option<(FileType, Identity)> {
    let wanted = StatxFlags::TYPE | StatxFlags::INO | StatxFlags::BTIME;
    match statx(directory, name, AtFlags::SYMLINK_NOFOLLOW, wanted) {
        Ok(found) => {
            let told = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::BTIME);
            let born = if told { (found.stx_btime.tv_sec, found.stx_btime.tv_nsec) } else { (0, 0) };
            Some((FileType::from_raw_mode(found.stx_mode.into()), Identity { inode: found.stx_ino, born }))
        }
        // A container may close this call.
        Err(Errno::NOSYS | Errno::PERM) => {
            let found = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            Some((FileType::from_raw_mode(found.st_mode), Identity { inode: found.st_ino, born: (0, 0) }))
        }
        Err(_) => None,
    }
}

/// What kind of thing has a name.
pub fn kind_of(directory: &OwnedFd, name: &Path) -> Option<FileType> {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|found| FileType::from_raw_mode(found.st_mode))
}

/// What stands in a link.
pub fn target(directory: &OwnedFd, name: &Path) -> PathBuf {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    readlinkat(directory, name, Vec::new()).map(|link| OsString::from_vec(link.into_bytes()).into()).unwrap_or_default()
}

/// A regular file's content; `None` when it is none, or too large to be what it should be.
pub fn read(directory: &OwnedFd, name: &Path) -> Option<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(directory, name, flags, Mode::empty()).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut text).ok()?;
    (read as u64 <= MAX_FILE_BYTES).then_some(text)
}
