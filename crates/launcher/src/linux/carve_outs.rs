//! What stays read-only inside writable directories.
//!
//! Each is bound on itself, read-only: a mount point can't be renamed, removed or replaced. The directories between it and
//! the writable one are bound on themselves as they are, so that none of them can be moved away either, and another put in
//! its place.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use codex_launcher::protocol::{Held, LaunchPlan, Pinned, Refusal, Step};
use rustix::{
    fs::{Mode, OFlags, ResolveFlags, openat2},
    io::Errno,
};

use super::{
    mounts::{ATTR_NODEV, ATTR_NOSUID, ATTR_RDONLY, attach, detached_copy, open_pinned},
    setup::SetupError,
};

/// Holds what the plan names, in its writable directories as they are mounted now; returns the places in the plan of what is
/// not there any more.
pub fn hold(plan: &LaunchPlan) -> Result<Vec<u32>, SetupError> {
    let mut pinned_directories = BTreeSet::new();
    let mut unheld = Vec::new();
    for (number, held) in (0..).zip(&plan.held) {
        let Some(root) = plan.writable.get(held.root as usize) else {
            return Err(Refusal { step: Step::Hold, errno: Errno::INVAL.raw_os_error(), path: None });
        };
        match hold_one(root, held, &mut pinned_directories) {
            Ok(()) => {}
            // It went away since it was found: there is nothing to hold, and what takes its place is checked later.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => unheld.push(number),
            Err(errno) => {
                let path = path_of(root).join(below(held)).into_os_string().into_encoded_bytes();
                return Err(Refusal { step: Step::Hold, errno: errno.raw_os_error(), path: Some(path) });
            }
        }
    }
    Ok(unheld)
}

fn hold_one(root: &Pinned, held: &Held, pinned: &mut BTreeSet<(u32, PathBuf)>) -> Result<(), Errno> {
    // Opened anew each time: the last mounts lie above what was open before.
    let mut between: Vec<&Path> = below(held).ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()).collect();
    between.reverse();
    for directory in between {
        if !pinned.contains(&(held.root, directory.to_path_buf())) {
            bind_on_itself(&open_below(root, directory)?, ATTR_NOSUID | ATTR_NODEV)?;
            pinned.insert((held.root, directory.to_path_buf()));
        }
    }
    bind_on_itself(&open_below(root, below(held))?, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV)
}

fn bind_on_itself(target: &OwnedFd, attributes: u64) -> Result<(), Errno> {
    attach(&detached_copy(target.as_fd(), c"", attributes)?, target)
}

fn open_below(root: &Pinned, below: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(open_pinned(root)?, below, flags, Mode::empty(), resolve)
}

fn below(held: &Held) -> &Path {
    Path::new(OsStr::from_bytes(&held.below))
}

fn path_of(pinned: &Pinned) -> &Path {
    Path::new(OsStr::from_bytes(&pinned.path))
}
