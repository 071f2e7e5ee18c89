//! Starting the launcher without copying the host.
//!
//! Node's own spawn forks, and pays for the size of its heap. Here the child shares the host's memory and the
//! calling thread waits until the child has become the launcher, so the heap costs nothing.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    io,
    os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
    ptr,
};

use codex_launcher::protocol::{CONTROL_FD, PIDS_FD};
use rustix::{
    fs::{Mode, OFlags},
    io::{Errno, fcntl_dupfd_cloexec},
    mm::{MapFlags, ProtFlags, mmap_anonymous, munmap},
    process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, waitid, waitpid},
};

use super::forks::Fork;

const STACK_BYTES: usize = 64 * 1024;

/// Descriptors that the child duplicates stay above those that it duplicates onto.
const FIRST_FREE: RawFd = 16;

/// What the child reads, and the one word that it writes.
struct Child {
    path: *const c_char,
    arguments: [*const c_char; 2],
    environment: [*const c_char; 1],
    control: RawFd,
    pids: RawFd,
    null: RawFd,
    errno: c_int,
}

/// Starts the launcher with `control` and `pids` as its sockets; returns a pidfd of it.
///
/// # Errors
/// The error of the clone or of the exec; `NOSYS` where the kernel knows no pidfds.
pub fn spawn(path: &CStr, control: &OwnedFd, pids: &OwnedFd) -> io::Result<OwnedFd> {
    let null = rustix::fs::open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let null = fcntl_dupfd_cloexec(&null, FIRST_FREE)?;
    let control = fcntl_dupfd_cloexec(control, FIRST_FREE)?;
    let pids = fcntl_dupfd_cloexec(pids, FIRST_FREE)?;
    let mut child = Child {
        path: path.as_ptr(),
        arguments: [c"codex-launcher".as_ptr(), ptr::null()],
        environment: [ptr::null()],
        control: control.as_raw_fd(),
        pids: pids.as_raw_fd(),
        null: null.as_raw_fd(),
        errno: 0,
    };
    // SAFETY: asks for fresh memory at an address of the kernel's choice.
    let stack = unsafe {
        mmap_anonymous(
            ptr::null_mut(),
            STACK_BYTES,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE | MapFlags::STACK,
        )
    }?;
    let mut pidfd: c_int = -1;
    let fork = Fork::begin();
    let blocked = BlockedSignals::new();
    // SAFETY: the child runs `become_launcher` on a stack of its own, makes only system calls on `child`, and this
    // thread waits until it has become another program or is gone. No signal handler of the host can run in it.
    let pid = unsafe {
        libc::clone(
            become_launcher,
            stack.byte_add(STACK_BYTES),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD,
            (&raw mut child).cast(),
            &raw mut pidfd,
        )
    };
    let clone_error = (pid < 0).then(io::Error::last_os_error);
    drop(blocked);
    drop(fork);
    // SAFETY: the child has left this stack.
    let _ = unsafe { munmap(stack, STACK_BYTES) };
    if let Some(error) = clone_error {
        return Err(error);
    }
    if pidfd < 0 {
        give_up(pid);
        return Err(Errno::NOSYS.into());
    }
    // SAFETY: the kernel put a descriptor there that nothing else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    // SAFETY: the child wrote the word, if at all, before this thread went on.
    let errno = unsafe { (&raw const child.errno).read_volatile() };
    if errno == 0 {
        return Ok(pidfd);
    }
    reap(&pidfd);
    Err(io::Error::from_raw_os_error(errno))
}

/// Ends a launcher without a pidfd: what is no Linux but looks like one, such as gVisor, takes the flag and heeds it not.
fn give_up(pid: c_int) {
    let Some(pid) = Pid::from_raw(pid) else { return };
    // Nobody has waited for it, so the number is its own.
    let _ = kill_process(pid, Signal::KILL);
    while matches!(waitpid(Some(pid), WaitOptions::empty()), Err(Errno::INTR)) {}
}

/// Reaps a launcher that has ended; waits for one that has not.
pub fn reap(pidfd: &OwnedFd) {
    while matches!(waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED), Err(Errno::INTR)) {}
}

extern "C" fn become_launcher(child: *mut c_void) -> c_int {
    // SAFETY: `spawn` passes its own variable and waits.
    let child = unsafe { &mut *child.cast::<Child>() };
    // SAFETY: system calls on prepared data; the descriptors are above those that are replaced.
    unsafe {
        let ready = libc::dup2(child.control, CONTROL_FD) >= 0
            && libc::dup2(child.pids, PIDS_FD) >= 0
            && (0..CONTROL_FD).all(|standard| libc::dup2(child.null, standard) >= 0);
        if ready {
            libc::execve(child.path, child.arguments.as_ptr(), child.environment.as_ptr());
        }
        child.errno = *libc::__errno_location();
    }
    127
}

/// Every signal blocked for this thread until dropped.
struct BlockedSignals {
    before: u64,
}

const KERNEL_SET_BYTES: usize = size_of::<u64>();

impl BlockedSignals {
    fn new() -> Self {
        let all = !0_u64;
        let mut before = 0_u64;
        // The raw call: the C library's own would leave the signals out that it uses itself.
        // SAFETY: reads and writes eight bytes of live variables.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigprocmask,
                libc::SIG_SETMASK,
                &raw const all,
                &raw mut before,
                KERNEL_SET_BYTES,
            )
        };
        Self { before }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: reads eight bytes of a live variable.
        unsafe {
            libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const self.before, 0, KERNEL_SET_BYTES)
        };
    }
}
