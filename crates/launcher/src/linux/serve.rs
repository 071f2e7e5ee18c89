//! The launcher's life: read the plan, become the sandbox, make cells until the engine closes the socket.

use std::{
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    process::ExitCode,
};

use codex_launcher::{
    channel::{self, Inbox},
    protocol::{
        Boundary, CONTROL_FD, LEAST_BY_PID_NAMESPACE, LaunchPlan, PIDS_FD, ProcessLimit, Reply, Request, Stage, Step,
        Watch,
    },
    removal,
};
use rustix::{
    fs::CWD,
    io::{Errno, FdFlags, fcntl_setfd},
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair},
    process::{PidfdFlags, WaitOptions, getpid, pidfd_open, wait},
};

use super::{
    cell::{Cell, Setting},
    devices,
    filter::Program,
    groups::Groups,
    limits::Held,
    listeners::Listeners,
    look::HeldBy,
    observer::Observer,
    setup::{During, Restrictions, SetupError, become_sandbox},
    signals::{self, ALL},
    terminal::KeptTerminal,
    watch_table,
};

/// Runs the launcher.
pub fn main() -> ExitCode {
    // SAFETY: the engine starts this program with its socket there; nothing else in the program owns it.
    let control = unsafe { BorrowedFd::borrow_raw(CONTROL_FD) };
    match prepare(control) {
        Ok(mut server) => {
            server.serve();
            if let Some(terminal) = &server.terminal {
                terminal.put_back();
            }
            server.end_cells();
            if let Some(directory) = &server.remove_at_end {
                // The engine may have been faster.
                let _ = removal::remove_tree(CWD, directory.as_slice());
            }
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            // An engine that is gone needs no answer.
            let _ = reply(control, &Reply::Refused(refusal), &[]);
            ExitCode::FAILURE
        }
    }
}

/// Everything up to the point where runs can be served.
fn prepare(control: BorrowedFd<'_>) -> Result<Server<'_>, SetupError> {
    // A descriptor that the host forgot to mark must not reach a run.
    close_range_from(PIDS_FD.unsigned_abs() + 1).during(Step::Serve)?;
    // SAFETY: as for the control socket.
    let pids = unsafe { BorrowedFd::borrow_raw(PIDS_FD) };
    for socket in [control, pids] {
        fcntl_setfd(socket, FdFlags::CLOEXEC).during(Step::Serve)?;
    }
    signals::reset_actions();
    signals::block(ALL).during(Step::Serve)?;
    let mut message = Inbox::default();
    let descriptors = message.receive(control, RecvFlags::empty()).during(Step::Plan)?;
    let plan: LaunchPlan = postcard::from_bytes(message.body()).map_err(|_| Errno::BADMSG).during(Step::Plan)?;
    let launcher = pidfd_open(getpid(), PidfdFlags::empty()).during(Step::Serve)?;
    let children = child_events().during(Step::Serve)?;
    // A terminal whose modes can't be read has none to put back.
    let terminal =
        descriptors.unwrap_or_default().into_iter().next().and_then(|terminal| KeptTerminal::new(terminal).ok());
    let (mut restrictions, applied) = become_sandbox(&plan)?;
    let terminals = devices::terminals(plan.boundary).during(Step::Serve)?;
    let held_by = restrictions.granted.take().filter(|_| plan.boundary == Boundary::Landlock);
    let held_by = held_by.map_or(HeldBy::Mounts { network: plan.network }, HeldBy::Rules);
    let observer = observe(&plan, applied.watch, held_by).during(Step::Seccomp)?;
    let listeners = Listeners::new().during(Step::Serve)?;
    let handles: Vec<_> = terminals.iter().map(AsFd::as_fd).collect();
    let processes = applied.processes;
    reply(control, &Reply::Ready(applied), &handles).during(Step::Serve)?;
    let setting = Setting {
        boundary: restrictions.boundary,
        control: CONTROL_FD,
        pids: PIDS_FD,
        launcher: launcher.as_raw_fd(),
        landlock: restrictions.landlock.as_ref().map_or(-1, AsRawFd::as_raw_fd),
        filter: restrictions.filter.as_ref().map_or(NO_FILTER, Program::as_prog),
        processes,
        largest_pid: match processes {
            ProcessLimit::PidNamespace => {
                plan.processes.filter(|processes| *processes >= LEAST_BY_PID_NAMESPACE).unwrap_or(0)
            }
            ProcessLimit::UserNamespace | ProcessLimit::None => 0,
        },
        held: Held::now(),
        watching: observer.as_ref().map(|observer| observer.watching(listeners.announced())),
        processors: std::thread::available_parallelism().map_or(1, |count| count.get() as u64),
    };
    Ok(Server {
        control,
        children,
        listeners,
        setting,
        inbox: Inbox::default(),
        cells: Vec::new(),
        groups: None,
        observer,
        remove_at_end: plan.remove_at_end,
        terminal,
        _kept: (launcher, restrictions),
    })
}

/// Nothing is watched where there is nothing to be told.
fn observe(plan: &LaunchPlan, watch: Watch, held_by: HeldBy) -> Result<Option<Observer>, Errno> {
    let calls = watch_table::watched(watch, plan.boundary, plan.network);
    (!calls.is_empty()).then(|| Observer::new(&calls, held_by)).transpose()
}

/// How many cells are kept for later runs. More runs than this at once get cells of their own.
const LASTING_CELLS: usize = 16;

const NO_FILTER: libc::sock_fprog = libc::sock_fprog { len: 0, filter: std::ptr::null_mut() };

struct Server<'a> {
    control: BorrowedFd<'a>,
    /// Readable when a child has ended.
    children: OwnedFd,
    /// Where the calls of the cells that are watched are told.
    listeners: Listeners,
    setting: Setting,
    /// For the next message.
    inbox: Inbox,
    cells: Vec<Cell>,
    /// Where the cells of runs with limits of their own belong, if the engine said so.
    groups: Option<Groups>,
    /// What watches the cells, if they are watched.
    observer: Option<Observer>,
    remove_at_end: Option<Vec<u8>>,
    terminal: Option<KeptTerminal>,
    /// What the cells' settings point to.
    _kept: (OwnedFd, Restrictions),
}

impl Server<'_> {
    /// Serves until the engine closes its end, or can't be understood any more.
    fn serve(&mut self) {
        // There is hardly a sandbox in which nothing is run.
        if self.make_cell(false).is_err() {
            return;
        }
        loop {
            let ready = match self.listeners.wait(self.control, self.children.as_fd()) {
                Ok(ready) => ready,
                Err(Errno::INTR) => continue,
                Err(_) => return,
            };
            // Calls first: a process waits for each, and what it was refused has to be told before its end.
            for cell in ready.cells {
                self.answer(cell);
            }
            if ready.announcements {
                self.listeners.take_announced(&self.cells);
            }
            if ready.control && self.take_request().is_err() {
                return;
            }
            if ready.children {
                self.reap();
            }
        }
    }

    /// Answers a watched call of a cell.
    fn answer(&mut self, cell: u64) {
        if let Some(listener) = self.listeners.of(cell)
            && let Some(observer) = &mut self.observer
            && let Some(cell) = self.cells.iter().find(|known| known.number() == cell)
        {
            observer.answer(self.control, listener, cell.number(), cell.run());
        }
    }

    /// Takes one request. An error means that the conversation is over.
    fn take_request(&mut self) -> Result<(), Errno> {
        let descriptors = self.inbox.receive(self.control, RecvFlags::empty())?.ok_or(Errno::PIPE)?;
        match postcard::from_bytes(self.inbox.body()).map_err(|_| Errno::BADMSG)? {
            Request::Signal { cell, run, signal } => {
                if let Some(cell) = self.cells.iter().find(|known| known.number() == cell) {
                    cell.signal(run, signal);
                }
            }
            Request::ControlGroups(groups) => self.groups = Some(Groups::new(groups, descriptors)?),
            Request::Cell { grouped } => self.make_cell(grouped)?,
        }
        Ok(())
    }

    /// Makes a cell and hands its socket to the engine, or tells why there is none.
    fn make_cell(&mut self, grouped: bool) -> Result<(), Errno> {
        match self.start_cell(grouped) {
            Ok((cell, socket)) => {
                let made = Reply::Cell { cell: cell.number(), grouped };
                self.cells.push(cell);
                reply(self.control, &made, &[socket.as_fd()])
            }
            Err((stage, errno)) => {
                reply(self.control, &Reply::NoCell { grouped, stage, errno: errno.raw_os_error() }, &[])
            }
        }
    }

    fn start_cell(&mut self, grouped: bool) -> Result<(Cell, OwnedFd), (Stage, Errno)> {
        let group = match (grouped, &mut self.groups) {
            (false, _) => None,
            (true, Some(groups)) => Some(groups.cell().map_err(|errno| (Stage::Limits, errno))?),
            (true, None) => return Err((Stage::Limits, Errno::INVAL)),
        };
        let lasting = self.cells.len() < LASTING_CELLS;
        let (ours, engines) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|errno| (Stage::Clone, errno))?;
        let cell = Cell::start(self.setting, lasting, group, ours).map_err(|errno| (Stage::Clone, errno))?;
        Ok((cell, engines))
    }

    /// Reaps the inits that have ended, and says so.
    fn reap(&mut self) {
        let mut events = [0_u8; 512];
        let _ = rustix::io::read(&self.children, &mut events);
        while let Ok(Some((child, _))) = wait(WaitOptions::NOHANG) {
            let init = child.as_raw_nonzero().get();
            let Some(index) = self.cells.iter().position(|cell| cell.init() == init) else {
                continue;
            };
            let cell = self.cells.swap_remove(index);
            self.listeners.forget(cell.number());
            if let Some(observer) = &mut self.observer {
                observer.forget(cell.number());
            }
            let _ = reply(self.control, &Reply::Gone { cell: cell.number(), limit: cell.met() }, &[]);
        }
    }

    /// Ends every cell and waits until nothing of them is left.
    fn end_cells(&mut self) {
        self.cells.iter().for_each(Cell::end);
        while wait(WaitOptions::empty()).is_ok() {}
        self.cells.clear();
        if let Some(groups) = self.groups.take() {
            groups.remove();
        }
    }
}

fn reply(control: BorrowedFd<'_>, reply: &Reply, descriptors: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let encoded = postcard::to_allocvec(reply).map_err(|_| Errno::OVERFLOW)?;
    channel::send(control, &encoded, descriptors, SendFlags::empty())
}

/// A descriptor that becomes readable when a child ends.
fn child_events() -> Result<OwnedFd, Errno> {
    // SAFETY: an empty set is valid, and each call is given a live one.
    let descriptor = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
    };
    if descriptor < 0 {
        return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO));
    }
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(descriptor) })
}

fn close_range_from(first: u32) -> Result<(), Errno> {
    // SAFETY: closes descriptors that nothing in this program has opened.
    unsafe { syscalls::syscall!(syscalls::Sysno::close_range, first, u32::MAX, 0) }
        .map(drop)
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}
