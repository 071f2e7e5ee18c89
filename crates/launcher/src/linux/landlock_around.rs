//! Rules for reading everything but what is hidden.
//!
//! Landlock can't take a right away below a directory that has it. So the right is given to the neighbours of what is
//! hidden instead, level by level from the root down; a name that appears on one of those levels later has no right.

use std::{
    ffi::{CStr, CString, OsStr},
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use codex_launcher::protocol::{LaunchPlan, Pinned};
use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, openat},
    io::Errno,
};

use super::mounts::open_pinned;

/// The machine's devices: the few that are for everybody have rules of their own.
const DEVICES: &str = "/dev";

/// Opens everything that may be read, given what is hidden, as objects whose whole trees may be read.
pub fn readable(plan: &LaunchPlan) -> Result<Vec<OwnedFd>, Errno> {
    let hidden: Vec<&Path> = plan.hidden.iter().map(path_of).chain([Path::new(DEVICES)]).collect();
    let mut objects = Vec::new();
    around(CWD, c"/", Path::new("/"), &hidden, &mut objects)?;
    for kept in &plan.visible {
        let object = open_pinned(kept)?;
        let path = path_of(kept);
        // What lies in nothing that is hidden was found from the root.
        if hidden.iter().any(|hidden| path.starts_with(hidden)) {
            if hidden.iter().any(|hidden| hidden.starts_with(path) && *hidden != path) {
                around(&object, c".", path, &hidden, &mut objects)?;
            } else {
                objects.push(object);
            }
        }
    }
    Ok(objects)
}

/// Opens what is in a directory, and in those below it that hold something hidden, but for what is hidden.
fn around(at: impl AsFd, name: &CStr, path: &Path, hidden: &[&Path], objects: &mut Vec<OwnedFd>) -> Result<(), Errno> {
    let mut levels = vec![(open(&at, name, OFlags::RDONLY | OFlags::DIRECTORY)?, path.to_path_buf())];
    while let Some((level, path)) = levels.pop() {
        let Some(level) = level else { continue };
        for name in names(&level)? {
            let path: PathBuf = path.join(OsStr::from_bytes(name.as_bytes()));
            if hidden.contains(&path.as_path()) {
                continue;
            }
            if hidden.iter().any(|hidden| hidden.starts_with(&path)) {
                levels.push((open(&level, &name, OFlags::RDONLY | OFlags::DIRECTORY)?, path));
            } else {
                objects.extend(open(&level, &name, OFlags::PATH)?);
            }
        }
    }
    Ok(())
}

/// Opens a name; `None` for what is gone again, or not for this user: what can't be listed can't be granted by name.
fn open(at: impl AsFd, name: &CStr, flags: OFlags) -> Result<Option<OwnedFd>, Errno> {
    match openat(at, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(object) => Ok(Some(object)),
        Err(Errno::NOENT | Errno::ACCESS) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The names in a directory but for symbolic links, which lead to where they have no say.
fn names(level: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(level)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") && entry.file_type() != FileType::Symlink {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}

fn path_of(pinned: &Pinned) -> &Path {
    Path::new(OsStr::from_bytes(&pinned.path))
}
