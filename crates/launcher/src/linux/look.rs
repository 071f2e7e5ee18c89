//! Whether a call that is about to be made will be refused, as far as that can be seen from outside: here by the mounts.
//!
//! The paths and addresses are what the program says they are, at the moment of looking.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::OwnedFd,
};

use codex_launcher::protocol::{Network, Tried};
use rustix::{
    fs::{
        AtFlags, CWD, Dir, FileType, Mode, OFlags, StatVfsMountFlags, StatxAttributes, StatxFlags, fstatvfs, openat,
        statat, statvfs, statx,
    },
    io::Errno,
};

use super::{
    granted::Granted,
    look_rules::ByRules,
    notifications::Call,
    process::{Process, is_our_own, path_in, path_of, split, strip_root},
    watch_table::{Flags, Place, Shape},
};

/// Directories of the sandbox's own, in which sockets of the host are not to be seen.
const COVERED: [&[u8]; 5] = [b"/run/", b"/var/run/", b"/tmp/", b"/var/tmp/", b"/dev/"];

/// What the C library and loggers ask on their own, and do without: nobody misses it.
const IN_PASSING: [&[u8]; 7] = [b"/nscd/", b"/systemd/", b"/avahi-daemon/", b"/samba/", b"/sssd/", b"/log", b"/syslog"];

/// What holds the files of the runs.
pub enum HeldBy {
    /// Mounts: the place is asked for the flags of its own. With the host's network no internet address is refused.
    Mounts { network: Network },
    /// Landlock alone, by these rights.
    Rules(Granted),
}

/// What a call would be refused for; nothing when it isn't, or when that can't be told.
pub fn refused(call: &Call, shape: Shape, held_by: &HeldBy) -> Option<Tried> {
    let process = Process::new(call);
    let network = match held_by {
        HeldBy::Mounts { network } => *network,
        HeldBy::Rules(granted) => return ByRules::new(process, granted).refused(shape),
    };
    match shape {
        Shape::Open { place, flags } => process.open(place, flags),
        Shape::Make(place) | Shape::Link { to: place, .. } => process.make(place),
        Shape::Remove { place, flags } => process.remove(place, flags),
        Shape::Move { from, to, .. } => {
            process.entry(from).ok().and_then(Found::fixed).or_else(|| process.entry(to).ok()?.fixed())
        }
        Shape::Cut(place) | Shape::Change(place) => process.object(place, OFlags::empty()).ok()?.read_only(),
        Shape::Execute(place) => process.execute(place),
        Shape::Connect => process.connect(network),
        Shape::ChangeOpen | Shape::MakeSocket => None,
    }
}

/// Something of the file system, held open without any right.
struct Found {
    object: OwnedFd,
    /// What is added to its path: the name of an entry in it.
    name: Option<Vec<u8>>,
}

impl Process<'_> {
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

    fn connect(&self, network: Network) -> Option<Tried> {
        let mut bytes = [0; 128];
        let length = usize::try_from(self.argument(2)).ok()?.min(bytes.len());
        let read = self.read(self.argument(1), bytes.get_mut(..length)?).ok()?;
        let bytes = bytes.get(..read)?;
        if let Some(path) = socket_path(bytes) {
            return self.connect_to(path);
        }
        let address = internet_address(bytes)?;
        // A network namespace without a way out has its own loopback, which zeros mean, too.
        let ip = address.ip().to_canonical();
        (network == Network::Private && !ip.is_loopback() && !ip.is_unspecified()).then_some(Tried::Connect(address))
    }

    /// A socket that is there is the run's own, or was granted. One of the host's is covered, or its directory is.
    fn connect_to(&self, path: &[u8]) -> Option<Tried> {
        let place = Place { directory: None, path: 0 };
        match self.from(place, path, strip_root(path), OFlags::empty()) {
            Ok(object) => {
                let flags = AtFlags::EMPTY_PATH | AtFlags::NO_AUTOMOUNT;
                let found = statx(&object, c"", flags, StatxFlags::TYPE).ok()?;
                let is_cover = found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
                    && FileType::from_raw_mode(found.stx_mode.into()) == FileType::RegularFile;
                is_cover.then_some(Found { object, name: None })?.path().map(Tried::Socket)
            }
            Err(Errno::NOENT) => {
                let directory = COVERED.into_iter().find(|directory| path.starts_with(directory))?;
                let below = path.get(directory.len() - 1..)?;
                let in_passing = IN_PASSING.into_iter().any(|known| below.starts_with(known));
                let plain = path.split(|&byte| byte == b'/').all(|name| name != b"..");
                (plain && !in_passing).then(|| Tried::Socket(path.to_vec()))
            }
            Err(_) => None,
        }
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
        match self.name {
            Some(name) => path_in(&self.object, &name).ok(),
            None => path_of(&self.object).ok(),
        }
    }
}

/// The path in the address of a Unix socket. One without begins with a zero.
fn socket_path(bytes: &[u8]) -> Option<&[u8]> {
    let family = i32::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
    let path = bytes.get(2..)?.split(|&byte| byte == 0).next()?;
    (family == libc::AF_UNIX && !path.is_empty()).then_some(path)
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
