//! The runs of one launcher, from a request to an end that somebody waits for.

use std::{
    collections::HashMap,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use codex_launcher::{
    channel,
    protocol::{Denied, ExitStatus, Limit, Reply, Stage},
};
use rustix::{io::Errno, net::SendFlags};
use tokio::sync::oneshot;

use super::{
    cells::{Cell, Cells},
    pids::Pids,
};
use crate::{exec::Started, sandbox::unix::timeout::SIGKILL};

/// How a run ended, as far as its launcher knows.
#[derive(Debug, Clone)]
pub enum RunEnd {
    /// Its program ended, and with it the whole tree.
    Exited {
        /// The program's process id; 0 when it was not told.
        pid: i32,
        /// How the program ended.
        status: ExitStatus,
        /// The limit that the run met.
        limit: Option<Limit>,
        /// What it was refused.
        denied: Vec<Denied>,
    },
    /// Its program could not be started.
    Failed {
        /// What did not work.
        stage: Stage,
        /// The error number.
        errno: i32,
    },
    /// The launcher ended first.
    Lost,
}

/// A run, ready to be given to a cell.
pub struct Request<'a> {
    /// Its number.
    pub run: u64,
    /// Whether it needs a cell with control groups.
    pub grouped: bool,
    /// What the cell is told.
    pub body: &'a [u8],
    /// The program's descriptors.
    pub descriptors: &'a [BorrowedFd<'a>],
    /// Who is to learn its start.
    pub started: Option<Started>,
}

/// The runs of a launcher, and what is known of them.
#[derive(Debug)]
pub struct Runs {
    /// The cells in which they are.
    pub cells: Cells,
    waiting: HashMap<u64, Waiting>,
    /// What runs that wait were refused so far.
    denied: HashMap<u64, Vec<Denied>>,
    pids: Pids,
    /// The launcher is gone: there will be no more.
    pub over: bool,
}

#[derive(Debug)]
struct Waiting {
    started: Option<Started>,
    end: oneshot::Sender<RunEnd>,
}

impl Runs {
    /// None yet, of a launcher that has just answered.
    pub fn new(pids: Pids) -> Self {
        Self { cells: Cells::new(), waiting: HashMap::new(), denied: HashMap::new(), pids, over: false }
    }

    /// Gives a run to a cell; `None` when that has just ended.
    pub fn begin(&mut self, request: &Request<'_>, cell: Cell) -> Result<Option<oneshot::Receiver<RunEnd>>, Errno> {
        let run = request.run;
        // A cell that waits has read what it was sent before: there is room.
        match channel::send(cell.socket.as_fd(), request.body, request.descriptors, SendFlags::DONTWAIT) {
            Ok(()) => {}
            Err(Errno::PIPE | Errno::CONNRESET) => return Ok(None),
            Err(errno) => {
                self.cells.serve(run, cell);
                self.cells.ended(run, true);
                return Err(errno);
            }
        }
        let (sender, receiver) = oneshot::channel();
        self.cells.serve(run, cell);
        self.waiting.insert(run, Waiting { started: request.started.clone(), end: sender });
        Ok(Some(receiver))
    }

    /// Hands a reply of the launcher to the run that waits for it.
    pub fn take(&mut self, reply: Reply, handles: Vec<OwnedFd>) {
        match reply {
            Reply::Exited { run, lasting, status, limit } => {
                self.cells.ended(run, lasting);
                self.exited(run, status, limit);
            }
            Reply::Failed { run, lasting, stage, errno } => {
                self.cells.ended(run, lasting);
                // A program that failed late had told its process id.
                self.pids.take(run);
                self.denied.remove(&run);
                self.tell(run, RunEnd::Failed { stage, errno });
            }
            Reply::Gone { cell, limit } => {
                // It told no end: it was ended first.
                if let Some(run) = self.cells.gone(cell) {
                    self.exited(run, ExitStatus::Signal(SIGKILL), limit);
                }
            }
            Reply::Cell { cell, grouped } => match handles.into_iter().next() {
                Some(socket) => self.cells.made(Cell { number: cell, grouped, socket }),
                // There was no room for it; without it, the cell ends.
                None => self.cells.not_made(grouped, (Stage::Clone, Errno::MFILE.raw_os_error())),
            },
            Reply::NoCell { grouped, stage, errno } => self.cells.not_made(grouped, (stage, errno)),
            Reply::Started { run } => {
                let pid = self.pids.look(run).unwrap_or(0);
                if let Some(started) = self.waiting.get(&run).and_then(|waiting| waiting.started.as_ref()) {
                    let _ = started.send(pid);
                }
            }
            Reply::Denied { run, denied } => {
                if self.waiting.contains_key(&run) {
                    self.denied.entry(run).or_default().push(denied);
                }
            }
            Reply::Ready(_) | Reply::Refused(_) => {}
        }
    }

    /// The launcher is gone: whoever waits learns it.
    pub fn lose(&mut self) {
        self.over = true;
        self.cells.clear();
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            let _ = waiting.end.send(RunEnd::Lost);
        }
    }

    fn exited(&mut self, run: u64, status: ExitStatus, limit: Option<Limit>) {
        let denied = self.denied.remove(&run).unwrap_or_default();
        let pid = self.pids.take(run).unwrap_or(0);
        self.tell(run, RunEnd::Exited { pid, status, limit, denied });
    }

    fn tell(&mut self, run: u64, end: RunEnd) {
        if let Some(waiting) = self.waiting.remove(&run) {
            let _ = waiting.end.send(end);
        }
    }
}
