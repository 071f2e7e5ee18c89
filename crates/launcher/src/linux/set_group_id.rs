//! Setting the set-group-id bit of a directory, for a run that asks for it.
//!
//! On a directory the bit only says which group new files belong to, and teams share folders and repositories by it. On a
//! file it acts for its group on the host. A filter sees the bit and not what it is for; what a path leads to can change
//! between a look and the call. So the call is never made by the run: it is made here, on a directory that is held open.

use std::os::fd::{AsRawFd, OwnedFd};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, chmod, fstat, openat, readlinkat},
    io::Errno,
};
use syscalls::Sysno;

use super::{
    notifications::Call,
    process::{Process, strip_root},
    watch_table::Place,
};

/// How many links a path may lead through, as in the kernel.
const MOST_LINKS: usize = 40;

/// A change of a mode that sets the bit.
pub struct Change {
    target: Target,
    mode: Mode,
}

enum Target {
    /// An open file, by its number.
    Open(u64),
    Path {
        place: Place,
        follow: bool,
    },
}

/// The change that a call asks for, if it would set the bit. All that decides stands in the call's registers.
pub fn asked(call: &Call) -> Option<Change> {
    let argument = |index: usize| call.data.args.get(index).copied().unwrap_or(0);
    let at = Place { directory: Some(0), path: 1 };
    let (target, mode) = match libc::c_long::from(call.data.nr) {
        libc::SYS_fchmod => (Target::Open(argument(0)), argument(1)),
        libc::SYS_fchmodat => (Target::Path { place: at, follow: true }, argument(2)),
        number if number == Sysno::fchmodat2 as libc::c_long => {
            let flags = AtFlags::from_bits_retain(argument(3) as u32);
            (Target::Path { place: at, follow: !flags.contains(AtFlags::SYMLINK_NOFOLLOW) }, argument(2))
        }
        #[cfg(target_arch = "x86_64")]
        libc::SYS_chmod => (Target::Path { place: Place { directory: None, path: 0 }, follow: true }, argument(1)),
        _ => return None,
    };
    // The kernel ignores the rest.
    let mode = Mode::from_raw_mode(mode as u32 & 0o7777);
    mode.contains(Mode::SGID).then_some(Change { target, mode })
}

impl Change {
    /// Makes the change, if it is one of a directory. `is_waiting` is asked when the directory is held: only then was it
    /// found through the process that made the call.
    pub fn make(self, call: &Call, is_waiting: impl FnOnce() -> bool) -> Result<(), Errno> {
        if self.mode.contains(Mode::SUID) {
            return Err(Errno::PERM);
        }
        let process = Process::new(call);
        let object = match self.target {
            Target::Open(number) => hold(&process.open_file(number as i32))?,
            Target::Path { place, follow } => walk(&process, place, follow)?,
        };
        if !is_waiting() {
            return Err(Errno::SRCH);
        }
        if FileType::from_raw_mode(fstat(&object)?.st_mode) != FileType::Directory {
            return Err(Errno::PERM);
        }
        // An object that is held without any right is changed by this name of it. Its mount, read-only or not, decides.
        chmod(format!("/proc/self/fd/{}", object.as_raw_fd()), self.mode)
    }
}

/// Opens a place that a process has in `/proc`, without any right.
fn hold(place: &str) -> Result<OwnedFd, Errno> {
    openat(CWD, place, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}

/// Holds what a path leads to. Links are read and not followed: one in `/proc` would lead to what is ours.
fn walk(process: &Process<'_>, place: Place, follow: bool) -> Result<OwnedFd, Errno> {
    let path = process.path(place)?;
    let mut here = hold(&process.base(place, &path))?;
    let mut left = components(&path);
    let mut links = 0;
    while let Some(name) = left.pop() {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let next = openat(&here, name.as_slice(), flags, Mode::empty())?;
        let is_link = FileType::from_raw_mode(fstat(&next)?.st_mode) == FileType::Symlink;
        if is_link && (follow || !left.is_empty()) {
            links += 1;
            if links > MOST_LINKS {
                return Err(Errno::LOOP);
            }
            let target = readlinkat(&next, c"", Vec::new())?.into_bytes();
            if target.starts_with(b"/") {
                here = hold(&process.root())?;
            }
            left.extend(components(&target));
        } else {
            here = next;
        }
    }
    Ok(here)
}

/// The names of a path, the last first.
fn components(path: &[u8]) -> Vec<Vec<u8>> {
    strip_root(path).split(|&byte| byte == b'/').filter(|name| !name.is_empty()).rev().map(<[u8]>::to_vec).collect()
}
