//! Where things go that a run made and that would run code on the host.

use std::{
    fs, io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::PermissionsExt,
    },
    path::{Path, PathBuf},
};

use codex_launcher::removal::{permit, remove_tree};
use rustix::{
    fs::{
        AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, mkdirat, openat, readlinkat, renameat_with, statat,
        symlinkat, unlinkat,
    },
    io::Errno,
};

/// The largest file that is copied where it can't be moved; of a larger one nothing is kept.
const MAX_COPIED_BYTES: u64 = 1024 * 1024;
/// How many entries of a directory are copied.
const MAX_COPIED_ENTRIES: usize = 1_000;

/// A private directory of the host, made when it is first needed, and left there for the user.
#[derive(Debug, Default)]
pub struct Quarantine {
    directory: Option<(PathBuf, OwnedFd)>,
    count: usize,
}

impl Quarantine {
    /// Takes `name` out of a directory; returns where it is now, or `None` when it could only be removed.
    ///
    /// # Errors
    /// When it can neither be moved nor removed.
    pub fn take(&mut self, from: BorrowedFd<'_>, name: &Path, roots: &[&Path]) -> Result<Option<PathBuf>, Errno> {
        self.count += 1;
        let new_name = format!("{}-{}", self.count, name.display());
        let moved = match self.directory(roots) {
            Some((path, handle)) => put(from, name, handle, Path::new(&new_name)).then(|| path.join(&new_name)),
            None => None,
        };
        match statat(from, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(moved),
            _ => remove(from, name).map(|()| moved),
        }
    }

    fn directory(&mut self, roots: &[&Path]) -> Option<(&Path, BorrowedFd<'_>)> {
        if self.directory.is_none() {
            // Not where a run could reach it.
            let parents = [std::env::temp_dir(), "/var/tmp".into(), "/tmp".into()];
            let outside = |parent: &PathBuf| {
                fs::canonicalize(parent).is_ok_and(|parent| !roots.iter().any(|root| parent.starts_with(root)))
            };
            let parent = parents.into_iter().find(outside)?;
            let mut builder = tempfile::Builder::new();
            let made = builder
                .prefix("codex-quarantine-")
                .permissions(fs::Permissions::from_mode(0o700))
                .tempdir_in(parent)
                .ok()?;
            let path = made.keep();
            let handle = openat(CWD, &path, DIRECTORY, Mode::empty()).ok()?;
            self.directory = Some((path, handle));
        }
        self.directory.as_ref().map(|(path, handle)| (path.as_path(), handle.as_fd()))
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Moves, or copies what can't be moved; whether all of it is there.
fn put(from: BorrowedFd<'_>, name: &Path, to: BorrowedFd<'_>, new_name: &Path) -> bool {
    let mut moved = renameat_with(from, name, to, new_name, RenameFlags::NOREPLACE);
    if moved == Err(Errno::ACCESS) {
        // A directory that is moved has to be writable, as well as the one that it is in.
        permit(from, Mode::RWXU);
        if let Ok(directory) = openat(from, name, DIRECTORY | OFlags::PATH, Mode::empty()) {
            permit(directory, Mode::RWXU);
        }
        moved = renameat_with(from, name, to, new_name, RenameFlags::NOREPLACE);
    }
    match moved {
        Ok(()) => true,
        Err(Errno::XDEV) => copy(from, name, to, new_name, &mut 0).is_ok(),
        Err(_) => false,
    }
}

fn copy(from: BorrowedFd<'_>, name: &Path, to: BorrowedFd<'_>, new_name: &Path, copied: &mut usize) -> io::Result<()> {
    *copied += 1;
    if *copied > MAX_COPIED_ENTRIES {
        return Err(Errno::TOOBIG.into());
    }
    match FileType::from_raw_mode(statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode) {
        FileType::Symlink => Ok(symlinkat(readlinkat(from, name, Vec::new())?, to, new_name)?),
        FileType::Directory => {
            let source = openat(from, name, DIRECTORY, Mode::empty())?;
            mkdirat(to, new_name, Mode::RWXU)?;
            let target = openat(to, new_name, DIRECTORY, Mode::empty())?;
            for entry in names(&source)? {
                copy(source.as_fd(), &entry, target.as_fd(), &entry, copied)?;
            }
            Ok(())
        }
        FileType::RegularFile => {
            let source = openat(
                from,
                name,
                OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
                Mode::empty(),
            )?;
            let create = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let target = openat(to, new_name, create, Mode::RUSR | Mode::WUSR)?;
            io::copy(&mut io::Read::take(fs::File::from(source), MAX_COPIED_BYTES), &mut fs::File::from(target))
                .map(drop)
        }
        _ => Ok(()),
    }
}

/// Removes a file or a whole directory, following no link.
fn remove(from: BorrowedFd<'_>, name: &Path) -> Result<(), Errno> {
    match unlinkat(from, name, AtFlags::empty()) {
        Err(Errno::ACCESS) => permit(from, Mode::RWXU),
        Err(Errno::ISDIR | Errno::PERM) => {}
        other => return other,
    }
    match unlinkat(from, name, AtFlags::empty()) {
        Err(Errno::ISDIR | Errno::PERM) => remove_tree(from, name),
        other => other,
    }
}

/// The names in a directory.
pub fn names(directory: &OwnedFd) -> Result<Vec<PathBuf>, Errno> {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(PathBuf::from(OsStr::from_bytes(name)));
        }
    }
    Ok(names)
}
