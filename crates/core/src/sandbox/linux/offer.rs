//! Streams whose ends on the host's side somebody else may have.

use std::{
    os::fd::{AsFd, OwnedFd, RawFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, socketpair},
    pipe::{PipeFlags, fcntl_setpipe_size, pipe_with},
};
use tokio::sync::Notify;

use super::streams::{host, nonblocking};
use crate::exec::{ExecError, Input, Output};

/// The size of a pipe that is read elsewhere: fewer and larger reads.
const STREAMED_BYTES: usize = 1024 * 1024;

/// The reading end of a stream of output: taken by whoever wants to read it, or captured with the run.
#[derive(Debug, Clone)]
pub struct Offer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    decided: Notify,
}

#[derive(Debug)]
enum State {
    /// Nobody has said what is to become of it.
    Open(OwnedFd),
    /// It is to be captured.
    Wanted(OwnedFd),
    /// It is somebody's.
    Gone,
}

impl Offer {
    /// A pipe, with its writing end as an output.
    ///
    /// # Errors
    /// [`ExecError::Host`] when none can be made.
    pub fn pipe() -> Result<(Self, Output), ExecError> {
        let (ours, theirs) = pipe_with(PipeFlags::CLOEXEC).map_err(host("make a pipe"))?;
        nonblocking(&ours)?;
        let offer = Self::of(ours);
        Ok((offer.clone(), Output::Offered(offer, theirs)))
    }

    /// One end of a [`duplex`].
    ///
    /// # Errors
    /// [`ExecError::Host`] when it can't be made not to block.
    pub fn nonblocking(descriptor: OwnedFd) -> Result<Self, ExecError> {
        nonblocking(&descriptor)?;
        Ok(Self::of(descriptor))
    }

    fn of(descriptor: OwnedFd) -> Self {
        Self { shared: Arc::new(Shared { state: Mutex::new(State::Open(descriptor)), decided: Notify::new() }) }
    }

    /// Takes the stream out of the run: the outcome will have nothing of it. `None` when it is captured already.
    pub fn take(&self) -> Option<OwnedFd> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Gone) {
            State::Open(descriptor) => {
                // Where the user has no pages for it left, or it is no pipe, it stays as it is.
                let _ = fcntl_setpipe_size(&descriptor, STREAMED_BYTES);
                Some(descriptor)
            }
            other => {
                *state = other;
                None
            }
        }
    }

    /// Has the stream captured, unless it was taken; returns whether it is. Without it, what the pipe holds at the end is.
    pub fn capture(&self) -> bool {
        let mut state = self.state();
        *state = match std::mem::replace(&mut *state, State::Gone) {
            State::Open(descriptor) => State::Wanted(descriptor),
            other => other,
        };
        let wanted = matches!(*state, State::Wanted(_));
        drop(state);
        self.shared.decided.notify_one();
        wanted
    }

    /// Waits until it is to be captured.
    pub(super) async fn wanted(&self) -> OwnedFd {
        loop {
            {
                let mut state = self.state();
                match std::mem::replace(&mut *state, State::Gone) {
                    State::Wanted(descriptor) => return descriptor,
                    other => *state = other,
                }
            }
            self.shared.decided.notified().await;
        }
    }

    /// What is left of it when the run is over.
    pub(super) fn leave(&self) -> Option<OwnedFd> {
        match std::mem::replace(&mut *self.state(), State::Gone) {
            State::Open(descriptor) | State::Wanted(descriptor) => Some(descriptor),
            State::Gone => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pipe to a program: its writing end, and the other one as an input.
///
/// # Errors
/// [`ExecError::Host`] when none can be made.
pub fn input_pipe() -> Result<(OwnedFd, Input), ExecError> {
    let (theirs, ours) = pipe_with(PipeFlags::CLOEXEC).map_err(host("make a pipe"))?;
    Ok((ours, Input::Descriptor(theirs)))
}

/// A stream in both directions: the host's end and the program's.
///
/// # Errors
/// [`ExecError::Host`] when none can be made.
pub fn duplex() -> Result<(OwnedFd, OwnedFd), ExecError> {
    socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None).map_err(host("make a socket"))
}

/// The end that a process has of a conversation, and the other one.
///
/// # Errors
/// [`ExecError::Host`] when none can be made.
pub fn conversation() -> Result<(OwnedFd, OwnedFd), ExecError> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).map_err(host("make a socket"))
}

/// A duplicate of a descriptor that this process has under `number`.
///
/// # Errors
/// [`ExecError::Host`] when it has none.
pub fn inherit(number: RawFd) -> Result<OwnedFd, ExecError> {
    const WHAT: &str = "pass a descriptor on";
    if number < 0 {
        return Err(host(WHAT)(Errno::BADF));
    }
    // SAFETY: the number is only used for one call, which fails for one that is not open.
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_dupfd_cloexec(borrowed.as_fd(), 0).map_err(host(WHAT))
}
