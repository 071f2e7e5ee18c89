//! Whether calls can be watched, found out by trying it.

use std::io::IoSliceMut;

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    pipe::{PipeFlags, pipe_with},
    process::{DumpableBehavior, set_dumpable_behavior},
};

use super::{filter, filter::Program, namespaces::clone_like_fork, notifications, watch_table::Watched};

/// What is read of the other process.
static WORD: [u8; 4] = *b"seen";

/// Tries it with a process that has such a filter, as every program will: the kernel may refuse a second listener, and,
/// where no namespace gives rights over those who make the calls, a security module may close the memory of a process to
/// its own user. `looks` says whether that is tried, too.
pub fn can_watch(calls: &[&Watched], looks: bool) -> Result<bool, Errno> {
    let program = filter::watching(calls)?;
    let (stands, tells) = pipe_with(PipeFlags::CLOEXEC)?;
    let (waits, lets_go) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: the process has one thread, and the child only makes system calls and exits.
    let child = unsafe { clone_like_fork(0) }?;
    if child == 0 {
        drop(lets_go);
        let watched = be_watched(&program).and_then(|()| rustix::io::write(&tells, &WORD));
        if watched.is_ok() {
            let _ = rustix::io::read(&waits, &mut [0_u8]);
        }
        // SAFETY: ends the child at once; nothing is to be cleaned up.
        unsafe { libc::_exit(0) }
    }
    drop(tells);
    let watched = matches!(rustix::io::read(&stands, &mut WORD.clone()), Ok(1..)) && (!looks || can_look_at(child));
    drop(lets_go);
    let mut status = 0;
    // SAFETY: waits for the child made above, with a valid place for its status.
    if unsafe { libc::waitpid(child, &raw mut status, libc::__WALL) } != child {
        return Err(Errno::CHILD);
    }
    Ok(watched)
}

/// What a program's process is: watched, and open to its own user.
fn be_watched(program: &Program) -> Result<(), Errno> {
    set_dumpable_behavior(DumpableBehavior::Dumpable)?;
    notifications::install(&program.as_prog()).map(drop)
}

/// Whether its memory can be read, and its paths be followed.
fn can_look_at(process: libc::pid_t) -> bool {
    let mut word = [0; WORD.len()];
    let mut local = IoSliceMut::new(&mut word);
    let remote = libc::iovec { iov_base: WORD.as_ptr().cast_mut().cast(), iov_len: WORD.len() };
    // SAFETY: the local piece is ours to write, of the length given; the remote one is only a number to us.
    let read = unsafe { libc::process_vm_readv(process, (&raw mut local).cast(), 1, &raw const remote, 1, 0) };
    let followed = openat(CWD, format!("/proc/{process}/root"), OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
    usize::try_from(read).is_ok_and(|read| read == WORD.len()) && word == WORD && followed.is_ok()
}
