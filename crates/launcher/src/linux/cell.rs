//! The launcher's side of a cell: a pid namespace with an init that runs one program after the other.
//!
//! A cell is made with a mount namespace and a `/proc` of its own. When a run ends and the kernel says that no process of it
//! is left, nothing in the cell tells it from a new one but the next process id: so it serves the next run, which then
//! costs no namespace. Two runs never share a cell at the same time.
//!
//! The engine gives runs to a cell itself, through a socket that it has from the launcher. What is left to the launcher is
//! to make cells, to signal their runs, and to tell their end.

use std::{
    cell::UnsafeCell,
    ffi::c_void,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    ptr,
    sync::atomic::{
        AtomicI32, AtomicU8, AtomicU64,
        Ordering::{Acquire, Relaxed, SeqCst},
    },
};

use codex_launcher::protocol::{Boundary, Limit, ProcessLimit};
use rustix::{
    io::Errno,
    net::{Shutdown, shutdown},
    process::{Pid, Signal, kill_process},
};

use super::{
    assignment::Room,
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
    /// Where the init is given runs.
    pub socket: RawFd,
    /// The init's, for the message of the run that it serves.
    pub room: UnsafeCell<Room>,
    /// The init's process id as the launcher sees it; written by the kernel during the clone.
    pub init: AtomicI32,
    /// The run that is served.
    pub serving: Serving,
    /// The stage at which the program failed to start, as a number; read only with `errno` set.
    pub failed_stage: AtomicU8,
    /// The error number with which it failed; 0: it did not fail.
    pub errno: AtomicI32,
    /// What the control groups had counted when the run began: memory and processes.
    pub counted_before: [AtomicU64; 2],
    /// Tells this cell from all others of the launcher.
    pub number: u64,
    /// Where the calls that are watched are told; -1: nothing is watched, or not yet.
    pub listener: AtomicI32,
}

/// The number of the next cell.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// How many cells there are: their inits may be counted where the processes of a run are.
static POPULATION: AtomicU64 = AtomicU64::new(0);

/// How many processes of the launcher there are that are no run's.
pub fn launcher_processes() -> u64 {
    POPULATION.load(Relaxed) + 1
}

impl Shared {
    /// Remembers what the control groups have counted before a run.
    pub fn count_before(&self) {
        let counted = self.groups.counted();
        for (before, now) in self.counted_before.iter().zip([counted.memory, counted.processes]) {
            before.store(now, Relaxed);
        }
    }

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

/// Which run a cell serves, agreed on by its init and by the launcher, which may be about to end it: nothing that was meant
/// for one run reaches the next.
#[derive(Default)]
pub struct Serving {
    /// 0: none. With [`DOOMED`]: the launcher ends it.
    run: AtomicU64,
    /// The last run that the launcher was told to end; it may not have begun yet.
    condemned: AtomicU64,
}

/// Set in the number of a run that the launcher ends.
const DOOMED: u64 = 1 << 63;

impl Serving {
    /// The init begins a run. `false`: it is to end without it.
    pub fn begin(&self, run: u64) -> bool {
        self.run.store(run, SeqCst);
        self.condemned.load(SeqCst) != run
    }

    /// The init is through with a run. `false`: the launcher is ending it.
    pub fn end(&self, run: u64) -> bool {
        self.run.compare_exchange(run, 0, SeqCst, SeqCst).is_ok()
    }

    /// The launcher is to end a run. `true`: it is being served, and its init has to be ended; else the init does the rest.
    fn condemn(&self, run: u64) -> bool {
        self.condemned.store(run, SeqCst);
        self.run.compare_exchange(run, run | DOOMED, SeqCst, SeqCst).is_ok()
    }

    /// The run that is served; 0: none.
    fn run(&self) -> u64 {
        self.run.load(Acquire) & !DOOMED
    }
}

/// A cell with its memory, which stays where it is until the init has been reaped.
pub struct Cell {
    /// The init's end of the socket at which it is given runs.
    socket: OwnedFd,
    /// Kept for as long as `shared` points to it, or the init runs on it.
    _stacks: [Stack; 2],
    shared: Box<Shared>,
    /// Removed last, when the files in it are not used any more.
    _group: Option<CellGroup>,
}

impl Cell {
    /// Starts a cell that takes runs from `socket`; with `lasting`, more than one.
    ///
    /// # Errors
    /// The error of a mapping or of the clone.
    pub fn start(setting: Setting, lasting: bool, group: Option<CellGroup>, socket: OwnedFd) -> Result<Self, Errno> {
        let (init_stack, program_stack) = (Stack::new()?, Stack::new()?);
        let shared = Box::new(Shared {
            setting,
            program_stack: program_stack.top(),
            lasting,
            groups: group.as_ref().map_or(GroupFiles::NONE, |group| group.files),
            socket: socket.as_raw_fd(),
            room: UnsafeCell::new(Room::new()),
            init: AtomicI32::new(0),
            serving: Serving::default(),
            failed_stage: AtomicU8::new(0),
            errno: AtomicI32::new(0),
            counted_before: [AtomicU64::new(0), AtomicU64::new(0)],
            number: NUMBERS.fetch_add(1, Relaxed),
            listener: AtomicI32::new(-1),
        });
        let namespaces = match setting.boundary {
            Boundary::Namespaces => libc::CLONE_NEWPID | libc::CLONE_NEWNS,
            Boundary::Landlock | Boundary::None => 0,
        };
        // Descriptors are shared until the init has put those there that the launcher needs, too.
        let flags = libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_PARENT_SETTID | libc::SIGCHLD | namespaces;
        // SAFETY: the cell, with its stacks, its tables and what they point to, is kept until this child has been
        // reaped, and the child keeps to raw system calls on it. The kernel writes the process id before it returns.
        let child = unsafe {
            libc::clone(
                cell_init,
                init_stack.top(),
                flags,
                ptr::from_ref(&*shared).cast_mut().cast(),
                shared.init.as_ptr(),
            )
        };
        if child < 0 {
            return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::AGAIN));
        }
        POPULATION.fetch_add(1, Relaxed);
        Ok(Self { socket, _stacks: [init_stack, program_stack], shared, _group: group })
    }

    /// The init's process id.
    pub fn init(&self) -> i32 {
        self.shared.init.load(Relaxed)
    }

    /// Tells this cell from all others of the launcher.
    pub fn number(&self) -> u64 {
        self.shared.number
    }

    /// Where the calls that are watched are told; `None`: nothing is watched, or not yet.
    pub fn listener(&self) -> Option<RawFd> {
        Some(self.shared.listener.load(Acquire)).filter(|listener| *listener >= 0)
    }

    /// The run that is served; 0: none.
    pub fn run(&self) -> u64 {
        self.shared.serving.run()
    }

    /// See [`Shared::met`].
    pub fn met(&self) -> Option<Limit> {
        self.shared.met()
    }

    /// Sends a signal to the program of a run that the cell was given.
    pub fn signal(&self, run: u64, signal: i32) {
        // The kernel takes the whole namespace down with its init.
        if signal == libc::SIGKILL && self.shared.setting.boundary == Boundary::Namespaces {
            if self.shared.serving.condemn(run) {
                self.kill();
            }
        } else {
            let _ = signals::pass_on(self.init(), run, signal);
        }
    }

    /// Ends the init and all that it has.
    pub fn end(&self) {
        match self.shared.setting.boundary {
            Boundary::Namespaces => self.kill(),
            // It ends its processes itself, and takes no other run.
            Boundary::Landlock | Boundary::None => {
                let _ = shutdown(&self.socket, Shutdown::Both);
                let _ = signals::queue(self.init(), signals::LAUNCHER_DIED, 0);
            }
        }
    }

    fn kill(&self) {
        if let Some(init) = Pid::from_raw(self.init()) {
            let _ = kill_process(init, Signal::KILL);
        }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        POPULATION.fetch_sub(1, Relaxed);
        if let Some(listener) = self.listener() {
            // SAFETY: the init, which opened it in the table that it shared with this process, has been reaped.
            unsafe { rustix::io::close(listener) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Serving;

    #[test]
    fn ends_the_run_that_was_meant_and_no_other() {
        let serving = Serving::default();
        // While it is served: the launcher ends the init, and the init doesn't tell an end of its own.
        assert!(serving.begin(1));
        assert!(serving.condemn(1));
        assert!(!serving.end(1));

        // Before it is served: the init finds it so.
        let serving = Serving::default();
        assert!(!serving.condemn(2));
        assert!(!serving.begin(2));

        // When it is over, and also when the next one is served.
        let serving = Serving::default();
        assert!(serving.begin(3));
        assert!(serving.end(3));
        assert!(!serving.condemn(3));
        assert!(serving.begin(4));
        assert!(!serving.condemn(3));
        assert!(serving.end(4));
    }
}
