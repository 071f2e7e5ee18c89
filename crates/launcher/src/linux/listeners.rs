//! Waiting for the watched calls of all cells at once.
//!
//! By `poll`, not `epoll`: the kernel runs who waits in a `poll` in place of the process that made the call, which saves both
//! of them the way to another processor and back. An `epoll` in between loses that, and a call then costs twice as much.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, eventfd, poll},
    io::Errno,
};

use super::cell::Cell;

/// What is polled before the listeners: the engine's socket, the children, and the announcements.
const OTHERS: usize = 3;

/// The listeners of the cells that are watched.
pub struct Listeners {
    /// Readable when a cell has announced its listener.
    announced: OwnedFd,
    known: Vec<Listener>,
}

/// The listener of one cell.
struct Listener {
    cell: u64,
    descriptor: RawFd,
}

/// What there is to do.
pub struct Ready {
    /// The engine has said something.
    pub control: bool,
    /// A child has ended.
    pub children: bool,
    /// A cell has announced its listener.
    pub announcements: bool,
    /// The cells with a call that waits.
    pub cells: Vec<u64>,
}

impl Listeners {
    /// None yet.
    pub fn new() -> Result<Self, Errno> {
        let announced = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { announced, known: Vec::new() })
    }

    /// Where the cells announce their listeners.
    pub fn announced(&self) -> BorrowedFd<'_> {
        self.announced.as_fd()
    }

    /// Waits until there is something to do.
    pub fn wait(&mut self, control: BorrowedFd<'_>, children: BorrowedFd<'_>) -> Result<Ready, Errno> {
        let listeners = self.known.iter().map(|listener| borrow(listener.descriptor));
        let mut polled: Vec<_> = [control, children, self.announced.as_fd()]
            .into_iter()
            .chain(listeners)
            .map(|source| PollFd::from_borrowed_fd(source, PollFlags::IN))
            .collect();
        poll(&mut polled, None)?;
        let events: Vec<_> = polled.iter().map(PollFd::revents).collect();
        let (others, listeners) = events.split_at(OTHERS.min(events.len()));
        let [control, children, announcements] = [0, 1, 2].map(|at| others.get(at).is_some_and(|e| !e.is_empty()));
        let told = self.known.iter().map(|listener| listener.cell).zip(listeners);
        let cells = told.filter(|(_, events)| events.contains(PollFlags::IN)).map(|(cell, _)| cell).collect();
        // Nobody is left who could make a call: the cell is about to be reaped.
        let ended = |events: &PollFlags| !events.is_empty() && !events.contains(PollFlags::IN);
        if listeners.iter().any(ended) {
            let mut listeners = listeners.iter();
            self.known.retain(|_| !listeners.next().is_some_and(ended));
        }
        Ok(Ready { control, children, announcements, cells })
    }

    /// Takes the listeners that cells have announced.
    pub fn take_announced(&mut self, cells: &[Cell]) {
        // Read before the cells are looked at: what is announced meanwhile wakes the next wait.
        let _ = rustix::io::read(&self.announced, &mut [0_u8; 8]);
        for cell in cells {
            if let Some(descriptor) = cell.listener()
                && self.of(cell.number()).is_none()
            {
                self.known.push(Listener { cell: cell.number(), descriptor });
            }
        }
    }

    /// The listener of a cell.
    pub fn of(&self, cell: u64) -> Option<BorrowedFd<'_>> {
        self.known.iter().find(|known| known.cell == cell).map(|known| borrow(known.descriptor))
    }

    /// Forgets a cell, before its listener is closed.
    pub fn forget(&mut self, cell: u64) {
        self.known.retain(|known| known.cell != cell);
    }
}

fn borrow<'a>(listener: RawFd) -> BorrowedFd<'a> {
    // SAFETY: the listener of a cell stays open until the cell is dropped, and is forgotten here before that.
    unsafe { BorrowedFd::borrow_raw(listener) }
}
