//! The rights that Landlock rules give, so that it can be seen from outside what they refuse.
//!
//! The kernel keeps the object of each rule for as long as there is the ruleset, so that its device and inode number are nobody else's.

use std::{
    cell::Cell,
    collections::HashMap,
    os::fd::{AsFd, BorrowedFd},
};

use landlock::{AccessFs, BitFlags};
use rustix::{
    fs::{AtFlags, Mode, OFlags, Stat, fstat, openat, stat, statat},
    io::Errno,
};

/// The first version of Landlock that knows of cutting files.
pub const LANDLOCK_CUTS: u32 = 3;

/// The way up, as far as it is gone by names relative to one handle, before a nearer one is taken.
const UP: &str = "../../../../../../../../../../../../../../../../../../../../../../../../../../../../../../../..";
/// How long the name of one level is.
const LEVEL: usize = "../".len();
/// How many levels that are.
const STRIDE: usize = UP.len().div_ceil(LEVEL);
/// How many strides are made at most.
const MOST_STRIDES: usize = 128;

/// The rights, by the objects that have them, for themselves and for what is below.
#[derive(Debug)]
pub struct Granted {
    rights: HashMap<Identity, BitFlags<AccessFs>>,
    root: Identity,
    cuts: bool,
    /// How many levels up all rights were found the last time: what a program writes lies together.
    found_at: Cell<usize>,
}

/// Tells an object of the file system from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl From<&Stat> for Identity {
    fn from(object: &Stat) -> Self {
        Self { device: object.st_dev, inode: object.st_ino }
    }
}

impl Granted {
    /// None yet, of a kernel with that version of Landlock.
    pub fn new(version: u32) -> Result<Self, Errno> {
        Ok(Self {
            rights: HashMap::new(),
            root: Identity::from(&stat("/")?),
            cuts: version >= LANDLOCK_CUTS,
            found_at: Cell::new(0),
        })
    }

    /// Notes the rights that a rule gives to an object.
    pub fn add(&mut self, object: impl AsFd, rights: BitFlags<AccessFs>) -> Result<(), Errno> {
        *self.rights.entry(Identity::from(&fstat(object)?)).or_default() |= rights;
        Ok(())
    }

    /// Whether a right of `wanted` is missing for an object in `directory`, which may have rules of its `own`.
    ///
    /// The kernel goes the same way: up from the object, over the mounts, to the root.
    ///
    /// # Errors
    /// When the way can't be gone, or the directory has been removed.
    pub fn lacks(
        &self,
        own: Option<Identity>,
        directory: BorrowedFd<'_>,
        wanted: BitFlags<AccessFs>,
    ) -> Result<bool, Errno> {
        let mut missing = wanted & !self.of(own);
        if !self.cuts {
            missing.remove(AccessFs::Truncate);
        }
        // Rights that one of the levels gives are there, whatever the others give.
        let given = above(directory, self.found_at.get()).map(|place| self.of(Some(place)));
        if given.is_ok_and(|given| given.contains(missing)) {
            return Ok(false);
        }
        self.search(directory, missing)
    }

    fn search(&self, directory: BorrowedFd<'_>, mut missing: BitFlags<AccessFs>) -> Result<bool, Errno> {
        let start = fstat(directory)?;
        if start.st_nlink == 0 {
            return Err(Errno::NOENT);
        }
        let mut place = Identity::from(&start);
        let mut nearer;
        let mut from = directory;
        for stride in 0..MOST_STRIDES {
            for level in 0..STRIDE {
                let given = self.of(Some(place));
                if given.contains(missing) && stride == 0 {
                    self.found_at.set(level);
                }
                missing &= !given;
                if missing.is_empty() {
                    return Ok(false);
                }
                let next = above(from, level + 1)?;
                // Another mount of the root may lie somewhere: only the root itself has nothing above it.
                if next == place && place == self.root {
                    return Ok(true);
                }
                place = next;
            }
            nearer = openat(from, UP, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            from = nearer.as_fd();
        }
        Err(Errno::NAMETOOLONG)
    }

    fn of(&self, object: Option<Identity>) -> BitFlags<AccessFs> {
        object.and_then(|object| self.rights.get(&object)).copied().unwrap_or_default()
    }
}

/// What lies so many levels above a directory, at most [`STRIDE`] of them.
fn above(directory: BorrowedFd<'_>, levels: usize) -> Result<Identity, Errno> {
    let found = match levels {
        0 => fstat(directory),
        levels => statat(directory, UP.get(..levels * LEVEL - 1).ok_or(Errno::INVAL)?, AtFlags::empty()),
    };
    found.map(|found| Identity::from(&found))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        os::fd::{AsFd, OwnedFd},
        path::Path,
    };

    use landlock::{AccessFs, BitFlags};
    use rustix::fs::fstat;

    use super::{Granted, Identity};

    fn open(path: &Path) -> OwnedFd {
        File::open(path).unwrap().into()
    }

    fn lacks(granted: &Granted, directory: &Path, wanted: impl Into<BitFlags<AccessFs>>) -> bool {
        granted.lacks(None, open(directory).as_fd(), wanted.into()).unwrap()
    }

    #[test]
    fn a_rule_holds_below_its_directory_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let [root, beside] = ["root", "root-beside"].map(|name| folder.path().join(name));
        let deep = (0..100).fold(root.clone(), |path, _| path.join("d"));
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir(&beside).unwrap();
        let mut granted = Granted::new(7).unwrap();
        granted.add(open(&root), AccessFs::WriteFile | AccessFs::MakeReg).unwrap();
        for inside in [&root, &root.join("d"), &deep] {
            assert!(!lacks(&granted, inside, AccessFs::WriteFile | AccessFs::MakeReg));
            assert!(lacks(&granted, inside, AccessFs::WriteFile | AccessFs::Execute));
        }
        for outside in [&beside, folder.path(), Path::new("/")] {
            assert!(lacks(&granted, outside, AccessFs::WriteFile));
        }
        // By the directory itself, wherever it is.
        let moved = beside.join("moved");
        fs::rename(&root, &moved).unwrap();
        assert!(!lacks(&granted, &moved.join("d/d"), AccessFs::WriteFile));
        let gone = open(&deep.strip_prefix(&root).map(|below| moved.join(below)).unwrap());
        fs::remove_dir_all(&moved).unwrap();
        assert!(granted.lacks(None, gone.as_fd(), AccessFs::WriteFile.into()).is_err());
    }

    #[test]
    fn rights_come_together_from_all_levels() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let file = inner.join("file");
        fs::write(&file, "").unwrap();
        let mut granted = Granted::new(7).unwrap();
        granted.add(open(Path::new("/")), AccessFs::ReadDir.into()).unwrap();
        granted.add(open(folder.path()), AccessFs::Execute.into()).unwrap();
        granted.add(open(&file), AccessFs::WriteFile.into()).unwrap();
        let own = Identity::from(&fstat(open(&file)).unwrap());
        let wanted = AccessFs::ReadDir | AccessFs::Execute | AccessFs::WriteFile;
        assert!(lacks(&granted, &inner, wanted));
        assert!(!granted.lacks(Some(own), open(&inner).as_fd(), wanted).unwrap());
    }

    #[test]
    fn where_rights_were_found_last_says_nothing_of_another_place() {
        let folder = tempfile::tempdir().unwrap();
        let [root, beside] = ["root", "beside"].map(|name| folder.path().join(name));
        let [inside, outside] = [&root, &beside].map(|place| place.join("a/b/c"));
        for place in [&inside, &outside] {
            fs::create_dir_all(place).unwrap();
        }
        let mut granted = Granted::new(7).unwrap();
        granted.add(open(&root), AccessFs::WriteFile.into()).unwrap();
        for _ in 0..2 {
            assert!(!lacks(&granted, &inside, AccessFs::WriteFile));
            assert!(lacks(&granted, &outside, AccessFs::WriteFile));
            assert!(!lacks(&granted, &root, AccessFs::WriteFile));
            assert!(lacks(&granted, Path::new("/"), AccessFs::WriteFile));
        }
    }

    #[test]
    fn an_older_kernel_refuses_no_cut() {
        let folder = tempfile::tempdir().unwrap();
        for (version, refuses) in [(2, false), (3, true)] {
            assert_eq!(lacks(&Granted::new(version).unwrap(), folder.path(), AccessFs::Truncate), refuses);
        }
    }
}
