//! The processes of one run, from its program's start until none is left.

use codex_launcher::protocol::{Boundary, ExitStatus};
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, wait},
    time::{ClockId, clock_gettime},
};
use syscalls::{Sysno, syscall};

use crate::signals::{self, ALL, LAUNCHER_DIED, PASS_ON};

/// How long what a program left running may take to end by itself: a `tee` that flushes, a helper that notices.
const STRAGGLER_GRACE_NS: i64 = 500_000_000;

/// As a process id for `kill`: every process of the namespace but its init, atomically.
const EVERY_PROCESS: i32 = -1;

/// How a run ended.
pub struct Ended {
    /// How its program did.
    pub status: ExitStatus,
    /// Whether the launcher is gone: there will be no further run.
    pub launcher_gone: bool,
}

/// Waits until the program and all that it started are gone.
pub fn supervise(boundary: Boundary, run: u64, program: Pid) -> Ended {
    let mut launcher_gone = false;
    let status = watch(boundary, run, program, &mut launcher_gone);
    Ended { status, launcher_gone }
}

fn watch(boundary: Boundary, run: u64, program: Pid, launcher_gone: &mut bool) -> ExitStatus {
    let mut status = None;
    let mut deadline = None;
    loop {
        if reap(program, &mut status) == Tree::Empty {
            return status.unwrap_or(ExitStatus::Signal(libc::SIGKILL));
        }
        if status.is_some() && deadline.is_none() {
            deadline = Some(now().saturating_add(STRAGGLER_GRACE_NS));
        }
        let left = deadline.map(|deadline| deadline.saturating_sub(now()));
        if left.is_some_and(|left| left <= 0) {
            return end(boundary, program, status);
        }
        let timeout = left.map(|left| libc::timespec { tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000 });
        let Ok(received) = signals::wait(ALL, timeout) else {
            continue;
        };
        match received.signal {
            // Under namespaces the kernel ends this process with the launcher: whoever sent it made it up.
            LAUNCHER_DIED if boundary != Boundary::Namespaces => {
                *launcher_gone = true;
                return end(boundary, program, status);
            }
            // One that came late is for a run that is over.
            PASS_ON if received.run() != run => {}
            PASS_ON if received.passed_on() == libc::SIGKILL => {
                return end(boundary, program, status);
            }
            PASS_ON => forward(program, received.passed_on(), status.is_none()),
            // A child ended, or the launcher called; there is nothing to do but to look again.
            _ => {}
        }
    }
}

#[derive(PartialEq, Eq)]
enum Tree {
    Empty,
    Alive,
}

/// Reaps everything that has ended.
fn reap(program: Pid, status: &mut Option<ExitStatus>) -> Tree {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(ended)) => note(program, ended, status),
            Ok(None) => return Tree::Alive,
            Err(Errno::INTR) => {}
            Err(_) => return Tree::Empty,
        }
    }
}

/// Ends whatever is left of the run and reaps it.
fn end(boundary: Boundary, program: Pid, mut status: Option<ExitStatus>) -> ExitStatus {
    loop {
        if boundary == Boundary::Namespaces {
            // SAFETY: sends a signal; works on numbers only.
            let _ = unsafe { syscall!(Sysno::kill, EVERY_PROCESS, libc::SIGKILL) };
        } else {
            if status.is_none() {
                let _ = kill_process_group(program, Signal::KILL);
            }
            kill_children();
        }
        match wait(WaitOptions::empty()) {
            Ok(Some(ended)) => note(program, ended, &mut status),
            Ok(None) | Err(Errno::INTR) => {}
            Err(_) => return status.unwrap_or(ExitStatus::Signal(libc::SIGKILL)),
        }
    }
}

fn note(program: Pid, (ended, how): (Pid, WaitStatus), status: &mut Option<ExitStatus>) {
    if ended == program {
        *status = Some(match (how.exit_status(), how.terminating_signal()) {
            (Some(code), _) => ExitStatus::Code(code),
            (None, Some(signal)) => ExitStatus::Signal(signal),
            (None, None) => ExitStatus::Signal(libc::SIGKILL),
        });
    }
}

/// Signals the program and the rest of its process group, as a terminal does.
fn forward(program: Pid, signal: i32, alive: bool) {
    if alive {
        // SAFETY: sends a signal; works on numbers only, and a wrong one is refused.
        let _ = unsafe { syscall!(Sysno::kill, -program.as_raw_nonzero().get(), signal) };
    }
}

/// Signals the children that the kernel lists. Their own children become ours when they die, and come next.
fn kill_children() {
    let Ok(list) = openat(CWD, c"/proc/thread-self/children", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) else {
        return;
    };
    let mut buffer = [0_u8; 4096];
    let mut number = 0_i32;
    while let Ok(read @ 1..) = rustix::io::read(&list, &mut buffer) {
        for &byte in buffer.iter().take(read) {
            if byte.is_ascii_digit() {
                number = number.saturating_mul(10).saturating_add(i32::from(byte - b'0'));
            } else if let Some(child) = Pid::from_raw(std::mem::take(&mut number)) {
                let _ = kill_process(child, Signal::KILL);
            }
        }
    }
}

fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}
