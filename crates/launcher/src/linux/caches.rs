//! Overlays over the caches of tools: the host's is read, and what runs write goes to the private tmp.
//!
//! A cache without its overlay is read-only like everything else, so what fails here takes nothing away but comfort; the
//! engine is told.

use std::{
    ffi::{CStr, CString, OsStr},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use codex_launcher::protocol::{LaunchPlan, Pinned};
use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, XattrFlags, chmod, fstat, mkdirat, openat, openat2, setxattr},
    io::Errno,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount,
        fsopen,
    },
};

use super::mounts::open_pinned;

/// A cache of the plan that is open.
pub struct Cache<'a> {
    /// Its place in the plan.
    index: u32,
    pinned: &'a Pinned,
    host: OwnedFd,
}

/// A cache with its overlay.
pub struct Overlay<'a> {
    /// Its place in the plan.
    pub index: u32,
    /// The cache.
    pub pinned: &'a Pinned,
    /// The overlay's root, attached or not.
    pub mount: OwnedFd,
}

/// Opens the caches of the plan, before anything is put over them.
pub fn open(plan: &LaunchPlan) -> Vec<Cache<'_>> {
    let caches = plan.caches.iter().enumerate();
    caches
        .filter_map(|(index, pinned)| {
            Some(Cache { index: u32::try_from(index).ok()?, pinned, host: open_pinned(pinned).ok()? })
        })
        .collect()
}

/// Makes the overlay of each cache, its upper part in a directory of `tmp`, which is a tmpfs that is mounted there.
pub fn overlay<'a>(caches: Vec<Cache<'a>>, tmp: &CStr) -> Vec<Overlay<'a>> {
    let overlay = |cache: Cache<'a>| {
        let directory = Path::new(OsStr::from_bytes(tmp.to_bytes())).join(format!("cache-{}", cache.index));
        let mount = make(&cache.host, &directory).ok()?;
        Some(Overlay { index: cache.index, pinned: cache.pinned, mount })
    };
    caches.into_iter().filter_map(overlay).collect()
}

impl Overlay<'_> {
    /// Opens what is at `path` in the overlay; nothing when it lies elsewhere.
    pub fn open(&self, path: &Path) -> Option<Result<OwnedFd, Errno>> {
        let below = path.strip_prefix(OsStr::from_bytes(&self.pinned.path)).ok()?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        Some(openat2(&self.mount, below, flags, Mode::empty(), resolve))
    }
}

fn make(host: &OwnedFd, directory: &Path) -> Result<OwnedFd, Errno> {
    let [upper, work] = ["upper", "work"].map(|name| directory.join(name));
    mkdirat(CWD, directory, Mode::RWXU)?;
    mkdirat(CWD, &upper, Mode::RWXU)?;
    mkdirat(CWD, &work, Mode::RWXU)?;
    // What is seen of the cache's own directory is that of the upper part.
    chmod(&upper, Mode::from_raw_mode(fstat(host)?.st_mode & 0o777))?;
    // Without such attributes on tmpfs (Linux 6.6) a directory that was removed couldn't be made again.
    setxattr(&upper, c"user.codex", b"", XattrFlags::empty())?;
    let upper = openat(CWD, &upper, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let work = openat(CWD, &work, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;

    let context = fsopen(c"overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (option, directory) in [(c"lowerdir", host), (c"upperdir", &upper), (c"workdir", &work)] {
        // By number: a path could hold what separates options, and lead elsewhere by now.
        let handle = CString::new(format!("/proc/self/fd/{}", directory.as_raw_fd())).map_err(|_| Errno::INVAL)?;
        fsconfig_set_string(context.as_fd(), option, handle)?;
    }
    fsconfig_set_flag(context.as_fd(), c"userxattr")?;
    fsconfig_create(context.as_fd())?;
    fsmount(
        context.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV,
    )
}
