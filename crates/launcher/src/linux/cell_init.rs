//! The init of a cell: it mounts the cell's `/proc`, takes the restrictions, and then, run after run, starts the
//! program, passes signals on, reaps, ends what the program left behind, and tells the engine.
//!
//! Under namespaces it is process 1 of the cell's pid namespace, so its own death ends every process in it. Elsewhere
//! it is the subreaper of its runs' processes. It shares the launcher's memory and descriptors all its life: raw system
//! calls on prepared data only, nothing allocated, no thread-local variable touched.

use std::{
    ffi::{c_int, c_void},
    os::fd::{BorrowedFd, RawFd},
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
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
    cell::{Assignment, DISPATCHED, IDLE, Shared},
    limits,
    mounts::{PROC_FLAGS, mount_proc},
    notifications, observer, privileges,
    program::{self, start_program},
    signals::{self, ALL, LAUNCHER_DIED},
    tree::{self, CpuBudget, Ended},
};

/// Room for the longest reply.
const REPLY_BYTES: usize = 64;

/// The entry point of a cell's init.
pub extern "C" fn cell_init(shared: *mut c_void) -> c_int {
    // SAFETY: the launcher passes what it keeps until it has reaped this process.
    let shared = unsafe { &*shared.cast::<Shared>() };
    let born = settle_in(shared);
    while dispatched(shared) {
        // SAFETY: it is this process's turn until it says otherwise.
        let assignment = unsafe { &*shared.assignment.get() };
        let run = assignment.run;
        let cpu_before = shared.groups.counted().cpu_us;
        let reply = match born.and_then(|()| start(shared, assignment)) {
            Ok(program) => {
                if assignment.announce {
                    // An engine that doesn't learn it learns the end.
                    let _ = tell(shared, &Reply::Started { run });
                }
                let budget = CpuBudget::new(shared, assignment, cpu_before);
                let ended = tree::supervise(shared.setting.boundary, run, program, budget);
                if ended.launcher_gone {
                    // The engine tells it as what it is, the end of the sandbox; how the program was ended is no result.
                    return 0;
                }
                Reply::Exited { run, status: ended.status, limit: met(shared, assignment, &ended) }
            }
            Err((stage, errno)) => Reply::Failed { run, stage, errno: errno.raw_os_error() },
        };
        let lasting = shared.lasting && born.is_ok() && forget_signals(shared.setting.boundary);
        if lasting {
            // From here on the launcher may hand over the next run: the assignment is not looked at any more.
            shared.turn.store(IDLE, Release);
        }
        if tell(shared, &reply).is_ok() {
            shared.reported.store(run, Release);
        }
        if !lasting {
            break;
        }
    }
    0
}

/// Waits for a run. `false`: there will be none, the launcher is gone.
fn dispatched(shared: &Shared) -> bool {
    while shared.turn.load(Acquire) != DISPATCHED {
        if signals::wait(ALL, None).is_ok_and(|received| received.signal == LAUNCHER_DIED) {
            return false;
        }
    }
    true
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
        be_watched(shared).map_err(|errno| (Stage::Seccomp, errno))?;
    } else {
        set_child_subreaper(Some(getpid())).map_err(|errno| (Stage::Clone, errno))?;
    }
    end_with_launcher(setting.boundary, setting.launcher).map_err(|errno| (Stage::Clone, errno))
}

/// Has the calls that are watched told, from now on, in this process and all that it starts.
fn be_watched(shared: &Shared) -> Result<(), Errno> {
    let Some(watching) = &shared.setting.watching else {
        return Ok(());
    };
    let listener = notifications::install(&watching.filter)?;
    shared.listener.store(listener, Release);
    observer::announce(watching, listener, shared.number)
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
    if let Err(errno) = shared.groups.limit(&assignment.limits) {
        assignment.streams.close();
        return Err((Stage::Limits, errno));
    }
    // SAFETY: the child runs on a stack of its own and returns from its entry point or becomes another program;
    // this process waits until then, so nothing is used by both at once.
    let child = unsafe {
        libc::clone(
            start_program,
            shared.program_stack,
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            std::ptr::from_ref(shared).cast_mut().cast(),
        )
    };
    assignment.streams.close();
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
