//! The launcher's side of a cell: a pid namespace with an init that runs one program after the other.
//!
//! A cell is made for a run, with a mount namespace and a `/proc` of its own. When the run ends and the kernel says
//! that no process of it is left, nothing in the cell tells it from a new one but the next process id: so it serves
//! the next run, which then costs no namespace. Two runs never share a cell at the same time.

use std::{
    cell::UnsafeCell,
    ffi::{c_char, c_void},
    os::fd::{AsRawFd, OwnedFd, RawFd},
    ptr,
    sync::atomic::{
        AtomicI32, AtomicU8, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use codex_launcher::{
    channel::Inbox,
    protocol::{Boundary, Limit, MAX_STREAMS, ProcessLimit, RunLimits, RunRequest},
};
use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process},
};

use super::{
    cell_init::cell_init,
    groups::{CellGroup, GroupFiles},
    limits::Held,
    observer::Watching,
    signals,
    stack::Stack,
};

/// What every cell of a launcher has in common.
#[derive(Clone, Copy)]
pub struct Setting {
    /// The mechanism of the sandbox.
    pub boundary: Boundary,
    /// The socket to the engine.
    pub control: RawFd,
    /// The socket that tells the engine process ids.
    pub pids: RawFd,
    /// A pidfd of the launcher.
    pub launcher: RawFd,
    /// The Landlock ruleset, or -1.
    pub landlock: RawFd,
    /// The filter that closes what the launcher itself still needs; no instructions: none.
    pub filter: libc::sock_fprog,
    /// What holds the number of processes where no control group does.
    pub processes: ProcessLimit,
    /// The largest process id of a cell; 0: as the kernel has it.
    pub largest_pid: u64,
    /// The resource limits of the launcher.
    pub held: Held,
    /// How many processors the machine has.
    pub processors: u64,
    /// How the cell is watched, if it is.
    pub watching: Option<Watching>,
}

/// What the processes of a cell read, and the few words that they write.
pub struct Shared {
    /// Fixed from the start.
    pub setting: Setting,
    /// The upper end of the stack on which programs begin.
    pub program_stack: *mut c_void,
    /// Whether the cell serves more than one run.
    pub lasting: bool,
    /// The control groups of the cell.
    pub groups: GroupFiles,
    /// The init's process id as the launcher sees it; written by the kernel during the clone.
    pub init: AtomicI32,
    /// Whose turn it is: see [`UNBORN`], [`IDLE`], [`DISPATCHED`].
    pub turn: AtomicU8,
    /// The launcher's while the cell is unborn or idle, the cell's while it is dispatched.
    pub assignment: UnsafeCell<Assignment>,
    /// The stage at which the program failed to start, as a number; read only with `errno` set.
    pub failed_stage: AtomicU8,
    /// The error number with which it failed; 0: it did not fail.
    pub errno: AtomicI32,
    /// What the control groups had counted when the run began: of [`Counted`], memory and processes.
    pub counted_before: [AtomicU64; 2],
    /// The last run whose end the engine was told.
    pub reported: AtomicU64,
    /// Tells this cell from all others of the launcher.
    pub number: u64,
    /// Where the calls that are watched are told; -1: there is no init yet, or nothing is watched.
    pub listener: AtomicI32,
}

/// There is no init yet.
pub const UNBORN: u8 = 0;
/// The init waits for a run.
pub const IDLE: u8 = 1;
/// A run was given to the init.
pub const DISPATCHED: u8 = 2;

/// One run, as prepared data: pointers into the message that asked for it.
pub struct Assignment {
    /// The engine's number of the run.
    pub run: u64,
    /// What the run may use.
    pub limits: RunLimits,
    /// How many processes are counted with the run's and are none of them.
    pub others: u64,
    /// The program's descriptors.
    pub streams: Streams,
    /// Whether to tell the engine when the program has started.
    pub announce: bool,
    /// The NUL-terminated working directory.
    pub working_directory: *const c_char,
    /// Paths to try as the program, ended by a null pointer.
    pub candidates: *const *const c_char,
    /// The arguments, ended by a null pointer.
    pub arguments: *const *const c_char,
    /// The environment, ended by a null pointer.
    pub environment: *const *const c_char,
}

/// The number of the next cell.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

impl Shared {
    /// The limit that the run met, of those that are told by control groups.
    pub fn met(&self) -> Option<Limit> {
        let counted = self.groups.counted();
        let [memory, processes] = self.counted_before.each_ref().map(|before| before.load(Acquire));
        if counted.memory > memory {
            Some(Limit::Memory)
        } else {
            (counted.processes > processes).then_some(Limit::Processes)
        }
    }
}

/// The descriptors of a program. The cell closes its own copies; the launcher those of a cell that came to its end before.
pub struct Streams {
    /// -1: closed.
    descriptors: [AtomicI32; MAX_STREAMS],
    targets: [u8; MAX_STREAMS],
    count: usize,
    /// The number in the program of its controlling terminal.
    pub terminal: Option<u8>,
}

impl Streams {
    fn none() -> Self {
        Self {
            descriptors: [const { AtomicI32::new(-1) }; MAX_STREAMS],
            targets: [0; MAX_STREAMS],
            count: 0,
            terminal: None,
        }
    }

    /// Each descriptor is to have the number that stands beside it.
    fn new(descriptors: &[OwnedFd], targets: &[u8], terminal: Option<u8>) -> Result<Self, Errno> {
        let fits = |target: &u8| usize::from(*target) < MAX_STREAMS;
        if descriptors.len() != targets.len() || targets.len() > MAX_STREAMS || !targets.iter().all(fits) {
            return Err(Errno::BADMSG);
        }
        let mut streams = Self { count: targets.len(), terminal, ..Self::none() };
        for (place, descriptor) in streams.descriptors.iter_mut().zip(descriptors) {
            *place.get_mut() = descriptor.as_raw_fd();
        }
        for (place, target) in streams.targets.iter_mut().zip(targets) {
            *place = *target;
        }
        Ok(streams)
    }

    /// Each descriptor with the number that it is to have.
    pub fn iter(&self) -> impl Iterator<Item = (RawFd, RawFd)> {
        let all = self.descriptors.iter().zip(&self.targets).take(self.count);
        all.map(|(from, to)| (from.load(Relaxed), RawFd::from(*to)))
    }

    /// Closes them, unless that was done before.
    pub fn close(&self) {
        for place in self.descriptors.iter().take(self.count) {
            let descriptor = place.swap(-1, Relaxed);
            if descriptor >= 0 {
                // SAFETY: the launcher handed the descriptor over, and nothing uses it again.
                unsafe { rustix::io::close(descriptor) };
            }
        }
    }

    /// Whether there are others than the three standard ones.
    pub fn has_declared(&self) -> bool {
        self.count > 3
    }
}

/// A cell with its memory, which stays where it is until the init has been reaped.
pub struct Cell {
    /// The message of the run that the cell serves, or served last.
    pub inbox: Inbox,
    pointers: Vec<*const c_char>,
    /// Whether its init was told to end.
    ended: bool,
    init_stack: Stack,
    /// Kept for as long as `shared` points to it.
    _program_stack: Stack,
    shared: Box<Shared>,
    /// Removed last, when the files in it are not used any more.
    group: Option<CellGroup>,
}

impl Cell {
    /// Makes the memory of a cell; nothing is started yet.
    pub fn new(setting: Setting, lasting: bool, group: Option<CellGroup>) -> Result<Self, Errno> {
        let program_stack = Stack::new()?;
        Ok(Self {
            inbox: Inbox::default(),
            pointers: Vec::new(),
            ended: false,
            init_stack: Stack::new()?,
            shared: Box::new(Shared {
                setting,
                program_stack: program_stack.top(),
                lasting,
                groups: group.as_ref().map_or(GroupFiles::NONE, |group| group.files),
                init: AtomicI32::new(0),
                turn: AtomicU8::new(UNBORN),
                assignment: UnsafeCell::new(Assignment {
                    run: 0,
                    limits: RunLimits::default(),
                    others: 0,
                    streams: Streams::none(),
                    announce: false,
                    working_directory: ptr::null(),
                    candidates: ptr::null(),
                    arguments: ptr::null(),
                    environment: ptr::null(),
                }),
                failed_stage: AtomicU8::new(0),
                errno: AtomicI32::new(0),
                counted_before: [AtomicU64::new(0), AtomicU64::new(0)],
                reported: AtomicU64::new(0),
                number: NUMBERS.fetch_add(1, Relaxed),
                listener: AtomicI32::new(-1),
            }),
            _program_stack: program_stack,
            group,
        })
    }

    /// Whether the init waits for a run.
    pub fn is_idle(&self) -> bool {
        self.shared.turn.load(Acquire) == IDLE && !self.ended
    }

    /// Whether there is no init yet.
    pub fn is_unborn(&self) -> bool {
        self.shared.turn.load(Acquire) == UNBORN
    }

    /// Whether it has control groups.
    pub fn is_grouped(&self) -> bool {
        self.group.is_some()
    }

    /// The init's process id.
    pub fn init(&self) -> i32 {
        self.shared.init.load(Relaxed)
    }

    /// The run that the cell serves and whose end was not told yet.
    pub fn unreported(&self) -> Option<u64> {
        let dispatched = self.shared.turn.load(Acquire) != UNBORN;
        // SAFETY: only this process writes the number, and not now.
        let run = unsafe { (*self.shared.assignment.get()).run };
        (dispatched && self.shared.reported.load(Acquire) != run).then_some(run)
    }

    /// Tells this cell from all others of the launcher.
    pub fn number(&self) -> u64 {
        self.shared.number
    }

    /// Where the calls that are watched are told, and the run that makes them.
    pub fn watched(&self) -> Option<(RawFd, u64)> {
        let listener = self.shared.listener.load(Acquire);
        // SAFETY: only this process writes the number, and not now.
        let run = unsafe { (*self.shared.assignment.get()).run };
        (listener >= 0).then_some((listener, run))
    }

    /// See [`Shared::met`].
    pub fn met(&self) -> Option<Limit> {
        self.shared.met()
    }

    /// Gives the run to the cell, which must be unborn or idle; starts the init if need be. The strings of the request
    /// must lie in a message that is put into `inbox` next and stays there. `others`: see [`Assignment`].
    ///
    /// # Errors
    /// `BADMSG` when the strings or the descriptors are not as many as the request says; the error of the clone.
    pub fn dispatch(&mut self, request: &RunRequest<'_>, descriptors: Vec<OwnedFd>, others: u64) -> Result<(), Errno> {
        let assignment = self.lay_out(request, &descriptors, others)?;
        let unborn = self.is_unborn();
        // SAFETY: it is the launcher's turn.
        unsafe { *self.shared.assignment.get() = assignment };
        self.shared.errno.store(0, Relaxed);
        let counted = self.shared.groups.counted();
        for (before, now) in self.shared.counted_before.iter().zip([counted.memory, counted.processes]) {
            before.store(now, Relaxed);
        }
        self.shared.turn.store(DISPATCHED, Release);
        let called = if unborn {
            self.start_init().inspect_err(|_| self.shared.turn.store(UNBORN, Release))
        } else {
            // A signal that needs no queue, so that a program that filled the user's queue can't hold it up. It is
            // only a call to look: whose turn it is decides.
            Pid::from_raw(self.init()).map_or(Ok(()), |init| kill_process(init, Signal::USR1))
        };
        if let Err(errno) = called {
            // SAFETY: there is no init that could look at them, and they are still the caller's.
            unsafe { (*self.shared.assignment.get()).streams = Streams::none() };
            return Err(errno);
        }
        // The init shares the table of descriptors, and closes these when its program has them.
        for descriptor in descriptors {
            std::mem::forget(descriptor);
        }
        Ok(())
    }

    /// Sends a signal to the program of a run, if the cell serves it.
    pub fn signal(&mut self, run: u64, signal: i32) {
        if self.unreported() != Some(run) {
            return;
        }
        match Pid::from_raw(self.init()) {
            // The kernel takes the whole namespace down with its init.
            Some(init) if signal == libc::SIGKILL && self.shared.setting.boundary == Boundary::Namespaces => {
                // The run may just have come to its end: then the cell looks idle until its init has been reaped.
                self.ended = true;
                let _ = kill_process(init, Signal::KILL);
            }
            Some(init) => {
                let _ = signals::pass_on(init.as_raw_nonzero().get(), run, signal);
            }
            None => {}
        }
    }

    /// Ends the init and all that it has.
    pub fn end(&self) {
        match self.shared.setting.boundary {
            Boundary::Namespaces => {
                if let Some(init) = Pid::from_raw(self.init()) {
                    let _ = kill_process(init, Signal::KILL);
                }
            }
            // It ends its processes itself.
            Boundary::Landlock | Boundary::None => {
                let _ = signals::queue(self.init(), signals::LAUNCHER_DIED, 0);
            }
        }
    }

    /// Lays the tables over the strings of a request.
    fn lay_out(&mut self, request: &RunRequest<'_>, descriptors: &[OwnedFd], others: u64) -> Result<Assignment, Errno> {
        let groups = [request.candidates, request.arguments, request.variables].map(|count| count as usize);
        let mut strings = request.strings.0.split_inclusive(|&byte| byte == 0);
        let mut next = || strings.next().filter(|string| string.ends_with(&[0])).ok_or(Errno::BADMSG);
        let working_directory = next()?.as_ptr().cast();
        self.pointers.clear();
        for count in groups {
            for _ in 0..count {
                self.pointers.push(next()?.as_ptr().cast());
            }
            self.pointers.push(ptr::null());
        }
        let start_of = |skipped: usize| self.pointers.get(skipped..).map(<[_]>::as_ptr).ok_or(Errno::BADMSG);
        let [candidates, arguments, _] = groups;
        Ok(Assignment {
            run: request.run,
            limits: request.limits,
            others,
            streams: Streams::new(descriptors, request.targets.0, request.terminal)?,
            announce: request.announce,
            working_directory,
            candidates: start_of(0)?,
            arguments: start_of(candidates + 1)?,
            environment: start_of(candidates + arguments + 2)?,
        })
    }

    fn start_init(&self) -> Result<(), Errno> {
        let namespaces = match self.shared.setting.boundary {
            Boundary::Namespaces => libc::CLONE_NEWPID | libc::CLONE_NEWNS,
            Boundary::Landlock | Boundary::None => 0,
        };
        let flags = libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_PARENT_SETTID | libc::SIGCHLD | namespaces;
        // SAFETY: the cell, with its stacks, its tables and what they point to, is kept until this child has been
        // reaped, and the child keeps to raw system calls on it. The kernel writes the process id before it returns.
        let child = unsafe {
            libc::clone(
                cell_init,
                self.init_stack.top(),
                flags,
                ptr::from_ref(&*self.shared).cast_mut().cast(),
                self.shared.init.as_ptr(),
            )
        };
        if child > 0 {
            Ok(())
        } else {
            Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::AGAIN))
        }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        // SAFETY: there is no init any more. One that was killed early has left open what its program was to have, which
        // would keep its pipes from their end.
        unsafe { (*self.shared.assignment.get()).streams.close() };
        let listener = self.shared.listener.load(Acquire);
        if listener >= 0 {
            // SAFETY: the init, which opened it in the table that it shared with this process, has been reaped.
            unsafe { rustix::io::close(listener) };
        }
    }
}
