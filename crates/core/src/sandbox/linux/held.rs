//! The launcher as it was when this process loaded the package.
//!
//! A program may go on for days, and its package be updated meanwhile: what lies at the launcher's path is that of another
//! version then, or nothing at all. So the file is held open, and started by that handle when its path leads elsewhere.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::fs::{CWD, Mode, OFlags, fstat, openat, stat};

static HELD: Mutex<BTreeMap<PathBuf, OwnedFd>> = Mutex::new(BTreeMap::new());

/// Holds the launcher at `path` from now on. One that can't be opened is missed by whoever starts it, who can say so.
pub fn hold_launcher(path: &Path) {
    let mut held = held();
    if !held.contains_key(path)
        && let Ok(file) = openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
    {
        held.insert(path.to_path_buf(), file);
    }
}

/// Where the launcher of `path` is to be executed, by this process or by one that it forked.
#[must_use]
pub fn launcher_place(path: &Path) -> Cow<'_, Path> {
    let held = held();
    let Some(file) = held.get(path) else {
        return Cow::Borrowed(path);
    };
    match (stat(path), fstat(file)) {
        (Ok(there), Ok(ours)) if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino) => Cow::Borrowed(path),
        _ => Cow::Owned(format!("/proc/self/fd/{}", file.as_raw_fd()).into()),
    }
}

fn held() -> MutexGuard<'static, BTreeMap<PathBuf, OwnedFd>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{hold_launcher, launcher_place};

    #[test]
    fn what_was_held_is_found_after_its_path_leads_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("launcher"), dir.path().join("other"));
        assert_eq!(launcher_place(&path), path, "nothing is held");
        fs::write(&path, "ours").unwrap();
        hold_launcher(&path);
        assert_eq!(launcher_place(&path), path);
        fs::write(&other, "another version's").unwrap();
        fs::rename(&other, &path).unwrap();
        hold_launcher(&path);
        assert_eq!(fs::read_to_string(launcher_place(&path)).unwrap(), "ours");
        fs::remove_file(&path).unwrap();
        assert_eq!(fs::read_to_string(launcher_place(&path)).unwrap(), "ours");
        assert_eq!(launcher_place(Path::new("/nowhere/else")), Path::new("/nowhere/else"));
    }
}
