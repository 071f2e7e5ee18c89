//! Removing directories that a run may have filled.
//!
//! What is in them can be deeper than any stack or table of descriptors, and closed to its own user. So nothing here calls
//! itself: whatever lies deeper is moved up before it is emptied, and a right that is missing is taken back.

use std::{
    ffi::CString,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{AtFlags, Dir, Mode, OFlags, RenameFlags, chmod, fstat, openat, renameat_with, unlinkat},
    io::Errno,
    path::Arg,
};

/// How often a directory is emptied that others fill meanwhile.
const ATTEMPTS: usize = 100;

/// Removes the directory that has a name in another one, with all that it holds. Follows no link.
///
/// # Errors
/// What the system says of the directory, or of the first thing in it that can't be removed.
pub fn remove_tree(from: BorrowedFd<'_>, name: impl Arg) -> Result<(), Errno> {
    let name = name.into_c_str()?;
    let top = open(from, &*name)?;
    let mut moved = 0_u64;
    for _ in 0..ATTEMPTS {
        empty(&top, &mut moved)?;
        match unlinkat(from, &*name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            other => return other,
        }
    }
    Err(Errno::NOTEMPTY)
}

/// Gives the owner of an open directory these rights, if that is this user; else what needs them will say so.
pub fn permit(directory: impl AsFd, rights: Mode) {
    let directory = directory.as_fd();
    if let Ok(found) = fstat(directory)
        && !Mode::from_raw_mode(found.st_mode).contains(rights)
    {
        let mode = Mode::from_raw_mode(found.st_mode & 0o7777) | rights;
        let _ = chmod(format!("/proc/self/fd/{}", directory.as_raw_fd()), mode);
    }
}

/// Empties a directory; `moved` counts the names that were given in it.
fn empty(top: &OwnedFd, moved: &mut u64) -> Result<(), Errno> {
    let mut directories = Vec::new();
    for name in names(top)? {
        if !remove_file(top, &name)? {
            directories.push(name);
        }
    }
    while let Some(directory) = directories.pop() {
        let opened = open(top.as_fd(), &directory)?;
        for name in names(&opened)? {
            if !remove_file(&opened, &name)? {
                directories.push(move_up(&opened, &name, top, moved)?);
            }
        }
        match unlinkat(top, &directory, AtFlags::REMOVEDIR) {
            // Filled again: the next attempt finds it.
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// Removes what is no directory; `false`: it is one.
fn remove_file(directory: &OwnedFd, name: &CString) -> Result<bool, Errno> {
    match unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        // As POSIX has it, and as Linux does.
        Err(Errno::PERM | Errno::ISDIR) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Moves a directory into `top`, under a new name, which it returns.
fn move_up(from: &OwnedFd, name: &CString, top: &OwnedFd, moved: &mut u64) -> Result<CString, Errno> {
    // To be moved, it must be writable itself.
    drop(open(from.as_fd(), name)?);
    loop {
        *moved += 1;
        let new_name = CString::new(format!(".removed-{moved}")).map_err(|_| Errno::INVAL)?;
        match renameat_with(from, name, top, &new_name, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(new_name),
            Err(Errno::EXIST) => {}
            Err(other) => return Err(other),
        }
    }
}

/// Opens a directory with all rights of its owner.
fn open(from: BorrowedFd<'_>, name: impl Arg) -> Result<OwnedFd, Errno> {
    const FLAGS: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    let place = openat(from, name, OFlags::PATH | FLAGS, Mode::empty())?;
    permit(&place, Mode::RWXU);
    openat(&place, c".", OFlags::RDONLY | FLAGS, Mode::empty())
}

fn names(directory: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File, Permissions},
        os::{
            fd::AsFd,
            unix::fs::{PermissionsExt, symlink},
        },
    };

    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

    use super::remove_tree;

    #[test]
    fn what_is_deeper_than_a_stack_goes_and_what_links_lead_to_stays() {
        // In memory, where so many are made in no time.
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let kept = folder.path().join("kept");
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "kept").unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir(&tree).unwrap();
        symlink(&kept, tree.join("link")).unwrap();
        let mut here = openat(CWD, &tree, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..20_000 {
            mkdirat(&here, c"deeper", Mode::RWXU).unwrap();
            here = openat(&here, c"deeper", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
        }
        drop(here);
        remove_tree(File::open(folder.path()).unwrap().as_fd(), c"tree").unwrap();
        assert!(!tree.exists());
        assert_eq!(fs::read(kept.join("file")).unwrap(), b"kept");
    }

    #[test]
    fn what_is_closed_to_its_owner_goes() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("tree/inner");
        fs::create_dir_all(inner.join("innermost")).unwrap();
        fs::write(inner.join("innermost/.removed-1"), "").unwrap();
        fs::write(folder.path().join("tree/.removed-1"), "").unwrap();
        for closed in [inner.join("innermost"), inner, folder.path().join("tree")] {
            fs::set_permissions(closed, Permissions::from_mode(0o000)).unwrap();
        }
        remove_tree(File::open(folder.path()).unwrap().as_fd(), c"tree").unwrap();
        assert!(!folder.path().join("tree").exists());
    }
}
