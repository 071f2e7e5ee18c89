//! Watching the runs for what they are refused, and telling the engine.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    os::fd::{AsRawFd, BorrowedFd, RawFd},
};

use codex_launcher::{
    channel,
    protocol::{Denied, Reply, Tried},
};
use rustix::{io::Errno, net::SendFlags};

use super::{
    filter::{self, Program},
    look::{self, HeldBy},
    notifications::{self, Call},
    process,
    set_group_id::{self, Change},
    watch_table::{self, Shape, Watched},
};

/// How many different refusals of one run are told.
const MOST_TOLD: usize = 100;

/// What watches the cells of a launcher.
pub struct Observer {
    filter: Program,
    held_by: HeldBy,
    told: HashMap<u64, Told>,
}

/// What was told of the run that a cell serves.
#[derive(Default)]
struct Told {
    run: u64,
    things: Vec<u64>,
}

/// What a cell needs to be watched; copied into each.
#[derive(Clone, Copy)]
pub struct Watching {
    /// The filter; no instructions: nothing is watched.
    pub filter: libc::sock_fprog,
    /// Where the cell announces that it has a listener.
    pub announced: RawFd,
}

impl Observer {
    /// Prepares the filter for the calls that are watched.
    pub fn new(calls: &[&Watched], held_by: HeldBy) -> Result<Self, Errno> {
        Ok(Self { filter: filter::watching(calls)?, held_by, told: HashMap::new() })
    }

    /// What its cells need; in `announced` they announce their listeners.
    pub fn watching(&self, announced: BorrowedFd<'_>) -> Watching {
        Watching { filter: self.filter.as_prog(), announced: announced.as_raw_fd() }
    }

    /// Looks at the call that waits, tells it if it will be refused, and lets it go on, or makes it in its place; a socket that is asked for is refused.
    pub fn answer(&mut self, control: BorrowedFd<'_>, listener: BorrowedFd<'_>, cell: u64, run: u64) {
        let Ok(call) = notifications::receive(listener) else {
            return;
        };
        let told = self.told.entry(cell).or_default();
        if told.run != run {
            *told = Told { run, things: Vec::new() };
        }
        let watched = watch_table::find(libc::c_long::from(call.data.nr));
        if told.things.len() < MOST_TOLD
            && let Some(watched) = watched
            && let Some(tried) = look::refused(&call, watched.shape, &self.held_by)
            && told.is_new(&one_process(&tried))
        {
            let program = process::program(call.pid);
            if notifications::is_waiting(listener, &call) {
                let pid = call.pid.cast_signed();
                let denied = Denied { tried, syscall: watched.name.to_owned(), pid, program };
                if let Ok(message) = postcard::to_allocvec(&Reply::Denied { run, denied }) {
                    let _ = channel::send(control, &message, &[], SendFlags::empty());
                }
            }
        }
        match (watched.map(|watched| watched.shape), self.change(&call)) {
            (Some(Shape::MakeSocket), _) => notifications::refuse(listener, &call, Errno::AFNOSUPPORT),
            (Some(_), Some(change)) => {
                let outcome = change.make(&call, || notifications::is_waiting(listener, &call));
                notifications::was_made(listener, &call, outcome);
            }
            (Some(_), None) => notifications::go_on(listener, &call),
            (None, _) => notifications::refuse(listener, &call, Errno::NOSYS),
        }
    }

    /// The change that is made in the place of a run: only where mounts hold what it may change.
    fn change(&self, call: &Call) -> Option<Change> {
        match self.held_by {
            HeldBy::Mounts { .. } => set_group_id::asked(call),
            HeldBy::Rules(_) => None,
        }
    }

    /// Forgets a cell that has ended.
    pub fn forget(&mut self, cell: u64) {
        self.told.remove(&cell);
    }
}

/// What was tried, with each process in `/proc` as the same one: what is refused for one is refused for all.
fn one_process(tried: &Tried) -> Cow<'_, Tried> {
    let Tried::Write(path) = tried else {
        return Cow::Borrowed(tried);
    };
    let Some(below) = path.strip_prefix(b"/proc/") else {
        return Cow::Borrowed(tried);
    };
    let is_number = |name: &[u8]| !name.is_empty() && name.iter().all(u8::is_ascii_digit);
    let names = below.split(|byte| *byte == b'/').map(|name| if is_number(name) { b"0" } else { name });
    Cow::Owned(Tried::Write(names.collect::<Vec<_>>().join(&b'/')))
}

impl Told {
    fn is_new(&mut self, thing: &impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        thing.hash(&mut hasher);
        let hash = hasher.finish();
        let new = !self.things.contains(&hash);
        if new {
            self.things.push(hash);
        }
        new
    }
}

/// Announces that a cell has a listener, in the cell's init: raw system calls only.
pub fn announce(watching: &Watching, listener: RawFd) -> Result<(), Errno> {
    notifications::wake_in_place(listener);
    // SAFETY: the descriptor stays open in this process.
    let announced = unsafe { BorrowedFd::borrow_raw(watching.announced) };
    rustix::io::write(announced, &1_u64.to_ne_bytes()).map(drop)
}
