//! Streams whose ends on the host's side somebody else may have.

use std::{
    os::{
        fd::{AsFd, OwnedFd, RawFd},
        unix::net::UnixStream,
    },
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::io::Errno;
use tokio::sync::Notify;

use super::streams::{host, nonblocking, pipe};
use crate::exec::{ExecError, Input, Output};

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
        let (ours, theirs) = pipe()?;
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
                enlarge(&descriptor);
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
    pub(crate) async fn wanted(&self) -> OwnedFd {
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
    pub(crate) fn leave(&self) -> Option<OwnedFd> {
        match std::mem::replace(&mut *self.state(), State::Gone) {
            State::Open(descriptor) | State::Wanted(descriptor) => Some(descriptor),
            State::Gone => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a pipe larger that is read elsewhere: fewer and larger reads.
#[cfg(target_os = "linux")]
fn enlarge(pipe: &OwnedFd) {
    const STREAMED_BYTES: usize = 1024 * 1024;
    // Where the user has no pages for it left, or it is no pipe, it stays as it is.
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, STREAMED_BYTES);
}

/// The kernel sizes its pipes by itself.
#[cfg(not(target_os = "linux"))]
fn enlarge(_: &OwnedFd) {}

/// A pipe to a program: its writing end, and the other one as an input.
///
/// # Errors
/// [`ExecError::Host`] when none can be made.
pub fn input_pipe() -> Result<(OwnedFd, Input), ExecError> {
    let (theirs, ours) = pipe()?;
    Ok((ours, Input::Descriptor(theirs)))
}

/// A stream in both directions: the host's end and the program's.
///
/// # Errors
/// [`ExecError::Host`] when none can be made.
pub fn duplex() -> Result<(OwnedFd, OwnedFd), ExecError> {
    let (ours, theirs) = UnixStream::pair().map_err(|source| ExecError::Host { what: "make a socket", source })?;
    Ok((ours.into(), theirs.into()))
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

/// The same for a standard stream of a program, which doesn't know what to do when it would have to wait: the open file that both
/// have waits from now on, as it does in what libuv starts.
///
/// # Errors
/// [`ExecError::Host`] when this process has none.
pub fn inherit_standard(number: RawFd) -> Result<OwnedFd, ExecError> {
    let stream = inherit(number)?;
    // What can't wait in any case is as good as it was.
    let _ = rustix::io::ioctl_fionbio(&stream, false);
    Ok(stream)
}
