//! The same where Landlock alone holds the files: by the rights that its rules give.
//!
//! A place is opened as the program named it, and then it is asked what is above it: never is a path compared as text.

use std::{
    borrow::Cow,
    os::fd::{AsFd, OwnedFd},
};

use codex_launcher::protocol::Tried;
use landlock::{AccessFs, BitFlags};
use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Stat, fstat, openat, stat, statat},
    io::Errno,
};

use super::{
    granted::{Granted, Identity},
    process::{Process, is_our_own, path_in, path_of, split, strip_root},
    watch_table::{Place, Shape},
};

/// Without the directory flag, which every architecture has elsewhere.
const UNNAMED: u32 = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32;

/// Who may execute a file.
const EXECUTABLE: u32 = 0o111;

/// What a call will be refused for by the rules.
pub struct ByRules<'a> {
    process: Process<'a>,
    granted: &'a Granted,
}

/// A name in a directory that is held open without any right.
struct Entry {
    directory: OwnedFd,
    name: Vec<u8>,
}

impl<'a> ByRules<'a> {
    /// Of a call of that process.
    pub fn new(process: Process<'a>, granted: &'a Granted) -> Self {
        Self { process, granted }
    }

    /// What it would be refused for; nothing when it isn't, or when that can't be told.
    pub fn refused(&self, shape: Shape) -> Option<Tried> {
        match shape {
            Shape::Open { place, flags } => self.open(place, flags),
            Shape::Make(place) => self.make(self.entry(place).ok()?),
            Shape::Link { from, to } => self.link(from, to),
            Shape::Remove { place, .. } => self.remove(self.entry(place).ok()?),
            Shape::Move { from, to, flags } => self.rename(from, to, flags),
            Shape::Cut(place) => self.write(self.found(self.entry(place).ok()?)?, AccessFs::Truncate.into()),
            Shape::Execute(place) => self.execute(self.found(self.entry(place).ok()?)?),
            Shape::MakeSocket => Some(Tried::MakeSocket),
            // No rule is about them.
            Shape::Change(_) | Shape::ChangeOpen | Shape::Connect => None,
        }
    }

    fn open(&self, place: Place, flags: Option<u8>) -> Option<Tried> {
        // creat(2) has no flags of its own.
        let given = flags.map(|index| OFlags::from_bits_retain(self.process.argument(index) as u32));
        let flags = given.unwrap_or(OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC);
        if flags.contains(OFlags::PATH) {
            return None;
        }
        let entry = self.whole(place).ok()?;
        if flags.contains(OFlags::CREATE | OFlags::EXCL) {
            return self.make(entry);
        }
        let Some(there) = entry.status().ok()? else {
            return flags.contains(OFlags::CREATE).then(|| self.lacking(&entry, None, AccessFs::MakeReg)).flatten();
        };
        if is_link(&there) && flags.contains(OFlags::NOFOLLOW) {
            return None;
        }
        let mut wanted = BitFlags::empty();
        if flags.intersects(OFlags::WRONLY | OFlags::RDWR) {
            wanted |= AccessFs::WriteFile;
        }
        if flags.contains(OFlags::TRUNC) {
            wanted |= AccessFs::Truncate;
        }
        let (entry, there) = self.found_as(entry, there)?;
        if FileType::from_raw_mode(there.st_mode) == FileType::Directory {
            // Only a file without a name is written there.
            return (flags.bits() & UNNAMED != 0)
                .then(|| self.lacking(&entry, Some(&there), AccessFs::WriteFile))
                .flatten();
        }
        self.write((entry, there), wanted)
    }

    /// To change what a file, a pipe or a device holds.
    fn write(&self, (entry, there): (Entry, Stat), mut wanted: BitFlags<AccessFs>) -> Option<Tried> {
        match FileType::from_raw_mode(there.st_mode) {
            FileType::RegularFile => {}
            FileType::Fifo | FileType::CharacterDevice | FileType::BlockDevice => wanted.remove(AccessFs::Truncate),
            _ => return None,
        }
        if wanted.is_empty() {
            return None;
        }
        self.lacking(&entry, Some(&there), wanted).filter(|_| !self.is_own_terminal(&there))
    }

    /// Whether it is a terminal that the program has as a stream: Node opens it again if it may, and goes on if not.
    fn is_own_terminal(&self, there: &Stat) -> bool {
        let is_device = |found: &Stat| FileType::from_raw_mode(found.st_mode) == FileType::CharacterDevice;
        let is_stream = |number| {
            stat(format!("/proc/{}/fd/{number}", self.process.id()))
                .is_ok_and(|open| is_device(&open) && open.st_rdev == there.st_rdev)
        };
        is_device(there) && (0..=2).any(is_stream)
    }

    /// What is there already is the reason otherwise.
    fn make(&self, entry: Entry) -> Option<Tried> {
        self.lacking(&entry, None, AccessFs::MakeReg).filter(|_| matches!(entry.status(), Ok(None)))
    }

    fn link(&self, from: Place, to: Place) -> Option<Tried> {
        let (from, to) = (self.entry(from).ok()?, self.entry(to).ok()?);
        let shares_device = from.shares_device(&to);
        self.make(to).filter(|_| shares_device && from.is_there())
    }

    /// What isn't there is the reason otherwise.
    fn remove(&self, entry: Entry) -> Option<Tried> {
        self.lacking(&entry, None, AccessFs::RemoveFile).filter(|_| entry.is_there())
    }

    fn rename(&self, from: Place, to: Place, flags: Option<u8>) -> Option<Tried> {
        let flags = flags.map_or(0, |index| self.process.argument(index) as u32);
        let flags = RenameFlags::from_bits_retain(flags);
        let (from, to) = (self.entry(from).ok()?, self.entry(to).ok()?);
        let lacking = self.lacking(&from, None, AccessFs::RemoveFile);
        let lacking = lacking.or_else(|| self.lacking(&to, None, AccessFs::MakeReg))?;
        let fits = match to.status().ok()? {
            Some(_) => !flags.contains(RenameFlags::NOREPLACE),
            None => !flags.contains(RenameFlags::EXCHANGE),
        };
        (fits && from.is_there() && from.shares_device(&to)).then_some(lacking)
    }

    /// What is hidden can't be read, nor executed.
    fn execute(&self, (entry, there): (Entry, Stat)) -> Option<Tried> {
        let is_program =
            FileType::from_raw_mode(there.st_mode) == FileType::RegularFile && there.st_mode & EXECUTABLE != 0;
        let refused =
            is_program.then(|| self.lacking(&entry, Some(&there), AccessFs::Execute | AccessFs::ReadFile)).flatten()?;
        match refused {
            Tried::Write(path) => Some(Tried::Execute(path)),
            other => Some(other),
        }
    }

    /// The place as a refused write, if a right is missing for it. A rule may be about what is `there`.
    fn lacking(&self, entry: &Entry, there: Option<&Stat>, wanted: impl Into<BitFlags<AccessFs>>) -> Option<Tried> {
        let own = there.map(Identity::from);
        let lacks = self.granted.lacks(own, entry.directory.as_fd(), wanted.into()).ok()?;
        let path = lacks.then(|| entry.path())??;
        (!is_our_own(&path)).then_some(Tried::Write(path))
    }

    /// What a path leads to that may end in a link.
    fn found(&self, entry: Entry) -> Option<(Entry, Stat)> {
        let there = entry.status().ok()??;
        self.found_as(entry, there)
    }

    fn found_as(&self, entry: Entry, there: Stat) -> Option<(Entry, Stat)> {
        if !is_link(&there) {
            return Some((entry, there));
        }
        let object = openat(&entry.directory, entry.name.as_slice(), PLACE, Mode::empty()).ok()?;
        let there = fstat(&object).ok()?;
        // Pipes and sockets have no place; of a file that was removed, nothing is found at its name.
        let path = path_of(&object).ok().filter(|path| path.starts_with(b"/"))?;
        let (directory, name) = split(&path);
        let directory = openat(CWD, directory, PLACE | OFlags::DIRECTORY, Mode::empty()).ok()?;
        let entry = Entry { directory, name: name.to_vec() };
        let found = entry.status().ok()??;
        (Identity::from(&found) == Identity::from(&there)).then_some((entry, there))
    }

    /// The directory that holds the last part of a path, and that part.
    fn entry(&self, place: Place) -> Result<Entry, Errno> {
        let entry = self.whole(place)?;
        // No name is made or taken away there.
        if matches!(entry.name.as_slice(), b"" | b"." | b"..") { Err(Errno::INVAL) } else { Ok(entry) }
    }

    /// The same of a path that may be a directory as such: then the last part is a dot.
    fn whole(&self, place: Place) -> Result<Entry, Errno> {
        let path = self.process.path(place)?;
        let path = self.of_itself(&path);
        let (directory, name) = match split(&path) {
            (_, b"" | b"." | b"..") => (&*path, &b"."[..]),
            parts => parts,
        };
        let mut from = self.process.base(place, &path).into_bytes();
        from.push(b'/');
        from.extend(strip_root(directory));
        let directory = openat(CWD, from.as_slice(), PLACE | OFlags::DIRECTORY, Mode::empty())?;
        Ok(Entry { directory, name: name.to_vec() })
    }

    /// A path in which a process means itself, as we have to say it.
    fn of_itself<'b>(&self, path: &'b [u8]) -> Cow<'b, [u8]> {
        let id = self.process.id();
        let streams: [(&[u8], &str); 3] = [(b"/dev/stdin", "0"), (b"/dev/stdout", "1"), (b"/dev/stderr", "2")];
        if let Some((_, number)) = streams.iter().find(|(name, _)| *name == path) {
            return Cow::Owned(format!("/proc/{id}/fd/{number}").into_bytes());
        }
        let own: [(&[u8], &str); 3] = [(b"/dev/fd/", "fd/"), (b"/proc/self/", ""), (b"/proc/thread-self/", "")];
        let found = own.iter().find_map(|(name, below)| Some((path.strip_prefix(*name)?, below)));
        found.map_or(Cow::Borrowed(path), |(rest, below)| {
            Cow::Owned([format!("/proc/{id}/{below}").as_bytes(), rest].concat())
        })
    }
}

/// A handle without any right.
const PLACE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

impl Entry {
    /// What has the name; `None`: nothing. A link is not followed.
    fn status(&self) -> Result<Option<Stat>, Errno> {
        match statat(&self.directory, self.name.as_slice(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(there) => Ok(Some(there)),
            Err(Errno::NOENT) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn is_there(&self) -> bool {
        matches!(self.status(), Ok(Some(_)))
    }

    /// Whether a name can be moved from one to the other.
    fn shares_device(&self, other: &Self) -> bool {
        let device = |entry: &Self| fstat(&entry.directory).map(|directory| directory.st_dev);
        matches!((device(self), device(other)), (Ok(one), Ok(two)) if one == two)
    }

    fn path(&self) -> Option<Vec<u8>> {
        if self.name == b"." { path_of(&self.directory).ok() } else { path_in(&self.directory, &self.name).ok() }
    }
}

fn is_link(object: &Stat) -> bool {
    FileType::from_raw_mode(object.st_mode) == FileType::Symlink
}
