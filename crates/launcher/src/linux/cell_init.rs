//! The init of a cell: it mounts the cell's `/proc`, takes the restrictions, and then, run after run, starts the
//! program, passes signals on, reaps, ends what the program left behind, and tells the engine.
//!
//! Under namespaces it is process 1 of the cell's pid namespace, so its own death ends every process in it. Elsewhere
//! it is the subreaper of its runs' processes. It shares the launcher's memory all its life: raw system
//! calls on prepared data only, nothing allocated, no thread-local variable touched.

use std::{
    ffi::{c_int, c_void},
    os::fd::{BorrowedFd, RawFd},
    sync::atomic::{
        AtomicBool,
        Ordering::{Relaxed, Release},
    },
};

use codex_launcher::{
    channel,
    protocol::{Boundary, ExitStatus, Limit, Reply, Stage},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    mount::{MountFlags, mount_remount},
    net::SendFlags,
    process::{Pid, WaitOptions, getpid, set_child_subreaper, setsid, waitpid},
};
use syscalls::{Sysno, syscall};

use super::{
    assignment::{Assignment, Room},
    cell::Shared,
    groups::MOST_GROUP_FILES,
    limits,
    mounts::{PROC_FLAGS, mount_proc},
    notifications, observer, privileges,
    program::{self, Beginning, start_program},
    signals::{self, ALL, LAUNCHER_DIED},
    tree::{self, CpuBudget, Ended},
};

/// Room for the longest reply.
const REPLY_BYTES: usize = 64;

/// The first descriptor that is not a standard one.
const FIRST_OWN: RawFd = 3;

/// How many more an init uses at most.
const OWN_DESCRIPTORS: usize = 5 + MOST_GROUP_FILES;

/// The entry point of a cell's init.
pub extern "C" fn cell_init(shared: *mut c_void) -> c_int {
    // SAFETY: the launcher passes what it keeps until it has reaped this process.
    let shared = unsafe { &*shared.cast::<Shared>() };
    let born = settle_in(shared);
    // SAFETY: the room is this process's alone.
    let room = unsafe { &mut *shared.room.get() };
    while let Some(assignment) = next(shared, room) {
        let run = assignment.run;
        if !shared.serving.begin(run) {
            break;
        }
        shared.count_before();
        let cpu_before = shared.groups.counted().cpu_us;
        let outcome = match born.and_then(|()| start(shared, &assignment)) {
            Ok(program) => {
                if assignment.announce {
                    // An engine that doesn't learn it learns the end.
                    let _ = tell(shared, &Reply::Started { run });
                }
                let budget = CpuBudget::new(shared, &assignment, cpu_before);
                let ended = tree::supervise(shared.setting.boundary, run, program, budget);
                if ended.launcher_gone {
                    // The engine tells it as what it is, the end of the sandbox; how the program was ended is no result.
                    break;
                }
                Ok((ended.status, met(shared, &assignment, &ended)))
            }
            Err(failure) => Err(failure),
        };
        if !shared.serving.end(run) {
            // The launcher is about to end this process, and tells the engine.
            break;
        }
        let lasting = shared.lasting && born.is_ok() && forget_signals(shared.setting.boundary);
        let reply = match outcome {
            Ok((status, limit)) => Reply::Exited { run, lasting, status, limit },
            Err((stage, errno)) => Reply::Failed { run, lasting, stage, errno: errno.raw_os_error() },
        };
        if tell(shared, &reply).is_err() || !lasting {
            break;
        }
    }
    0
}

/// Waits for a run. `None`: there will be none, the launcher or the engine is gone.
fn next(shared: &Shared, room: &mut Room) -> Option<Assignment> {
    // SAFETY: the descriptors stay open in this process.
    let [socket, launcher] =
        unsafe { [shared.socket, shared.setting.launcher].map(|number| BorrowedFd::borrow_raw(number)) };
    loop {
        // Under namespaces the kernel ends this process with the launcher.
        if shared.setting.boundary != Boundary::Namespaces {
            let mut watched = [socket, launcher].map(|watched| PollFd::from_borrowed_fd(watched, PollFlags::IN));
            match poll(&mut watched, None) {
                Ok(_) if watched.last().is_some_and(|launcher| launcher.revents().is_empty()) => {}
                Err(Errno::INTR) => continue,
                _ => return None,
            }
        }
        match room.look(socket) {
            Err(Errno::INTR) => {}
            received => return received.ok().flatten(),
        }
    }
}

/// Drops the signals that are left: no process of the run exists any more that could send another, and one that it sent
/// must not reach the next run. `false`: the launcher is gone.
fn forget_signals(boundary: Boundary) -> bool {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let mut launcher_died = false;
    while let Ok(received) = signals::wait(ALL, Some(now)) {
        launcher_died |= received.signal == LAUNCHER_DIED;
    }
    // Under namespaces the kernel ends this process with the launcher: whoever sent that signal made it up.
    boundary == Boundary::Namespaces || !launcher_died
}

/// What is done once for all runs of the cell.
fn settle_in(shared: &Shared) -> Result<(), (Stage, Errno)> {
    let setting = &shared.setting;
    // Away from the host's, so that its terminal is no program's.
    setsid().map_err(|errno| (Stage::Session, errno))?;
    shared.groups.enter().map_err(|errno| (Stage::Limits, errno))?;
    if setting.boundary == Boundary::Namespaces {
        mount_limited_proc(setting.largest_pid)?;
        privileges::drop_capabilities().map_err(|errno| (Stage::Proc, errno))?;
        // Every program inherits them at no cost. Nothing in the cell can reach into this process all the same: it is
        // not dumpable, and the first process of a pid namespace can't be ended from within.
        program::restrict(setting)?;
    } else {
        set_child_subreaper(Some(getpid())).map_err(|errno| (Stage::Clone, errno))?;
    }
    // While this process shares its descriptors with the launcher, which is the one that has to have the listener: this one
    // doesn't keep it, and no program is given it.
    be_watched(shared).map_err(|errno| (Stage::Seccomp, errno))?;
    keep_own_descriptors(shared).map_err(|errno| (Stage::Clone, errno))?;
    end_with_launcher(setting.boundary, setting.launcher).map_err(|errno| (Stage::Clone, errno))
}

/// Takes a table of descriptors of its own, with nothing in it but what this process uses: what it receives for its runs
/// ends with it.
fn keep_own_descriptors(shared: &Shared) -> Result<(), Errno> {
    let setting = &shared.setting;
    let mut kept = [-1; OWN_DESCRIPTORS];
    let own = [setting.control, setting.pids, setting.launcher, setting.landlock, shared.socket];
    for (place, number) in kept.iter_mut().zip(own.into_iter().chain(shared.groups.numbers())) {
        *place = number;
    }
    kept.sort_unstable();
    let mut first = FIRST_OWN;
    for number in kept {
        if number > first {
            close_range(first, number - 1)?;
        }
        first = first.max(number + 1);
    }
    close_range(first, RawFd::MAX)
}

/// Closes descriptors in a table of its own.
fn close_range(first: RawFd, last: RawFd) -> Result<(), Errno> {
    // SAFETY: nothing that this process uses is among them.
    unsafe { syscall!(Sysno::close_range, first, last, libc::CLOSE_RANGE_UNSHARE) }
        .map(drop)
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}

/// Has the calls that are watched told, from now on, in this process and all that it starts.
fn be_watched(shared: &Shared) -> Result<(), Errno> {
    let Some(watching) = &shared.setting.watching else {
        return Ok(());
    };
    let listener = notifications::install(&watching.filter)?;
    shared.listener.store(listener, Release);
    observer::announce(watching, listener)
}

/// Mounts `/proc`; before it becomes read-only, the largest process id is set, if there is to be one.
fn mount_limited_proc(largest_pid: u64) -> Result<(), (Stage, Errno)> {
    if largest_pid == 0 {
        return mount_proc(PROC_FLAGS).map_err(|errno| (Stage::Proc, errno));
    }
    mount_proc(PROC_FLAGS.difference(MountFlags::RDONLY)).map_err(|errno| (Stage::Proc, errno))?;
    limits::set_largest_pid(largest_pid).map_err(|errno| (Stage::Limits, errno))?;
    // The newer call for this is closed already.
    let read_only = match mount_remount(c"/proc", PROC_FLAGS.union(MountFlags::BIND), c"") {
        // A program that starts meanwhile in another cell has a copy of the open file, until it executes. Another mount over
        // this one, which nothing in the cell can take away, does the same.
        Err(Errno::BUSY) => mount_proc(PROC_FLAGS),
        other => other,
    };
    read_only.map_err(|errno| (Stage::Proc, errno))
}

/// The limit that a run met, the one that ended it first.
fn met(shared: &Shared, assignment: &Assignment, ended: &Ended) -> Option<Limit> {
    let (limits, by_groups) = (&assignment.limits, shared.met());
    let ended_by = |signal| ended.status == ExitStatus::Signal(signal);
    if ended.out_of_cpu_time || (limits.cpu_time > 0 && ended_by(libc::SIGXCPU)) {
        Some(Limit::CpuTime)
    } else if by_groups == Some(Limit::Memory) {
        by_groups
    } else if limits.file_size > 0 && ended_by(libc::SIGXFSZ) {
        Some(Limit::FileSize)
    } else if by_groups.is_some() {
        by_groups
    } else if shared.setting.boundary == Boundary::Namespaces && tmp_is_full() {
        Some(Limit::TmpSize)
    } else {
        None
    }
}

fn tmp_is_full() -> bool {
    rustix::fs::statfs(c"/tmp").is_ok_and(|tmp| tmp.f_bfree == 0 || tmp.f_ffree == 0)
}

/// Makes the kernel end this process, or tell it, when the launcher dies; and notices when it is dead already.
fn end_with_launcher(boundary: Boundary, launcher: RawFd) -> Result<(), Errno> {
    let signal = if boundary == Boundary::Namespaces { libc::SIGKILL } else { LAUNCHER_DIED };
    // SAFETY: sets an attribute of this process; works on numbers only.
    unsafe { syscall!(Sysno::prctl, libc::PR_SET_PDEATHSIG, signal, 0, 0, 0) }
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))?;
    // SAFETY: the descriptor stays open in this process.
    let launcher = unsafe { BorrowedFd::borrow_raw(launcher) };
    let mut watched = [PollFd::from_borrowed_fd(launcher, PollFlags::IN)];
    match poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? {
        0 => Ok(()),
        _ => Err(Errno::SRCH),
    }
}

/// Starts a program; returns its process id in this pid namespace.
fn start(shared: &Shared, assignment: &Assignment) -> Result<Pid, (Stage, Errno)> {
    let taken = AtomicBool::new(false);
    let started = match shared.groups.limit(&assignment.limits) {
        Ok(()) => start_limited(Beginning { shared, assignment, taken: &taken }),
        Err(errno) => Err((Stage::Limits, errno)),
    };
    if !taken.load(Relaxed) {
        // SAFETY: the descriptor stays open in this process.
        let socket = unsafe { BorrowedFd::borrow_raw(shared.socket) };
        channel::discard(socket);
        // An engine that is gone is found so by the next look.
        let _ = channel::wait_for_release(socket);
    }
    started
}

fn start_limited(beginning: Beginning<'_>) -> Result<Pid, (Stage, Errno)> {
    let shared = beginning.shared;
    shared.errno.store(0, Relaxed);
    // SAFETY: the child runs on a stack of its own and returns from its entry point or becomes another program;
    // this process waits until then, so nothing is used by both at once.
    let child = unsafe {
        libc::clone(
            start_program,
            shared.program_stack,
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            std::ptr::from_ref(&beginning).cast_mut().cast(),
        )
    };
    let Some(child) = Pid::from_raw(child.max(0)) else {
        // The error number is a thread-local variable, which this process must not read: say the usual cause.
        return Err((Stage::Clone, Errno::AGAIN));
    };
    match shared.errno.load(Relaxed) {
        0 => Ok(child),
        errno => {
            let _ = waitpid(Some(child), WaitOptions::empty());
            Err((program::stage_of(shared.failed_stage.load(Relaxed)), Errno::from_raw_os_error(errno)))
        }
    }
}

fn tell(shared: &Shared, reply: &Reply) -> Result<(), Errno> {
    let mut buffer = [0_u8; REPLY_BYTES];
    let encoded = postcard::to_slice(reply, &mut buffer).map_err(|_| Errno::OVERFLOW)?;
    // SAFETY: the descriptor stays open in this process.
    let control = unsafe { BorrowedFd::borrow_raw(shared.setting.control) };
    channel::send(control, encoded, &[], SendFlags::empty())
}
