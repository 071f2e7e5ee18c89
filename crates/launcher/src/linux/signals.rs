//! The few calls about signals that have no safe form in a library.
//!
//! They make raw system calls and touch no thread-local memory, since processes that share the launcher's memory
//! use them too.

use std::{
    os::fd::{FromRawFd, OwnedFd},
    process::ExitCode,
    ptr,
};

use rustix::{io::Errno, process::getpid};
use syscalls::{Sysno, syscall};

/// The kernel's set of signals: bit `n - 1` stands for signal `n`.
pub type SignalSet = u64;

/// Every signal.
pub const ALL: SignalSet = !0;
/// No signal.
pub const NONE: SignalSet = 0;
/// The signal by which the launcher passes another one on to a run.
pub const PASS_ON: i32 = 40;

/// The signal by which the kernel tells a run that the launcher died, where its death doesn't end the run by itself.
pub const LAUNCHER_DIED: i32 = 41;

/// A signal that was waited for.
#[derive(Debug, Clone, Copy)]
pub struct Received {
    /// Its number.
    pub signal: i32,
    /// The value that came with it; meaningful for [`PASS_ON`] only.
    value: usize,
}

impl Received {
    /// The run that a passed-on signal is for.
    pub fn run(self) -> u64 {
        (self.value >> u8::BITS) as u64
    }

    /// The signal that was passed on.
    pub fn passed_on(self) -> i32 {
        (self.value & usize::from(u8::MAX)) as i32
    }
}

/// Blocks exactly the signals of `set`.
pub fn block(set: SignalSet) -> Result<(), Errno> {
    // SAFETY: reads eight bytes of a live variable.
    unsafe { syscall!(Sysno::rt_sigprocmask, libc::SIG_SETMASK, &raw const set, 0, size_of::<SignalSet>()) }
        .map(drop)
        .map_err(from_raw)
}

/// Gives every signal its default action again; an ignored one would stay ignored in every program.
pub fn reset_actions() {
    for signal in 1..=64 {
        // SAFETY: installs the default action, which runs no code of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Waits for one of `set`, which must be blocked, for at most `timeout` (`None`: for ever).
///
/// # Errors
/// `AGAIN` when the time is over, `INTR` when something else came in between.
pub fn wait(set: SignalSet, timeout: Option<libc::timespec>) -> Result<Received, Errno> {
    // SAFETY: all zeroes is a valid siginfo.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: every pointer is to a live variable of the right kind, or null where that is allowed.
    unsafe { syscall!(Sysno::rt_sigtimedwait, &raw const set, &raw mut info, timeout, size_of::<SignalSet>()) }
        .map_err(from_raw)?;
    // SAFETY: the value lies within the structure, whatever kind of signal the kernel put there.
    let value = unsafe { info.si_value() }.sival_ptr as usize;
    Ok(Received { signal: info.si_signo, value })
}

/// Passes `signal` on to a run through its init.
pub fn pass_on(init: i32, run: u64, signal: i32) -> Result<(), Errno> {
    let signal = u8::try_from(signal).map_err(|_| Errno::INVAL)?;
    let run = usize::try_from(run).map_err(|_| Errno::INVAL)?;
    queue(init, PASS_ON, (run << u8::BITS) | usize::from(signal))
}

/// Queues a signal with a value for a process.
pub fn queue(pid: i32, signal: i32, value: usize) -> Result<(), Errno> {
    #[repr(C)]
    struct Queued {
        signal: i32,
        errno: i32,
        code: i32,
        padding: i32,
        sender_pid: i32,
        sender_uid: u32,
        value: usize,
        rest: [u64; 12],
    }
    let info = Queued {
        signal,
        errno: 0,
        code: libc::SI_QUEUE,
        padding: 0,
        sender_pid: 0,
        sender_uid: 0,
        value,
        rest: [0; 12],
    };
    // SAFETY: the kernel reads the 128 bytes of a siginfo, and the structure has at least those.
    unsafe { syscall!(Sysno::rt_sigqueueinfo, pid, signal, &raw const info) }.map(drop).map_err(from_raw)
}

/// A descriptor from which blocked signals are read.
pub fn descriptor() -> Result<OwnedFd, Errno> {
    let all: SignalSet = ALL;
    // SAFETY: reads eight bytes of a live variable.
    let descriptor =
        unsafe { syscall!(Sysno::signalfd4, usize::MAX, &raw const all, size_of::<SignalSet>(), libc::SFD_CLOEXEC) };
    let descriptor = descriptor.map_err(from_raw)?;
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(i32::try_from(descriptor).map_err(|_| Errno::BADF)?) })
}

/// Reads one signal.
pub fn take(from: &OwnedFd) -> Result<i32, Errno> {
    let mut information = [0_u8; size_of::<libc::signalfd_siginfo>()];
    rustix::io::read(from, &mut information)?;
    // Its first field is the number.
    let number = information.first_chunk().ok_or(Errno::IO)?;
    Ok(i32::from_ne_bytes(*number))
}

/// Ends this process by a signal, without a core file.
pub fn die_of(signal: i32) -> ExitCode {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    reset_actions();
    let _ = send_to_self(signal).and_then(|()| block(NONE));
    // A signal that ends no process can't have ended a run.
    ExitCode::FAILURE
}

fn send_to_self(signal: i32) -> Result<(), Errno> {
    // SAFETY: sends a signal; works on numbers only.
    unsafe { syscall!(Sysno::kill, getpid().as_raw_nonzero().get(), signal) }.map(drop).map_err(from_raw)
}

fn from_raw(errno: syscalls::Errno) -> Errno {
    Errno::from_raw_os_error(errno.into_raw())
}
