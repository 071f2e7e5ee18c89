//! One launcher process that serves runs: its socket and its end.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use codex_launcher::{
    channel::{self, Inbox},
    protocol::{self, Applied, Boundary, Stage},
};
use once_cell::sync::OnceCell;
use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, Shutdown, shutdown},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime::Handle,
    sync::{oneshot, watch},
};

use super::{
    deferred,
    groups::Groups,
    guard::Guard,
    limits::Means,
    runs::{Request, RunEnd, Runs},
    spawn,
    stand_in::StandIn,
    starting::{Standing, Starting, receive},
};
use crate::sandbox::{Enforcement, task, unix::watched::watch};

/// Why a run was not given to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBegun {
    /// The launcher can't be reached; `PIPE` and `CONNRESET`: it is gone.
    Unreachable(Errno),
    /// There is no cell.
    NoCell {
        /// What did not work.
        stage: Stage,
        /// The error number.
        errno: i32,
    },
}

impl From<Errno> for NotBegun {
    fn from(errno: Errno) -> Self {
        Self::Unreachable(errno)
    }
}

/// A launcher that answered that its sandbox stands.
#[derive(Debug)]
pub struct Launcher {
    control: AsyncFd<OwnedFd>,
    boundary: Boundary,
    enforcement: Arc<Enforcement>,
    applied: Applied,
    /// Its control groups, once they were asked for; `None` in it: they can't be had.
    groups: OnceCell<Option<Groups>>,
    /// The carve-outs of what its runs may write.
    guard: Option<Guard>,
    /// A directory on the host that stands in for the private tmp where there are no mounts.
    stand_in_tmp: Option<StandIn>,
    /// The sandbox's own `/dev/pts`, where it has one.
    terminals: Option<OwnedFd>,
    runs: Mutex<Runs>,
    ended: watch::Sender<bool>,
}

impl Launcher {
    /// Lets a launcher whose sandbox stands serve runs, watched by a task of `runtime`.
    pub fn new(
        standing: Standing,
        enforcement: Enforcement,
        guard: Option<Guard>,
        stand_in_tmp: Option<StandIn>,
        runtime: &Handle,
    ) -> Arc<Self> {
        let Standing { starting: Starting { control, death, pids, boundary }, applied, terminals } = standing;
        let launcher = Arc::new(Self {
            control,
            boundary,
            enforcement: Arc::new(enforcement),
            applied,
            groups: OnceCell::new(),
            guard,
            stand_in_tmp,
            terminals,
            runs: Mutex::new(Runs::new(pids)),
            ended: watch::Sender::new(false),
        });
        task::spawn(runtime, Arc::clone(&launcher).watch(death));
        launcher
    }

    /// What its sandbox enforces.
    pub fn enforcement(&self) -> &Arc<Enforcement> {
        &self.enforcement
    }

    /// By what it holds limits, if its control groups were asked for already.
    pub fn means(&self) -> Option<Means<'_>> {
        let groups = self.groups.get()?.as_ref();
        Some(Means { boundary: self.boundary, applied: &self.applied, groups })
    }

    /// By what it holds limits without control groups.
    pub fn means_without_groups(&self) -> Means<'_> {
        Means { boundary: self.boundary, applied: &self.applied, groups: None }
    }

    /// Gives it control groups, if it was given none before.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send); then it has none, and can be given some later.
    pub fn take_groups(&self, make: impl FnOnce() -> Option<Groups>) -> Result<(), Errno> {
        let given = self.groups.get_or_try_init(|| {
            let Some(groups) = make() else {
                return Ok(None);
            };
            let (message, directories) = groups.to_message();
            let body =
                postcard::to_allocvec(&protocol::Request::ControlGroups(message)).map_err(|_| Errno::OVERFLOW)?;
            self.try_send(&body, &directories)?;
            drop(directories);
            Ok(Some(groups))
        });
        given.map(drop)
    }

    /// The mechanism that it uses.
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    /// The carve-outs of what its runs may write, if there are any.
    pub fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref()
    }

    /// The directory that stands in for the private tmp, if one does.
    pub fn stand_in_tmp(&self) -> Option<&Path> {
        self.stand_in_tmp.as_ref().map(StandIn::path)
    }

    /// The directory in which terminals of the sandbox's own are made; `None` where the host's are used.
    pub fn terminals(&self) -> Option<&OwnedFd> {
        self.terminals.as_ref()
    }

    /// Whether it still serves.
    pub fn is_alive(&self) -> bool {
        !self.runs().over
    }

    /// Gives a run to an idle cell, if there is one. It begins with [`release`](Self::release).
    ///
    /// # Errors
    /// `PIPE` when the launcher is gone; any other for a request that can't be sent.
    pub fn try_begin(&self, request: &Request<'_>) -> Result<Option<oneshot::Receiver<RunEnd>>, Errno> {
        let mut runs = self.runs();
        if runs.over {
            return Err(Errno::PIPE);
        }
        while let Some(cell) = runs.cells.take(request.grouped) {
            if let Some(end) = runs.begin(request, cell)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// Gives a run to a cell, a new one if need be. It begins with [`release`](Self::release).
    ///
    /// # Errors
    /// See [`NotBegun`].
    pub async fn begin(&self, request: &Request<'_>) -> Result<oneshot::Receiver<RunEnd>, NotBegun> {
        loop {
            if let Some(end) = self.try_begin(request)? {
                return Ok(end);
            }
            let (cell, ask) = self.runs().cells.wait(request.grouped);
            if ask {
                let body = postcard::to_allocvec(&protocol::Request::Cell { grouped: request.grouped });
                self.send(&body.map_err(|_| Errno::OVERFLOW)?, &[]).await?;
            }
            // Nobody is left who could make one, when the sender is gone.
            let cell = cell.await.map_err(|_| Errno::PIPE)?;
            let cell = cell.map_err(|(stage, errno)| NotBegun::NoCell { stage, errno })?;
            if let Some(end) = self.runs().begin(request, cell)? {
                return Ok(end);
            }
        }
    }

    /// Lets a run begin that was given to a cell: its descriptors are closed here.
    pub fn release(&self, run: u64) {
        let released = self.runs().cells.serving(run).map(|cell| channel::release(cell.socket.as_fd()));
        match released {
            // The end of a cell that is gone is told by the launcher.
            None | Some(Ok(()) | Err(Errno::PIPE | Errno::CONNRESET)) => {}
            // There is room for it. A run that never begins must not be waited for.
            Some(Err(_)) => self.end(),
        }
    }

    /// Sends a message if the socket has room for it.
    ///
    /// # Errors
    /// `AGAIN` when it has not, `PIPE` when the launcher is gone.
    fn try_send(&self, body: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
        channel::send(self.control.as_fd(), body, descriptors, SendFlags::empty())
    }

    /// Sends a message, waiting for room.
    async fn send(&self, body: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
        loop {
            match self.try_send(body, descriptors) {
                Err(Errno::AGAIN) => {
                    self.room().await.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?
                }
                other => return other,
            }
        }
    }

    /// Waits until the socket may have room.
    async fn room(&self) -> io::Result<()> {
        watch(self.control.get_ref().try_clone()?, Interest::WRITABLE)?.writable().await.map(drop)
    }

    /// Signals a run.
    pub fn signal(&self, run: u64, signal: i32) {
        // A full socket means that the launcher has more urgent news to read, but a signal must not get lost:
        // a launcher that doesn't read at all is ended, and the kernel ends its runs with it.
        for _ in 0..SIGNAL_TRIES {
            match self.try_signal(run, signal) {
                Err(Errno::AGAIN) => std::thread::sleep(SIGNAL_PAUSE),
                _ => return,
            }
        }
        self.end();
    }

    /// The cell is given no other run before the signal is sent: one that came later would be taken for that run's, whose own
    /// could be forgotten for it.
    fn try_signal(&self, run: u64, signal: i32) -> Result<(), Errno> {
        let runs = self.runs();
        let Some(cell) = runs.cells.serving(run).map(|cell| cell.number) else {
            return Ok(());
        };
        let body = postcard::to_allocvec(&protocol::Request::Signal { cell, run, signal });
        let sent = self.try_send(&body.map_err(|_| Errno::OVERFLOW)?, &[]);
        drop(runs);
        sent
    }

    /// Makes the launcher end its runs and itself.
    pub fn end(&self) {
        let _ = shutdown(&self.control, Shutdown::Both);
    }

    /// Waits until the launcher is gone.
    pub async fn ended(&self) {
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Hands each reply to the run that waits for it, until the launcher is gone.
    async fn watch(self: Arc<Self>, death: AsyncFd<OwnedFd>) {
        let mut inbox = Inbox::default();
        loop {
            let reply = tokio::select! {
                biased;
                reply = receive(&self.control, &mut inbox) => reply,
                _ = death.readable() => break,
            };
            match reply {
                Ok(Some((reply, handles))) => {
                    self.runs().take(reply, handles);
                    deferred::begin();
                }
                // For want of room it came without its descriptor. What else is under way has nothing to do with that.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::MFILE) => {
                    let Ok(reply) = postcard::from_bytes(inbox.body()) else {
                        break;
                    };
                    self.runs().take(reply, Vec::new());
                    deferred::begin();
                }
                Ok(None) | Err(_) => break,
            }
        }
        // What it said before it died is still there.
        while let Ok(Some(handles)) = inbox.receive(self.control.as_fd(), RecvFlags::DONTWAIT) {
            if let Ok(reply) = postcard::from_bytes(inbox.body()) {
                self.runs().take(reply, handles);
            }
        }
        self.end();
        let _ = death.readable().await;
        spawn::reap(death.get_ref());
        // For runs whose end nobody waits for.
        if let Some(guard) = &self.guard {
            guard.end();
        }
        self.runs().lose();
        self.ended.send_replace(true);
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const SIGNAL_TRIES: u32 = 200;
const SIGNAL_PAUSE: std::time::Duration = std::time::Duration::from_millis(5);
