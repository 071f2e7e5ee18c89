//! The child side of the last clone: from a copy of the run's init to the program.
//!
//! It runs on the launcher's memory while the init waits, so it makes raw system calls on prepared data, allocates
//! nothing and touches no thread-local variable.

use std::{
    convert::Infallible,
    ffi::{CStr, c_char, c_int, c_void},
    os::fd::BorrowedFd,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use codex_launcher::{
    channel::{self, Received},
    protocol::{Boundary, MAX_STREAMS, ProcessLimit, Stage},
};
use rustix::{io::Errno, net::SendFlags};
use syscalls::{Sysno, syscall};

use super::{
    assignment::{Assignment, Streams},
    cell::{Setting, Shared, launcher_processes},
    filter,
    limits::{self, HeldElsewhere},
    signals::{self, NONE},
};

/// What runs a script that doesn't say it.
const SHELL: &CStr = c"/bin/sh";

/// What a program's process is given.
pub struct Beginning<'a> {
    /// The cell.
    pub shared: &'a Shared,
    /// The run.
    pub assignment: &'a Assignment,
    /// Whether the program's process took the message with the descriptors, and what follows it.
    pub taken: &'a AtomicBool,
}

/// The entry point of the program's process; returns only when the program could not be started.
pub extern "C" fn start_program(beginning: *mut c_void) -> c_int {
    // SAFETY: the init passes a variable of its own, and waits for this process.
    let Beginning { shared, assignment, taken } = unsafe { &*beginning.cast::<Beginning<'_>>() };
    // SAFETY: the descriptor stays open in this process.
    let socket = unsafe { BorrowedFd::borrow_raw(shared.socket) };
    let received = channel::take(socket);
    let released = channel::wait_for_release(socket);
    taken.store(true, Relaxed);
    let Err((stage, errno)) = received
        .and_then(|received| released.map(|()| received))
        .map_err(|errno| (Stage::Stdio, errno))
        .and_then(|received| become_program(shared, assignment, &received));
    shared.failed_stage.store(stage as u8, Relaxed);
    shared.errno.store(errno.raw_os_error(), Relaxed);
    127
}

/// Takes the Landlock ruleset and the filter, for good.
pub fn restrict(setting: &Setting) -> Result<(), (Stage, Errno)> {
    if setting.landlock >= 0 {
        restrict_files(setting.landlock).map_err(|errno| (Stage::Landlock, errno))?;
    }
    if setting.filter.len > 0 {
        filter::install(&setting.filter).map_err(|errno| (Stage::Seccomp, errno))?;
    }
    Ok(())
}

/// The stage that a failed program left as a number.
pub fn stage_of(number: u8) -> Stage {
    [
        Stage::Stdio,
        Stage::Session,
        Stage::WorkingDirectory,
        Stage::Landlock,
        Stage::Seccomp,
        Stage::Limits,
        Stage::Interpreter,
    ]
    .into_iter()
    .find(|&stage| stage as u8 == number)
    .unwrap_or(Stage::Exec)
}

fn become_program(shared: &Shared, assignment: &Assignment, received: &Received) -> Result<Infallible, (Stage, Errno)> {
    let setting = &shared.setting;
    // The init has a session of its own, without a terminal, and a new one is not cheap: the scheduler makes a group for it.
    // Only a terminal demands one.
    let apart = match assignment.streams.terminal {
        Some(_) => rustix::process::setsid().map(drop),
        None => rustix::process::setpgid(None, None),
    };
    apart.map_err(|errno| (Stage::Session, errno))?;
    // SAFETY: the cell's message holds a NUL-terminated string there.
    let directory = unsafe { CStr::from_ptr(assignment.working_directory) };
    rustix::process::chdir(directory).map_err(|errno| (Stage::WorkingDirectory, errno))?;
    tell_pid(setting, assignment.run);
    if setting.boundary != Boundary::Namespaces {
        restrict(setting)?;
    }
    // After everything that uses a descriptor of the launcher: a declared one may take its number.
    put_in_place(&assignment.streams, received).map_err(|errno| (Stage::Stdio, errno))?;
    if let Some(terminal) = assignment.streams.terminal {
        take_terminal(terminal.into()).map_err(|errno| (Stage::Session, errno))?;
    }
    let elsewhere = HeldElsewhere {
        cpu_time: shared.groups.counts_cpu(),
        memory: shared.groups.limits_memory(),
        // Elsewhere than in a namespace the kernel would count all processes of the user.
        processes: shared.groups.limits_processes() || setting.processes != ProcessLimit::UserNamespace,
    };
    limits::set(&assignment.limits, &setting.held, elsewhere, launcher_processes())
        .map_err(|errno| (Stage::Limits, errno))?;
    signals::block(NONE).map_err(|errno| (Stage::Session, errno))?;
    Err(execute(assignment))
}

/// Tells the engine the process id: the kernel translates it for the receiver. Nobody waits for it, and nothing depends
/// on it, so a full socket is no error.
fn tell_pid(setting: &Setting, run: u64) {
    // SAFETY: the descriptor stays open in this process.
    let pids = unsafe { BorrowedFd::borrow_raw(setting.pids) };
    let _ = rustix::net::send(pids, &run.to_ne_bytes(), SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
}

/// Tries each candidate as `execvp` does: a missing one gives way to the next, and one that may not be run is
/// remembered as the better explanation.
fn execute(assignment: &Assignment) -> (Stage, Errno) {
    let mut explanation = Errno::NOENT;
    let mut candidate = assignment.candidates;
    loop {
        // SAFETY: the table is ended by a null pointer, at which the loop ends.
        let path: *const c_char = unsafe { *candidate };
        if path.is_null() {
            let lacks_interpreter = explanation == Errno::NOENT && any_exists(assignment.candidates);
            return (if lacks_interpreter { Stage::Interpreter } else { Stage::Exec }, explanation);
        }
        // SAFETY: a NUL-terminated string and two tables ended by null pointers, all within the message.
        let failure = unsafe {
            // Not `execve`, which is watched: a call that waits for an answer would delay every run.
            syscall!(Sysno::execveat, libc::AT_FDCWD, path, assignment.arguments, assignment.environment, 0)
        };
        match failure.map_or_else(|errno| Errno::from_raw_os_error(errno.into_raw()), |_| Errno::NOEXEC) {
            Errno::NOENT | Errno::NOTDIR => {}
            // A folder of PATH that may not be searched says nothing about the program: the shells call it missing, too.
            Errno::ACCESS if !exists(path) => {}
            Errno::ACCESS => explanation = Errno::ACCESS,
            Errno::NOEXEC if assignment.scripts_by_shell => return execute_by_shell(assignment, path),
            other => return (Stage::Exec, other),
        }
        // SAFETY: the entry was not the last one.
        candidate = unsafe { candidate.add(1) };
    }
}

/// Runs a file of no known format as a script of `/bin/sh`, as `execvp` does. Returns why it was no program.
fn execute_by_shell(assignment: &Assignment, script: *const c_char) -> (Stage, Errno) {
    // SAFETY: the table has the null pointer of the candidates, which are through, before the arguments, and the program's
    // name first among them; nobody else looks at it before this process is gone.
    let arguments = unsafe {
        *assignment.arguments = script;
        let shell = assignment.arguments.sub(1);
        *shell = SHELL.as_ptr();
        shell
    };
    // SAFETY: as for the program itself.
    let _ = unsafe { syscall!(Sysno::execveat, libc::AT_FDCWD, SHELL.as_ptr(), arguments, assignment.environment, 0) };
    (Stage::Exec, Errno::NOEXEC)
}

/// Whether one of the candidates, none of which could be executed, is there all the same.
fn any_exists(mut candidate: *const *const c_char) -> bool {
    loop {
        // SAFETY: the table is ended by a null pointer, at which the loop ends.
        let path: *const c_char = unsafe { *candidate };
        if path.is_null() || exists(path) {
            return !path.is_null();
        }
        // SAFETY: the entry was not the last one.
        candidate = unsafe { candidate.add(1) };
    }
}

/// Whether the file can be seen at all. Only for the explanation: nothing is decided by it.
fn exists(path: *const c_char) -> bool {
    // SAFETY: the caller passes a NUL-terminated string of the message.
    let path = unsafe { CStr::from_ptr(path) };
    rustix::fs::access(path, rustix::fs::Access::EXISTS).is_ok()
}

/// Gives every stream its number.
fn put_in_place(streams: &Streams, received: &Received) -> Result<(), Errno> {
    let mut all = streams.of(received)?;
    if !streams.has_declared() {
        // The launcher's own descriptors have the standard numbers and some more: none of these is a stream.
        return all.try_for_each(|(from, to)| duplicate(from, to));
    }
    let mut above = [(-1, -1); MAX_STREAMS];
    for (place, (from, to)) in above.iter_mut().zip(all) {
        // First out of the way of each other.
        *place = (duplicate_above(from)?, to);
    }
    above.into_iter().filter(|(from, _)| *from >= 0).try_for_each(|(from, to)| duplicate(from, to))
}

/// Makes a terminal the controlling one of this session, which must be new.
fn take_terminal(terminal: c_int) -> Result<(), Errno> {
    // SAFETY: works on numbers only.
    unsafe { syscall!(Sysno::ioctl, terminal, libc::TIOCSCTTY, 0) }
        .map(drop)
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}

/// A duplicate with a number that no stream is to have, closed on exec.
fn duplicate_above(from: c_int) -> Result<c_int, Errno> {
    // SAFETY: works on descriptor numbers only.
    let number = unsafe { syscall!(Sysno::fcntl, from, libc::F_DUPFD_CLOEXEC, MAX_STREAMS) };
    number
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
        .and_then(|number| c_int::try_from(number).map_err(|_| Errno::BADF))
}

/// `dup2` that also clears close-on-exec.
fn duplicate(from: c_int, to: c_int) -> Result<(), Errno> {
    // SAFETY: works on descriptor numbers only.
    unsafe { syscall!(Sysno::dup3, from, to, 0) }.map(drop).map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}

fn restrict_files(ruleset: c_int) -> Result<(), Errno> {
    // SAFETY: works on a descriptor number only.
    unsafe { syscall!(Sysno::landlock_restrict_self, ruleset, 0) }
        .map(drop)
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}
