//! The kernel's side of watching: a filter whose calls wait for an answer, and the descriptor through which they are
//! told and answered.
//!
//! To a call that points to memory the answer is always to go on: what is told is for the report. The memory may have changed
//! by the time the call is made, so nothing is ever decided by it; the mounts, Landlock and the filter decide. A call
//! that never goes on is refused here, whatever it says, or made for the run, and its outcome is the answer.

use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::Errno;
use syscalls::{Sysno, syscall};

/// One call that waits.
pub type Call = libc::seccomp_notif;

/// Installs a filter for this process and all that it starts; returns the descriptor through which its calls are told.
/// Makes at most two system calls and nothing else.
pub fn install(program: &libc::sock_fprog) -> Result<RawFd, Errno> {
    // Newer kernels don't let a signal tear a call from its answer, which would have it told twice.
    match install_with(program, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
        Err(Errno::INVAL) => install_with(program, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER),
        other => other,
    }
}

fn install_with(program: &libc::sock_fprog, flags: libc::c_ulong) -> Result<RawFd, Errno> {
    // SAFETY: the program points at instructions that outlive the call, and says how many they are.
    unsafe { syscall!(Sysno::seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const *program) }
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
        .and_then(|listener| RawFd::try_from(listener).map_err(|_| Errno::BADF))
}

/// Takes the next call that waits.
///
/// # Errors
/// `NOENT` when its process has ended meanwhile.
pub fn receive(listener: BorrowedFd<'_>) -> Result<Call, Errno> {
    // SAFETY: the structure is plain numbers, for which zeros are valid, as the kernel demands.
    let mut call: Call = unsafe { std::mem::zeroed() };
    control(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call)?;
    Ok(call)
}

/// Whether a call still waits: only then was what was read of its process read of that process.
pub fn is_waiting(listener: BorrowedFd<'_>, call: &Call) -> bool {
    let mut id = call.id;
    control(listener, libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw mut id).is_ok()
}

/// Lets a call go on to what the kernel makes of it.
pub fn go_on(listener: BorrowedFd<'_>, call: &Call) {
    answer(listener, call, 0, u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).unwrap_or(1));
}

/// Refuses a call: the kernel doesn't make it.
pub fn refuse(listener: BorrowedFd<'_>, call: &Call, errno: Errno) {
    answer(listener, call, -errno.raw_os_error(), 0);
}

/// Answers a call that was made in the place of its process.
pub fn was_made(listener: BorrowedFd<'_>, call: &Call, outcome: Result<(), Errno>) {
    answer(listener, call, outcome.err().map_or(0, |errno| -errno.raw_os_error()), 0);
}

fn answer(listener: BorrowedFd<'_>, call: &Call, error: i32, flags: u32) {
    let mut answer = libc::seccomp_notif_resp { id: call.id, val: 0, error, flags };
    // Fails only when the process has ended meanwhile.
    let _ = control(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer);
}

/// Has the kernel run the answering process in place of the waiting one, where it can: a call then costs about half.
pub fn wake_in_place(listener: RawFd) {
    const SYNC_WAKE_UP: u64 = 1;
    // SAFETY: a number in place of a pointer, as this request takes it; older kernels refuse it.
    let _ = unsafe { syscall!(Sysno::ioctl, listener, libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) };
}

fn control<T>(listener: BorrowedFd<'_>, request: libc::Ioctl, argument: *mut T) -> Result<(), Errno> {
    use std::os::fd::AsRawFd;
    // SAFETY: each request is given the structure that it reads and writes, which lives until the call is over.
    unsafe { syscall!(Sysno::ioctl, listener.as_raw_fd(), request, argument) }
        .map(drop)
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}
