//! The processes of one run, from its program's start until none is left.

use codex_launcher::protocol::{Boundary, ExitStatus};
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, wait},
    time::{ClockId, clock_gettime},
};
use syscalls::{Sysno, syscall};

use super::{
    assignment::Assignment,
    cell::Shared,
    groups::GroupFiles,
    signals::{self, ALL, LAUNCHER_DIED, PASS_ON},
};

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
    /// Whether it was ended because it had used up its CPU time.
    pub out_of_cpu_time: bool,
}

/// The CPU time of a run whose control group counts it.
#[derive(Clone, Copy)]
pub struct CpuBudget<'a> {
    groups: &'a GroupFiles,
    /// What the group will have counted when the run has used up its time, in microseconds.
    until_us: u64,
    processors: u64,
}

impl<'a> CpuBudget<'a> {
    /// The budget of a run, if it has one; `before` is what its group had counted before it.
    pub fn new(shared: &'a Shared, assignment: &Assignment, before: u64) -> Option<Self> {
        let limited = assignment.limits.cpu_time > 0 && shared.groups.counts_cpu();
        limited.then(|| Self {
            groups: &shared.groups,
            until_us: before.saturating_add(assignment.limits.cpu_time.saturating_mul(1000)),
            processors: shared.setting.processors.max(1),
        })
    }

    /// The nanoseconds in which it can't be used up, however many processors the run uses; `None`: it is.
    fn safe_for(&self) -> Option<i64> {
        let left_us = self.until_us.saturating_sub(self.groups.counted().cpu_us);
        let safe_us = (left_us / self.processors).clamp(LEAST_PAUSE_US, LONGEST_PAUSE_US);
        (left_us > 0).then(|| i64::try_from(safe_us).unwrap_or(i64::MAX).saturating_mul(1000))
    }
}

/// CPU time is not looked at more often than this.
const LEAST_PAUSE_US: u64 = 1000;
/// And not more seldom, so that the numbers stay small.
const LONGEST_PAUSE_US: u64 = 3_600_000_000;

/// Waits until the program and all that it started are gone.
pub fn supervise(boundary: Boundary, run: u64, program: Pid, budget: Option<CpuBudget<'_>>) -> Ended {
    let mut ended = Ended { status: ExitStatus::Signal(libc::SIGKILL), launcher_gone: false, out_of_cpu_time: false };
    ended.status = watch(boundary, run, program, budget, &mut ended);
    ended
}

fn watch(boundary: Boundary, run: u64, program: Pid, budget: Option<CpuBudget<'_>>, ended: &mut Ended) -> ExitStatus {
    let mut status = None;
    let mut deadline = None;
    loop {
        if reap(program, &mut status) == Tree::Empty {
            return status.unwrap_or(ExitStatus::Signal(libc::SIGKILL));
        }
        if status.is_some() && deadline.is_none() {
            deadline = Some(now().saturating_add(STRAGGLER_GRACE_NS));
        }
        let mut left = deadline.map(|deadline| deadline.saturating_sub(now()));
        if left.is_some_and(|left| left <= 0) {
            return end(boundary, program, status);
        }
        if let Some(budget) = budget {
            let Some(safe) = budget.safe_for() else {
                ended.out_of_cpu_time = true;
                return end(boundary, program, status);
            };
            left = Some(left.map_or(safe, |left| left.min(safe)));
        }
        let timeout = left.map(|left| libc::timespec { tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000 });
        let Ok(received) = signals::wait(ALL, timeout) else {
            continue;
        };
        match received.signal {
            // Under namespaces the kernel ends this process with the launcher: whoever sent it made it up.
            LAUNCHER_DIED if boundary != Boundary::Namespaces => {
                ended.launcher_gone = true;
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

/// Signals the program and the rest of its process group, as a terminal does. Those that ask it to end wake it where it is
/// stopped: it couldn't hear them before.
fn forward(program: Pid, signal: i32, alive: bool) {
    let wakes = matches!(signal, libc::SIGTERM | libc::SIGHUP);
    for signal in std::iter::once(signal).chain(wakes.then_some(libc::SIGCONT)).take(if alive { 2 } else { 0 }) {
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
