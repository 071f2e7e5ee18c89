//! Where a log lives: one file with its rotated predecessors, or a folder with one file per writer.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{Dir, lock, size_limit, stat};
#[cfg(not(unix))]
mod windows;
#[cfg(not(unix))]
pub(crate) use windows::{Dir, lock, size_limit, stat};

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    Read,
    Append,
    New,
}

/// A lock on a log file, which all writers of the file respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Held while appending.
    Shared,
    /// Held while rotating or mending.
    Exclusive,
    /// Like `Exclusive`, but fails instead of waiting.
    TryExclusive,
    None,
}

/// What a file is and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    /// Device and inode, where the system has them.
    pub(crate) id: Option<(u64, u64)>,
    /// Bytes.
    pub(crate) size: u64,
}

impl Stat {
    /// Whether both are the same file; without ids, they are taken to be.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// The files of one log.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) dir: Dir,
    /// The file name of a one-file log; nothing for a folder.
    pub(crate) name: Option<String>,
    /// For messages.
    pub(crate) path: PathBuf,
}

/// The end of a segment's file name in a log folder.
pub(crate) const SEGMENT: &str = ".jsonl";

impl Store {
    /// Opens the place of a log. A path that ends in a separator, or is a folder, is a log folder; else it is a file.
    pub(crate) fn open(path: &Path, create: bool) -> io::Result<Self> {
        let ends_in_separator = path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
        let link = std::fs::symlink_metadata(path).ok();
        if link.as_ref().is_some_and(|m| m.file_type().is_symlink()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a symbolic link stands in its place"));
        }
        if ends_in_separator || link.is_some_and(|m| m.is_dir()) {
            return Ok(Self { dir: Dir::open(path, create, false)?, name: None, path: path.to_owned() });
        }
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the path names no file, or its name is not UTF-8")
        })?;
        let parent = path.parent().unwrap_or(Path::new("."));
        Ok(Self { dir: Dir::open(parent, create, true)?, name: Some(name.to_owned()), path: path.to_owned() })
    }

    /// The name of the signing key that is made on first use.
    pub(crate) fn key_name(&self) -> String {
        self.name.as_ref().map_or_else(|| "audit.key".to_owned(), |name| format!("{name}.key"))
    }

    /// Whether each writer has a file of its own.
    pub(crate) fn is_folder(&self) -> bool {
        self.name.is_none()
    }

    /// The names of its files, oldest first.
    pub(crate) fn files(&self) -> io::Result<Vec<String>> {
        let mut names = self.dir.names()?;
        let log = self.name.as_deref();
        names.retain(|file| match log {
            Some(name) => rotation_number(name, file).is_some(),
            None => file.ends_with(SEGMENT) && !file.starts_with('.'),
        });
        let number = |file: &str| log.and_then(|name| rotation_number(name, file));
        names.sort_unstable_by(|a, b| {
            // Without the ending, so that the first part of a session comes before its `-000001`.
            number(a).cmp(&number(b)).then_with(|| a.trim_end_matches(SEGMENT).cmp(b.trim_end_matches(SEGMENT)))
        });
        let Some(name) = log else { return Ok(names) };
        if let Some(current) = self.dir.stat(name)? {
            // A crash between the two steps of a rotation leaves the current file under both names.
            if let Some(last) = names.last()
                && self.dir.stat(last)?.is_some_and(|stat| stat.id.is_some() && stat.is_same(&current))
            {
                names.pop();
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }

    /// The name that the current file gets when it is rotated.
    pub(crate) fn next_rotated(&self, name: &str) -> io::Result<String> {
        let last = self.dir.names()?.iter().filter_map(|file| rotation_number(name, file)).max().unwrap_or(0);
        Ok(format!("{name}.{:06}", last + 1))
    }
}

/// Where a log is to be read and none is.
pub(crate) fn no_log(store: &Store) -> io::Error {
    let what = if store.is_folder() { "no log file (*.jsonl) is in this folder" } else { "there is no such log" };
    io::Error::new(io::ErrorKind::NotFound, what)
}

/// `a.jsonl.000012` is number 12 of `a.jsonl`.
pub(crate) fn rotation_number(name: &str, file: &str) -> Option<u64> {
    let digits = file.strip_prefix(name)?.strip_prefix('.')?;
    (digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The last `length` bytes in front of `end`, or fewer at the start of the file.
pub(crate) fn read_before(mut file: &File, end: u64, length: u64) -> io::Result<Vec<u8>> {
    let start = end.saturating_sub(length);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(end - start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where the last line that ends before `end` starts, and where it ends without its newline. `end` is behind a newline.
pub(crate) fn last_line(file: &File, end: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut length = 4096;
    loop {
        let bytes = read_before(file, end, length)?;
        let body = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        if let Some(at) = memchr::memrchr(b'\n', body) {
            return Ok((end - (bytes.len() - at - 1) as u64, body[at + 1..].to_vec()));
        }
        if bytes.len() as u64 == end || length > crate::record::LONGEST_LINE as u64 * 2 {
            return Ok((end - bytes.len() as u64, body.to_vec()));
        }
        length *= 8;
    }
}
