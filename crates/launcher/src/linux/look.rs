//! Whether a call that is about to be made will be refused, as far as that can be seen from outside.
//!
//! The paths and addresses are what the program says they are, at the moment of looking.

use std::{
    io::IoSliceMut,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsFd, OwnedFd},
};

use codex_launcher::protocol::Tried;
use rustix::{
    fs::{
        AtFlags, CWD, Dir, FileType, Mode, OFlags, StatVfsMountFlags, StatxAttributes, StatxFlags, fstatvfs, openat,
        readlinkat, statat, statvfs, statx,
    },
    io::Errno,
};

use super::{
    notifications::Call,
    watch_table::{Flags, Place, Shape},
};

/// The longest path that Linux takes, with its end.
const PATH_BYTES: usize = 4096;
/// What is read of a path at first.
const SHORT_PATH_BYTES: usize = 256;

/// What a call would be refused for; nothing when it isn't, or when that can't be told.
pub fn refused(call: &Call, shape: Shape) -> Option<Tried> {
    let process = Process { id: call.pid, arguments: &call.data.args };
    match shape {
        Shape::Open { place, flags } => process.open(place, flags),
        Shape::Make(place) => process.make(place),
        Shape::Remove { place, flags } => process.remove(place, flags),
        Shape::Move { from, to } => {
            process.entry(from).ok().and_then(Found::fixed).or_else(|| process.entry(to).ok()?.fixed())
        }
        Shape::Change(place) => process.object(place, OFlags::empty()).ok()?.read_only(),
        Shape::Execute(place) => process.execute(place),
        Shape::Connect => process.connect(),
    }
}

/// The path of the program that a process runs.
pub fn program(pid: u32) -> Vec<u8> {
    readlinkat(CWD, format!("/proc/{pid}/exe"), Vec::new()).map(std::ffi::CString::into_bytes).unwrap_or_default()
}

/// A process that waits, with the arguments of its call.
struct Process<'a> {
    id: u32,
    arguments: &'a [u64; 6],
}

/// Something of the file system, held open without any right.
struct Found {
    object: OwnedFd,
    /// What is added to its path: the name of an entry in it.
    name: Option<Vec<u8>>,
}

impl Process<'_> {
    fn argument(&self, index: u8) -> u64 {
        self.arguments.get(usize::from(index)).copied().unwrap_or(0)
    }

    fn open(&self, place: Place, flags: Option<u8>) -> Option<Tried> {
        // creat(2) has no flags of its own.
        let given = flags.map(|index| OFlags::from_bits_retain(self.argument(index) as u32));
        let flags = given.unwrap_or(OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC);
        let whole = || self.has(StatVfsMountFlags::RDONLY, place, Part::Whole);
        let parent = || self.has(StatVfsMountFlags::RDONLY, place, Part::Parent);
        let read_only = match flags {
            // What is there already is the reason then.
            _ if flags.contains(OFlags::CREATE | OFlags::EXCL) => parent(),
            _ if flags.contains(OFlags::CREATE) => match whole() {
                Err(Errno::NOENT) => parent(),
                other => other,
            },
            _ => whole(),
        };
        if read_only == Ok(false) {
            return None;
        }
        match self.object(place, flags & OFlags::NOFOLLOW) {
            Ok(found) => {
                let changes = flags.intersects(OFlags::WRONLY | OFlags::RDWR | OFlags::TRUNC);
                // Devices, pipes and sockets can be written on a read-only file system.
                let kind = statat(&found.object, c"", AtFlags::EMPTY_PATH).ok()?.st_mode;
                let held = matches!(FileType::from_raw_mode(kind), FileType::RegularFile | FileType::Directory);
                (changes && held).then_some(found)?.read_only()
            }
            Err(Errno::NOENT) if flags.contains(OFlags::CREATE) => self.entry(place).ok()?.read_only(),
            Err(_) => None,
        }
    }

    fn make(&self, place: Place) -> Option<Tried> {
        if self.has(StatVfsMountFlags::RDONLY, place, Part::Parent) == Ok(false) {
            return None;
        }
        // What is there already is the reason then.
        match self.object(place, OFlags::NOFOLLOW) {
            Err(Errno::NOENT) => self.entry(place).ok()?.read_only(),
            _ => None,
        }
    }

    fn remove(&self, place: Place, flags: Flags) -> Option<Tried> {
        let directory = match flags {
            Flags::Are(flags) => flags.contains(AtFlags::REMOVEDIR),
            Flags::In(index) => AtFlags::from_bits_retain(self.argument(index) as u32).contains(AtFlags::REMOVEDIR),
        };
        let entry = self.entry(place).ok()?;
        if directory { entry.fixed_directory() } else { entry.fixed() }
    }

    /// What is hidden is covered by mounts from which nothing is executed.
    fn execute(&self, place: Place) -> Option<Tried> {
        if self.has(StatVfsMountFlags::NOEXEC, place, Part::Whole) != Ok(true) {
            return None;
        }
        self.object(place, OFlags::empty()).ok()?.path().map(Tried::Execute)
    }

    fn connect(&self) -> Option<Tried> {
        let mut bytes = [0; 128];
        let length = usize::try_from(self.argument(2)).ok()?.min(bytes.len());
        let read = self.read(self.argument(1), bytes.get_mut(..length)?).ok()?;
        let address = internet_address(bytes.get(..read)?)?;
        // A network namespace without a way out has its own loopback, which zeros mean, too.
        let ip = address.ip().to_canonical();
        (!ip.is_loopback() && !ip.is_unspecified()).then_some(Tried::Connect(address))
    }

    /// Whether the mount of what a path leads to, or of the directory that holds its last part, has that flag: one system
    /// call, which is all that is spent on most calls. An error says nothing; the careful way is then taken.
    fn has(&self, flag: StatVfsMountFlags, place: Place, part: Part) -> Result<bool, Errno> {
        let whole = self.path(place)?;
        let path = match part {
            Part::Whole => &whole,
            Part::Parent => split(&whole).0,
        };
        let mut from = self.base(place, &whole).into_bytes();
        from.push(b'/');
        from.extend(strip_root(path));
        Ok(statvfs(from.as_slice())?.f_flag.contains(flag))
    }

    /// What a path leads to.
    fn object(&self, place: Place, follow: OFlags) -> Result<Found, Errno> {
        let path = self.path(place)?;
        let object = self.from(place, &path, strip_root(&path), follow)?;
        Ok(Found { object, name: None })
    }

    /// The directory that holds the last part of a path, and that part.
    fn entry(&self, place: Place) -> Result<Found, Errno> {
        let path = self.path(place)?;
        let (directory, name) = split(&path);
        let object = self.from(place, &path, strip_root(directory), OFlags::empty())?;
        Ok(Found { object, name: Some(name.to_vec()) })
    }

    /// Opens a path from where the process stands.
    fn from(&self, place: Place, whole: &[u8], path: &[u8], follow: OFlags) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let base = openat(CWD, self.base(place, whole), flags, Mode::empty())?;
        if path.is_empty() { Ok(base) } else { openat(base, path, flags | follow, Mode::empty()) }
    }

    /// Where the path starts, by a name that we can use.
    fn base(&self, place: Place, whole: &[u8]) -> String {
        let id = self.id;
        match place.directory.map(|index| self.argument(index) as i32) {
            _ if whole.starts_with(b"/") => format!("/proc/{id}/root"),
            None | Some(libc::AT_FDCWD) => format!("/proc/{id}/cwd"),
            Some(directory) => format!("/proc/{id}/fd/{directory}"),
        }
    }

    fn path(&self, place: Place) -> Result<Vec<u8>, Errno> {
        let start = self.argument(place.path);
        // Most are short, and to read less is faster.
        let path = self.text(start, &mut [0; SHORT_PATH_BYTES]).or_else(|_| self.text(start, &mut [0; PATH_BYTES]))?;
        if path.is_empty() { Err(Errno::NOENT) } else { Ok(path) }
    }

    /// Reads up to the first zero.
    fn text(&self, start: u64, bytes: &mut [u8]) -> Result<Vec<u8>, Errno> {
        let read = self.read(start, bytes)?;
        let bytes = bytes.get(..read).unwrap_or_default();
        let end = bytes.iter().position(|&byte| byte == 0).ok_or(Errno::FAULT)?;
        Ok(bytes.get(..end).unwrap_or_default().to_vec())
    }

    /// Reads the process's memory, up to the first page that is not there.
    fn read(&self, start: u64, into: &mut [u8]) -> Result<usize, Errno> {
        const PAGE: usize = 4096;
        let start = usize::try_from(start).map_err(|_| Errno::FAULT)?;
        let first = (PAGE - start % PAGE).min(into.len());
        let (head, tail) = into.split_at_mut(first);
        let mut local = [IoSliceMut::new(head), IoSliceMut::new(tail)];
        // Two pieces, so that a page that is missing at the end does not take the rest with it.
        let remote = [
            libc::iovec { iov_base: start as *mut libc::c_void, iov_len: first },
            libc::iovec { iov_base: (start + first) as *mut libc::c_void, iov_len: local[1].len() },
        ];
        // SAFETY: the local pieces are ours to write, of the lengths given; the remote ones are only numbers to us.
        let read = unsafe {
            libc::process_vm_readv(self.id as libc::pid_t, local.as_mut_ptr().cast(), 2, remote.as_ptr(), 2, 0)
        };
        usize::try_from(read).map_err(|_| Errno::FAULT)
    }
}

/// Which part of a path is meant.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Parent,
}

impl Found {
    /// The place as a refused write, if what stands there can't be taken away: its directory is read-only, or a mount is on it.
    fn fixed(self) -> Option<Tried> {
        if self.is_mount() { self.path().map(Tried::Write) } else { self.read_only() }
    }

    /// The same for a directory. One with a mount on it that isn't empty is not taken away anyway.
    fn fixed_directory(self) -> Option<Tried> {
        if self.is_mount() && self.holds_anything() { self.read_only() } else { self.fixed() }
    }

    fn is_mount(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        statx(&self.object, name, flags, StatxFlags::empty())
            .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    fn holds_anything(&self) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = openat(&self.object, name, flags, Mode::empty()).and_then(Dir::new);
        directory
            .is_ok_and(|entries| entries.flatten().any(|entry| !matches!(entry.file_name().to_bytes(), b"." | b"..")))
    }

    /// The place as a refused write, if it is read-only.
    fn read_only(self) -> Option<Tried> {
        let mount = fstatvfs(&self.object).ok()?;
        let path = mount.f_flag.contains(StatVfsMountFlags::RDONLY).then_some(self)?.path()?;
        (!is_our_own(&path)).then_some(Tried::Write(path))
    }

    /// Where it is.
    fn path(self) -> Option<Vec<u8>> {
        let number = std::os::fd::AsRawFd::as_raw_fd(&self.object.as_fd());
        let mut path = readlinkat(CWD, format!("/proc/self/fd/{number}"), Vec::new()).ok()?.into_bytes();
        if let Some(name) = self.name {
            if !path.ends_with(b"/") {
                path.push(b'/');
            }
            path.extend(name);
        }
        Some(path)
    }
}

/// Whether a path was led to our own entry in `/proc`: for the process, `/dev/fd` and `/proc/self` mean something else.
fn is_our_own(path: &[u8]) -> bool {
    path.strip_prefix(b"/proc/").is_some_and(|inside| {
        let own = readlinkat(CWD, c"/proc/self", Vec::new()).map(std::ffi::CString::into_bytes).unwrap_or_default();
        inside.strip_prefix(&*own).is_some_and(|rest| !own.is_empty() && rest.starts_with(b"/"))
    })
}

/// A path without its last part, and that part.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(path.len().min(1), |last| last + 1);
    let path = path.get(..end).unwrap_or_default();
    path.split_at(path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1))
}

/// A path that is opened from the root needs no slash in front, which would lead to our own.
fn strip_root(path: &[u8]) -> &[u8] {
    let start = path.iter().position(|&byte| byte != b'/').unwrap_or(path.len());
    path.get(start..).unwrap_or_default()
}

fn internet_address(bytes: &[u8]) -> Option<SocketAddr> {
    let family = i32::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    let port = u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?);
    let ip = match family {
        libc::AF_INET => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(4..8)?).ok()?)),
        libc::AF_INET6 => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(8..24)?).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}
