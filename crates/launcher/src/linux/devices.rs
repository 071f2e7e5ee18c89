//! A `/dev` with the few nodes that programs need.

use std::{ffi::CStr, os::fd::OwnedFd};

use codex_launcher::protocol::{Boundary, Step};
use rustix::{
    fs::{CWD, Mode, OFlags, mkdirat, openat, symlinkat},
    io::Errno,
    mount::{MountFlags, mount},
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};

use super::{
    mounts::{ATTR_NOEXEC, ATTR_NOSUID, ATTR_RDONLY, attach, detached_copy, make_read_only, mount_tmpfs},
    setup::{During, SetupError},
};

/// An empty directory without any permission, to cover what may not be read.
pub const EMPTY_DIRECTORY: &CStr = c"/dev/.empty-directory";
/// An empty file without any permission, likewise.
pub const EMPTY_FILE: &CStr = c"/dev/.empty-file";

/// The nodes that are taken over from the host: none of them reaches a device of the machine.
const NODES: [&CStr; 6] = [c"/dev/null", c"/dev/zero", c"/dev/full", c"/dev/random", c"/dev/urandom", c"/dev/tty"];

/// The links that POSIX programs expect.
const LINKS: [(&CStr, &CStr); 5] = [
    (c"/proc/self/fd", c"/dev/fd"),
    (c"/proc/self/fd/0", c"/dev/stdin"),
    (c"/proc/self/fd/1", c"/dev/stdout"),
    (c"/proc/self/fd/2", c"/dev/stderr"),
    (c"pts/ptmx", c"/dev/ptmx"),
];

/// `/dev` itself holds names, no data.
const DEV_BYTES: u64 = 256 * 1024;

/// Takes detached copies of the host's nodes, before `/dev` is covered. A device on a read-only mount is written like any
/// other; but its mode, owner and times, which are those of the host's node, are not to be changed by a run of its owner.
pub fn clone_nodes() -> Result<Vec<(&'static CStr, OwnedFd)>, SetupError> {
    NODES
        .into_iter()
        .map(|path| {
            Ok((path, detached_copy(CWD, path, ATTR_RDONLY | ATTR_NOSUID | ATTR_NOEXEC).during(Step::Devices)?))
        })
        .collect()
}

/// Covers `/dev` and fills it; `shared_memory` becomes its `shm`.
pub fn build(nodes: Vec<(&'static CStr, OwnedFd)>, shared_memory: &OwnedFd) -> Result<(), SetupError> {
    fill(nodes, shared_memory).during(Step::Devices)
}

/// Leads the standard streams of this process to the null device of the sandbox: a run whose own lead nowhere is given them,
/// and through those of the host it could change the mode of the host's.
pub fn take_null() -> Result<(), Errno> {
    let null = openat(CWD, c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)
}

/// A handle of the directory in which the sandbox's own terminals are made: the engine makes them there, so that
/// programs find the name of theirs.
pub fn terminals(boundary: Boundary) -> Result<Option<OwnedFd>, Errno> {
    match boundary {
        Boundary::Namespaces => {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            openat(CWD, c"/dev/pts", flags, Mode::empty()).map(Some)
        }
        Boundary::Landlock | Boundary::None => Ok(None),
    }
}

fn fill(nodes: Vec<(&'static CStr, OwnedFd)>, shared_memory: &OwnedFd) -> Result<(), Errno> {
    mount_tmpfs(c"/dev", DEV_BYTES, 0o755)?;
    for (path, node) in nodes {
        attach(&node, &create(path, 0o666)?)?;
    }
    drop(create(EMPTY_FILE, 0)?);
    for (directory, mode) in [(c"/dev/pts", 0o755), (c"/dev/shm", 0o1777), (EMPTY_DIRECTORY, 0)] {
        mkdirat(CWD, directory, Mode::from_raw_mode(mode))?;
    }
    for (target, link) in LINKS {
        symlinkat(target, CWD, link)?;
    }
    mount(
        c"devpts",
        c"/dev/pts",
        c"devpts",
        MountFlags::NOSUID | MountFlags::NOEXEC,
        c"newinstance,ptmxmode=0666,mode=620",
    )?;
    attach(shared_memory, &openat(CWD, c"/dev/shm", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)?;
    make_read_only(c"/dev")
}

fn create(path: &CStr, mode: u32) -> Result<OwnedFd, Errno> {
    openat(CWD, path, OFlags::CREATE | OFlags::RDONLY | OFlags::CLOEXEC, Mode::from_raw_mode(mode))
}
