//! The file system of the sandbox: everything read-only, and the few places that are not.
//!
//! The tree is changed in place, in a mount namespace of its own. Handles are taken first, by identity, and every
//! mount goes onto a handle, so that nobody who renames or links on the host meanwhile can move a mount.

use std::{
    ffi::{CStr, CString, OsStr},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Component, Path},
};

use codex_launcher::protocol::{LaunchPlan, Pinned, Refusal, Step};
use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, chmod, fstat, mkdirat, openat},
    io::Errno,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
        fsconfig_set_string, fsmount, fsopen, mount, move_mount, open_tree,
    },
};
use syscalls::{Sysno, syscall};

use super::{
    caches::{self, Cache, Overlay},
    carve_outs::hold,
    devices,
    own_copies::{self, OwnCopy},
    setup::{During, SetupError},
    sockets,
};

/// The flags of a run's `/proc`. Read-only, because its `/proc/sys` belongs to root, who may be running this.
pub const PROC_FLAGS: MountFlags =
    MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC).union(MountFlags::RDONLY);

/// How many files the smallest tmpfs can have.
const LEAST_FILES: u64 = 1024;

/// Directories that are the run's own, empty at first.
pub const PRIVATE_TMP: [&CStr; 2] = [c"/tmp", c"/var/tmp"];

/// Mounts a fresh `/proc` for the pid namespace of the caller.
pub fn mount_proc(flags: MountFlags) -> Result<(), Errno> {
    mount(c"proc", c"/proc", c"proc", flags, None)
}

/// What became of a plan's mounts.
pub struct Arranged<'a> {
    /// Those of its caches.
    pub overlays: Vec<Overlay<'a>>,
    /// What was to be held and was gone, by its place in the plan.
    pub unheld: Vec<u32>,
}

/// Arranges the mounts of `plan`.
pub fn arrange(plan: &LaunchPlan) -> Result<Arranged<'_>, SetupError> {
    let mut changes = changes(plan)?;
    let caches = caches::open(plan);
    let sockets = sockets::take(plan)?;
    let device_nodes = devices::clone_nodes()?;

    set_attributes(CWD, c"/", AT_RECURSIVE, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, true).during(Step::ReadOnlyRoot)?;
    let PrivateTmp { tmp, var_tmp, shared_memory, locks, runtime, mut overlays, copies } =
        private_tmp(plan, caches).during(Step::PrivateTmp)?;
    put_tmp(&tmp, c"/tmp").during(Step::PrivateTmp)?;
    match put_tmp(&var_tmp, c"/var/tmp") {
        // A system without /var/tmp has nothing there to hide.
        Err(Errno::NOENT) => {}
        other => other.during(Step::PrivateTmp)?,
    }
    devices::build(device_nodes, &shared_memory)?;
    sockets::cover_run(&sockets, &locks, &runtime)?;
    // None lies in another, or in anything that is put in place below.
    overlays.retain(|overlay| open_pinned(overlay.pinned).and_then(|cache| attach(&overlay.mount, &cache)).is_ok());
    // What holds comes before what it holds: a writable directory in a hidden one, a hidden file in a writable one.
    changes.sort_by_key(|change| depth(change.pinned));
    let mut covers = Vec::new();
    for Change { pinned, kind } in changes {
        match kind {
            Kind::Show(tree) => show(pinned, &overlays, &tree).map_err(at(pinned, Step::Visible))?,
            Kind::Write(tree) => put_in_place(pinned, &overlays, &tree).map_err(at(pinned, Step::Writable))?,
            Kind::Hide { partly } => {
                let hidden = match open_in_place(pinned, &overlays) {
                    // The private tmp, or another cover, hides it already.
                    Err(Errno::NOENT | Errno::ACCESS) => Ok(None),
                    target if partly => target.and_then(|target| cover(&target)).map(Some),
                    target => target.and_then(|target| hide(&target)).map(|()| None),
                };
                covers.extend(hidden.map_err(at(pinned, Step::Hide))?);
            }
        }
    }
    sockets::finish(plan, sockets)?;
    copies.into_iter().for_each(OwnCopy::show);
    let unheld = hold(plan)?;
    for cover in covers {
        set_attributes(cover.as_fd(), c"", AT_EMPTY_PATH, ATTR_RDONLY, false).during(Step::Hide)?;
    }
    Ok(Arranged { overlays, unheld })
}

/// One mount to be made.
struct Change<'a> {
    pinned: &'a Pinned,
    kind: Kind,
}

enum Kind {
    /// Put a read-only tree where it is hidden.
    Show(OwnedFd),
    /// Put a writable tree in place.
    Write(OwnedFd),
    /// Cover a path; partly, when something in it stays.
    Hide { partly: bool },
}

/// What the plan asks for; the trees are taken before anything is put over them.
fn changes(plan: &LaunchPlan) -> Result<Vec<Change<'_>>, SetupError> {
    let mut changes = Vec::new();
    for pinned in &plan.hidden {
        let holds = |kept: &Pinned| kept.path != pinned.path && path_of(kept).starts_with(path_of(pinned));
        let partly = plan.visible.iter().chain(&plan.writable).chain(&plan.sockets).any(holds);
        changes.push(Change { pinned, kind: Kind::Hide { partly } });
    }
    for pinned in &plan.visible {
        changes.push(Change { pinned, kind: Kind::Show(clone_tree(pinned, Step::Visible)?) });
    }
    for pinned in &plan.writable {
        changes.push(Change { pinned, kind: Kind::Write(clone_tree(pinned, Step::Writable)?) });
    }
    Ok(changes)
}

fn depth(pinned: &Pinned) -> usize {
    path_of(pinned).components().count()
}

fn path_of(pinned: &Pinned) -> &Path {
    Path::new(OsStr::from_bytes(&pinned.path))
}

/// A detached copy of the mounts below `path`, with `attributes` set on each of them.
pub fn detached_copy(from: BorrowedFd<'_>, path: &CStr, attributes: u64) -> Result<OwnedFd, Errno> {
    let tree = open_tree(
        from,
        path,
        OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE
            | OpenTreeFlags::AT_EMPTY_PATH,
    )?;
    set_attributes(tree.as_fd(), c"", AT_RECURSIVE | AT_EMPTY_PATH, attributes, true)?;
    Ok(tree)
}

/// Puts a detached mount over an open directory or file.
pub fn attach(tree: &OwnedFd, target: &OwnedFd) -> Result<(), Errno> {
    move_mount(
        tree,
        c"",
        target,
        c"",
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH,
    )
}

/// Empty directories of one tmpfs, and what else lies in it.
struct PrivateTmp<'a> {
    tmp: OwnedFd,
    var_tmp: OwnedFd,
    shared_memory: OwnedFd,
    locks: OwnedFd,
    /// What programs of this user keep while they run.
    runtime: OwnedFd,
    overlays: Vec<Overlay<'a>>,
    copies: Vec<OwnCopy>,
}

/// Makes it; all in it together holds at most what the plan allows.
fn private_tmp<'a>(plan: &'a LaunchPlan, caches: Vec<Cache<'a>>) -> Result<PrivateTmp<'a>, Errno> {
    const FOR_ALL: u32 = 0o1777;
    const FOR_THE_USER: u32 = 0o700;
    // Where it is made is covered again at once by one of them, and nothing reaches below that. It isn't taken away: the
    // kernel would wait for every processor first.
    mount_tmpfs(c"/tmp", plan.tmp_bytes, 0o755)?;
    let directory = |path: &CStr, mode| {
        mkdirat(CWD, path, Mode::from_raw_mode(mode))?;
        // The mask of the user took some of that away.
        chmod(path, Mode::from_raw_mode(mode))?;
        detached_copy(CWD, path, ATTR_NOSUID | ATTR_NODEV)
    };
    Ok(PrivateTmp {
        tmp: directory(c"/tmp/tmp", FOR_ALL)?,
        var_tmp: directory(c"/tmp/var-tmp", FOR_ALL)?,
        shared_memory: directory(c"/tmp/shm", FOR_ALL)?,
        locks: directory(c"/tmp/locks", FOR_ALL)?,
        runtime: directory(c"/tmp/runtime", FOR_THE_USER)?,
        overlays: caches::overlay(caches, c"/tmp"),
        copies: own_copies::make(&plan.as_own, c"/tmp/copies"),
    })
}

fn put_tmp(tree: &OwnedFd, path: &CStr) -> Result<(), Errno> {
    attach(tree, &openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Mounts an empty tmpfs of at most `bytes`.
pub fn mount_tmpfs(target: &CStr, bytes: u64, mode: u32) -> Result<(), Errno> {
    // A file takes memory beside its bytes: as many as have a page each.
    let files = (bytes / 4096).max(LEAST_FILES);
    let options = CString::new(format!("mode={mode:o},size={bytes},nr_inodes={files}")).map_err(|_| Errno::INVAL)?;
    mount(c"tmpfs", target, c"tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())
}

/// Makes the mount at `target`, and it alone, read-only.
pub fn make_read_only(target: &CStr) -> Result<(), Errno> {
    set_attributes(CWD, target, 0, ATTR_RDONLY, false)
}

/// Opens the object that the engine pinned, or fails with `STALE` when another one is there now.
pub fn open_pinned(pinned: &Pinned) -> Result<OwnedFd, Errno> {
    let handle = openat(CWD, path_of(pinned), OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let found = fstat(&handle)?;
    if (found.st_dev, found.st_ino) == (pinned.device, pinned.inode) { Ok(handle) } else { Err(Errno::STALE) }
}

/// The same, where an overlay may show it under another identity: then by its name in there.
fn open_in_place(pinned: &Pinned, overlays: &[Overlay<'_>]) -> Result<OwnedFd, Errno> {
    match overlays.iter().find_map(|overlay| overlay.open(path_of(pinned))) {
        Some(shown) => shown,
        None => open_pinned(pinned),
    }
}

/// Names the place that an error is about.
pub fn at(pinned: &Pinned, step: Step) -> impl Fn(Errno) -> SetupError + '_ {
    move |errno| Refusal { step, errno: errno.raw_os_error(), path: Some(pinned.path.clone()) }
}

/// A detached copy of what is pinned.
pub fn clone_tree(pinned: &Pinned, step: Step) -> Result<OwnedFd, SetupError> {
    let handle = open_pinned(pinned).map_err(at(pinned, step))?;
    detached_copy(handle.as_fd(), c"", ATTR_NOSUID | ATTR_NODEV).map_err(at(pinned, step))
}

/// Covers a path with something empty that nobody can open.
pub fn hide(target: &OwnedFd) -> Result<(), Errno> {
    let source = if is_directory(target)? { devices::EMPTY_DIRECTORY } else { devices::EMPTY_FILE };
    let cover = detached_copy(CWD, source, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC)?;
    attach(&cover, target)
}

/// Covers a directory with an empty one, in which places can still be made for what stays; returns the mount, which is
/// to be made read-only in the end.
fn cover(target: &OwnedFd) -> Result<OwnedFd, Errno> {
    let context = fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), c"mode", c"0555")?;
    fsconfig_set_string(context.as_fd(), c"size", c"64k")?;
    fsconfig_create(context.as_fd())?;
    let attributes =
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let mount = fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    attach(&mount, target)?;
    Ok(mount)
}

/// Puts a tree where it belongs: onto what it came from, or, when the private tmp or a cover hides that, onto something
/// new of the same name there.
fn put_in_place(pinned: &Pinned, overlays: &[Overlay<'_>], tree: &OwnedFd) -> Result<(), Errno> {
    let target = match open_in_place(pinned, overlays) {
        Ok(handle) => handle,
        Err(Errno::NOENT) => make_target(path_of(pinned), is_directory(tree)?)?,
        Err(other) => return Err(other),
    };
    attach(tree, &target)
}

/// Puts a read-only tree back where the private tmp or a cover hid it.
fn show(pinned: &Pinned, overlays: &[Overlay<'_>], tree: &OwnedFd) -> Result<(), Errno> {
    if !matches!(open_in_place(pinned, overlays), Err(Errno::NOENT)) {
        return Ok(());
    }
    set_attributes(tree.as_fd(), c"", AT_RECURSIVE | AT_EMPTY_PATH, ATTR_RDONLY, false)?;
    put_in_place(pinned, overlays, tree)
}

/// A new directory or file at `path`.
fn make_target(path: &Path, directory: bool) -> Result<OwnedFd, Errno> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::INVAL);
    };
    if directory {
        return make_directories(path);
    }
    let file = OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(make_directories(parent)?, name, file, Mode::empty())
}

fn is_directory(handle: &OwnedFd) -> Result<bool, Errno> {
    Ok(FileType::from_raw_mode(fstat(handle)?.st_mode) == FileType::Directory)
}

/// Walks down `path`, making what is missing, and follows no link on the way.
pub fn make_directories(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut here = openat(CWD, c"/", flags, Mode::empty())?;
    for component in path.components() {
        let Component::Normal(name) = component else {
            continue;
        };
        here = match openat(&here, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => {
                mkdirat(&here, name, Mode::from_raw_mode(0o755))?;
                openat(&here, name, flags, Mode::empty())?
            }
            other => other?,
        };
    }
    Ok(here)
}

const AT_RECURSIVE: u32 = 0x8000;
const AT_EMPTY_PATH: u32 = AtFlags::EMPTY_PATH.bits();
/// The mount becomes read-only.
pub const ATTR_RDONLY: u64 = libc::MOUNT_ATTR_RDONLY;
/// Set-user-id bits do nothing on the mount.
pub const ATTR_NOSUID: u64 = libc::MOUNT_ATTR_NOSUID;
/// Device nodes can't be opened on the mount.
pub const ATTR_NODEV: u64 = libc::MOUNT_ATTR_NODEV;
/// Nothing on the mount can be run.
pub const ATTR_NOEXEC: u64 = libc::MOUNT_ATTR_NOEXEC;

/// Adds `attributes` to a mount; with `private`, nothing that is mounted later crosses to or from the host.
fn set_attributes(from: BorrowedFd<'_>, path: &CStr, flags: u32, attributes: u64, private: bool) -> Result<(), Errno> {
    let request = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: if private { libc::MS_PRIVATE } else { 0 },
        userns_fd: 0,
    };
    let from = std::os::fd::AsRawFd::as_raw_fd(&from);
    // SAFETY: the path is NUL-terminated and the structure is valid for the whole call, with its true size.
    unsafe { syscall!(Sysno::mount_setattr, from, path.as_ptr(), flags, &raw const request, size_of_val(&request)) }
        .map(drop)
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}
