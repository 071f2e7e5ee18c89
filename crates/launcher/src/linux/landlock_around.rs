//! Rules for reading everything but what is hidden.
//!
//! Landlock can't take a right away below a directory that has it. So the right is given to the neighbours of what is
//! hidden instead, level by level from the root down; a name that appears on one of those levels later has no right.

use std::{
    ffi::{CString, OsStr},
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use codex_launcher::protocol::{LaunchPlan, Pinned};
use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, openat},
    io::Errno,
};

use super::mounts::open_pinned;

/// Opens everything that may be read, given what is hidden, as objects whose whole trees may be read.
pub fn readable(plan: &LaunchPlan) -> Result<Vec<OwnedFd>, Errno> {
    let hidden: Vec<&Path> = plan.hidden.iter().map(path_of).collect();
    let mut objects = Vec::new();
    let mut levels = vec![PathBuf::from("/")];
    while let Some(level) = levels.pop() {
        for name in names(&level)? {
            let path = level.join(OsStr::from_bytes(name.as_bytes()));
            if hidden.contains(&path.as_path()) {
                continue;
            }
            if hidden.iter().any(|hidden| hidden.starts_with(&path)) {
                levels.push(path);
                continue;
            }
            match openat(CWD, &path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
                Ok(object) => objects.push(object),
                // Gone again, or not for this user.
                Err(Errno::NOENT | Errno::ACCESS) => {}
                Err(other) => return Err(other),
            }
        }
    }
    for kept in &plan.visible {
        objects.push(open_pinned(kept)?);
    }
    Ok(objects)
}

/// The names in a directory but for symbolic links, which lead to where they have no say.
fn names(level: &Path) -> Result<Vec<CString>, Errno> {
    let directory = openat(CWD, level, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let directory = match directory {
        // What can't be listed can't be granted by name.
        Err(Errno::ACCESS) => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in Dir::read_from(&directory)? {
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
