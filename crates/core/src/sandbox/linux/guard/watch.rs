//! What was put into the directories of the writable roots, as inotify tells it.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    mem::MaybeUninit,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags},
    io::Errno,
};

use super::{Kind, Spot};

/// How many directories one sandbox watches. The kernel has a limit per user, which others need, too.
const MAX_WATCHES: usize = 8_192;

/// How many instances without watches are kept for later sandboxes.
const MAX_IDLE: usize = 8;

/// Instances without watches. To close one takes the kernel 5 to 20 ms, which whoever closes a sandbox would wait for.
static IDLE: Mutex<Vec<OwnedFd>> = Mutex::new(Vec::new());

/// The watched directories.
#[derive(Debug)]
pub struct Watch {
    inotify: Option<OwnedFd>,
    spots: HashMap<i32, (Spot, Kind)>,
    /// Whether a directory could not be watched.
    incomplete: bool,
}

/// A name that was put into a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    pub directory: Spot,
    pub kind: Kind,
    pub name: OsString,
    pub is_directory: bool,
}

/// What arrived since the last look.
#[derive(Debug, Default)]
pub struct Arrivals {
    pub names: Vec<Arrival>,
    /// Whether more arrived than the kernel keeps: then everything has to be looked at.
    pub overflown: bool,
}

impl Watch {
    pub fn new() -> Self {
        let idle = idle().pop();
        let inotify = idle.or_else(|| inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok());
        Self { incomplete: inotify.is_none(), inotify, spots: HashMap::new() }
    }

    /// Whether every directory that was given is watched.
    pub fn is_complete(&self) -> bool {
        !self.incomplete
    }

    /// Watches an open directory, or notes where a watched one is now.
    pub fn add(&mut self, directory: &OwnedFd, spot: Spot, kind: Kind) {
        self.add_path(
            &Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()),
            spot,
            kind,
            WatchFlags::empty(),
        );
    }

    /// Watches the directory at a path that nobody changes at the moment.
    pub fn add_at(&mut self, path: &Path, spot: Spot, kind: Kind) {
        self.add_path(path, spot, kind, WatchFlags::DONT_FOLLOW);
    }

    fn add_path(&mut self, path: &Path, spot: Spot, kind: Kind, more: WatchFlags) {
        let Some(inotify) = &self.inotify else {
            return;
        };
        if self.spots.len() >= MAX_WATCHES {
            self.incomplete = true;
            return;
        }
        let mut wanted = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR | more;
        if matches!(kind, Kind::Git | Kind::Hooks) {
            wanted |= WatchFlags::CLOSE_WRITE;
        }
        self.insert(inotify::add_watch(inotify, path, wanted), spot, kind);
    }

    /// Watches a file in the git directory at `spot`: it is told of what is written through any of its names, which may lie
    /// where nothing is watched.
    pub fn add_settings(&mut self, directory: &OwnedFd, name: &str, spot: Spot) {
        let Some(inotify) = &self.inotify else {
            return;
        };
        let path = format!("/proc/self/fd/{}/{name}", directory.as_raw_fd());
        let wanted = WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE | WatchFlags::DONT_FOLLOW;
        match inotify::add_watch(inotify, path, wanted) {
            Err(Errno::NOENT) => {}
            added => self.insert(added, spot, Kind::Settings),
        }
    }

    fn insert(&mut self, added: Result<i32, Errno>, spot: Spot, kind: Kind) {
        match added {
            Ok(watch) => {
                self.spots.insert(watch, (spot, kind));
            }
            Err(_) => self.incomplete = true,
        }
    }

    /// What arrived since the last call; a look that finds nothing costs one system call.
    pub fn arrivals(&mut self) -> Arrivals {
        let mut arrivals = Arrivals::default();
        let Some(inotify) = &self.inotify else {
            arrivals.overflown = true;
            return arrivals;
        };
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = Reader::new(inotify, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => arrivals.overflown = true,
                Ok(event) if event.events().contains(ReadFlags::IGNORED) => {
                    self.spots.remove(&event.wd());
                }
                Ok(event) => {
                    // What is told of a file itself has no name.
                    let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
                    if let Some((spot, kind)) = self.spots.get(&event.wd())
                        && (name.is_some() || *kind == Kind::Settings)
                    {
                        arrivals.names.push(Arrival {
                            directory: spot.clone(),
                            kind: *kind,
                            name: name.unwrap_or_default(),
                            is_directory: event.events().contains(ReadFlags::ISDIR),
                        });
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => {
                    arrivals.overflown = true;
                    break;
                }
            }
        }
        arrivals.names.sort_unstable();
        arrivals.names.dedup();
        arrivals
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(inotify) = self.inotify.take() else {
            return;
        };
        for watch in self.spots.keys() {
            // Gone with its directory.
            let _ = inotify::remove_watch(&inotify, *watch);
        }
        // Numbers of watches are given once: what another thread puts in now would belong to none of the next sandbox.
        let mut idle = idle();
        if drain(&inotify).is_ok() && idle.len() < MAX_IDLE {
            idle.push(inotify);
        }
    }
}

fn idle() -> MutexGuard<'static, Vec<OwnedFd>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes all events that wait.
fn drain(inotify: &OwnedFd) -> Result<(), Errno> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match rustix::io::read(inotify, &mut buffer) {
            Ok(1..) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(()),
            Ok(0) => return Err(Errno::IO),
            Err(other) => return Err(other),
        }
    }
}
