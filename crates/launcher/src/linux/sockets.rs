//! The sockets of host services in the file system.
//!
//! A socket file is connected to through any mount, also through a read-only one, and no network namespace keeps it apart.
//! So `/run`, where services put theirs, becomes a directory of the sandbox's own with the few things in it that programs
//! read; and what listens elsewhere when the sandbox is made is covered.

use std::{
    ffi::{CStr, CString, OsStr},
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use codex_launcher::protocol::{LaunchPlan, Pinned, Refusal, Step};
use rustix::{
    fs::{CWD, FileType, Mode, OFlags, fstat, openat, readlinkat, symlinkat},
    io::Errno,
    process::geteuid,
};

use super::{
    mounts::{
        ATTR_NODEV, ATTR_NOSUID, ATTR_RDONLY, attach, clone_tree, detached_copy, hide, make_directories,
        make_read_only, mount_tmpfs,
    },
    setup::{During, SetupError},
};

/// Where host services put their sockets.
const RUN: &CStr = c"/run";

/// The same directory under its older name, where it is not a link to it.
const VAR_RUN: &CStr = c"/var/run";

/// Where programs lock devices and each other.
pub const LOCKS: &str = "/run/lock";

/// `/run` itself holds names, no data.
const RUN_BYTES: u64 = 256 * 1024;

/// What programs read in `/run`: name resolution, the system profiles of NixOS, media of the user, devices, mounts, who is
/// logged in. None of it is a socket, and in none of it services make sockets.
const KEPT: [&str; 16] = [
    "/run/systemd/resolve/resolv.conf",
    "/run/systemd/resolve/stub-resolv.conf",
    "/run/resolvconf/resolv.conf",
    "/run/NetworkManager/resolv.conf",
    "/run/NetworkManager/no-stub-resolv.conf",
    "/run/connman/resolv.conf",
    "/run/systemd/system",
    "/run/current-system",
    "/run/booted-system",
    "/run/opengl-driver",
    "/run/opengl-driver-32",
    "/run/media",
    "/run/udev/data",
    "/run/mount/utab",
    "/run/utmp",
    "/run/shm",
];

/// How often a socket is looked for that is removed whenever it is found.
const ATTEMPTS: usize = 100;

/// What is taken before anything is covered.
pub struct Taken<'a> {
    kept: Vec<(&'static str, Kept)>,
    granted: Vec<(&'a Pinned, OwnedFd)>,
}

enum Kept {
    Tree(OwnedFd),
    Link(CString),
}

/// Takes what stays in `/run`, and the sockets that are granted.
pub fn take(plan: &LaunchPlan) -> Result<Taken<'_>, SetupError> {
    let kept = KEPT.into_iter().filter_map(|path| Some((path, keep(path).transpose()?)));
    let kept = kept.map(|(path, kept)| Ok((path, kept?))).collect::<Result<_, Errno>>().during(Step::Sockets)?;
    let granted = plan.sockets.iter().map(|pinned| Ok((pinned, clone_tree(pinned, Step::Sockets)?)));
    Ok(Taken { kept, granted: granted.collect::<Result<_, SetupError>>()? })
}

/// Covers `/run`, and puts back what stays there. In it are two directories that runs may write, because programs do: that of
/// `locks`, and the user's `runtime` directory, which `XDG_RUNTIME_DIR` names where a session has set it.
pub fn cover_run(taken: &Taken<'_>, locks: &OwnedFd, runtime: &OwnedFd) -> Result<(), SetupError> {
    cover(taken, locks, runtime).during(Step::Sockets)
}

/// Where the user's runtime directory is.
pub fn runtime_directory() -> PathBuf {
    PathBuf::from(format!("/run/user/{}", geteuid().as_raw()))
}

/// Covers the sockets that were found elsewhere, shows those that are granted, and closes `/run`.
pub fn finish(plan: &LaunchPlan, taken: Taken<'_>) -> Result<(), SetupError> {
    for path in &plan.hidden_sockets {
        cover_socket(Path::new(OsStr::from_bytes(path))).during(Step::Sockets)?;
    }
    for (pinned, tree) in taken.granted {
        let path = Path::new(OsStr::from_bytes(&pinned.path));
        open_or_make_file(path).and_then(|target| attach(&tree, &target)).map_err(|errno| Refusal {
            step: Step::Sockets,
            errno: errno.raw_os_error(),
            path: Some(pinned.path.clone()),
        })?;
    }
    for directory in [RUN, VAR_RUN] {
        if exists_as_directory(directory).during(Step::Sockets)? {
            make_read_only(directory).during(Step::Sockets)?;
        }
    }
    Ok(())
}

fn keep(path: &str) -> Result<Option<Kept>, Errno> {
    let found = match openat(CWD, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => return Ok(None),
        other => other?,
    };
    match FileType::from_raw_mode(fstat(&found)?.st_mode) {
        FileType::Symlink => readlinkat(&found, c"", Vec::new()).map(Kept::Link).map(Some),
        FileType::Directory | FileType::RegularFile => {
            let path = CString::new(path).map_err(|_| Errno::INVAL)?;
            detached_copy(CWD, &path, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV).map(Kept::Tree).map(Some)
        }
        _ => Ok(None),
    }
}

fn cover(taken: &Taken<'_>, locks: &OwnedFd, runtime: &OwnedFd) -> Result<(), Errno> {
    for directory in [RUN, VAR_RUN] {
        if exists_as_directory(directory)? {
            mount_tmpfs(directory, RUN_BYTES, 0o755)?;
        }
    }
    if !exists_as_directory(RUN)? {
        return Ok(());
    }
    for (path, kept) in &taken.kept {
        let path = Path::new(path);
        match kept {
            Kept::Link(target) => {
                let (parent, name) = (path.parent().ok_or(Errno::INVAL)?, path.file_name().ok_or(Errno::INVAL)?);
                symlinkat(target, make_directories(parent)?, name)?;
            }
            Kept::Tree(tree) if is_directory(tree)? => attach(tree, &make_directories(path)?)?,
            Kept::Tree(tree) => attach(tree, &open_or_make_file(path)?)?,
        }
    }
    attach(locks, &make_directories(Path::new(LOCKS))?)?;
    attach(runtime, &make_directories(&runtime_directory())?)
}

/// Covers a socket. One that is removed at that moment is looked for again: it may have been made anew.
fn cover_socket(path: &Path) -> Result<(), Errno> {
    (0..ATTEMPTS)
        .map(|_| cover_if_socket(path))
        .find(|covered| *covered != Err(Errno::NOENT))
        .unwrap_or(Err(Errno::NOENT))
}

/// Only a socket is covered: the list was read from names that any user of the host can choose.
fn cover_if_socket(path: &Path) -> Result<(), Errno> {
    match openat(CWD, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        // Gone, hidden already, or out of this user's reach.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => Ok(()),
        found => {
            let found = found?;
            match FileType::from_raw_mode(fstat(&found)?.st_mode) {
                FileType::Socket => hide(&found),
                _ => Ok(()),
            }
        }
    }
}

fn open_or_make_file(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(CWD, path, flags, Mode::empty()) {
        Err(Errno::NOENT) => {
            let (parent, name) = (path.parent().ok_or(Errno::INVAL)?, path.file_name().ok_or(Errno::INVAL)?);
            let parent = make_directories(parent)?;
            let create = OFlags::CREATE | OFlags::EXCL | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            drop(openat(&parent, name, create, Mode::from_raw_mode(0o444))?);
            openat(&parent, name, flags, Mode::empty())
        }
        other => other,
    }
}

fn exists_as_directory(path: &CStr) -> Result<bool, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat(CWD, path, flags, Mode::empty()) {
        Ok(_) => Ok(true),
        // No such directory, or a link to the other one.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(false),
        Err(other) => Err(other),
    }
}

fn is_directory(tree: &OwnedFd) -> Result<bool, Errno> {
    Ok(FileType::from_raw_mode(fstat(tree)?.st_mode) == FileType::Directory)
}
