//! A launcher from its start to its answer.

use std::{
    ffi::CString,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use codex_launcher::{
    channel::{self, Inbox},
    protocol::{Applied, Boundary, LaunchPlan, Refusal, Reply},
};
use rustix::{
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime::Handle,
};

use super::{held, pids::Pids, spawn};
use crate::sandbox::{SandboxError, unix::watched::watch};

/// A launcher that was started and has not answered yet.
pub struct Starting {
    /// The socket to it.
    pub control: AsyncFd<OwnedFd>,
    /// A pidfd, readable when the launcher is dead.
    pub death: AsyncFd<OwnedFd>,
    /// Where it tells process ids.
    pub pids: Pids,
    /// The mechanism that it was asked for.
    pub boundary: Boundary,
}

/// What a launcher answered to its plan.
pub enum Answer {
    /// Its sandbox stands.
    Ready(Standing),
    /// It can't be had.
    Refused(Refusal),
}

/// A sandbox that stands, before anything runs in it.
pub struct Standing {
    /// The launcher.
    pub starting: Starting,
    /// What it put in force.
    pub applied: Applied,
    /// The directory in which terminals of the sandbox's own are made.
    pub terminals: Option<OwnedFd>,
}

impl Starting {
    /// Starts a launcher and sends it its plan, with a terminal whose modes it puts back when this process is gone.
    pub fn new(
        path: &Path,
        plan: &LaunchPlan,
        terminal: Option<BorrowedFd<'_>>,
        runtime: &Handle,
    ) -> Result<Self, SandboxError> {
        let program = CString::new(held::launcher_place(path).as_os_str().as_bytes())
            .map_err(|_| SandboxError::Launcher { path: path.into(), reason: "its path holds a NUL byte".into() })?;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|errno| SandboxError::host("make a socket")(errno.into()))?;
        rustix::io::ioctl_fionbio(&ours, true).map_err(|errno| SandboxError::host("set up a socket")(errno.into()))?;
        let (pids, their_pids) = Pids::new().map_err(|errno| SandboxError::host("make a socket")(errno.into()))?;
        let pidfd =
            spawn::spawn(&program, &theirs, &their_pids).map_err(|error| match Errno::from_io_error(&error) {
                // Nothing is wrong with the program.
                Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => {
                    SandboxError::host("start the launcher")(error)
                }
                Some(Errno::NOSYS) => SandboxError::Unavailable {
                    cause: "the kernel gives no descriptors of processes (pidfd), as gVisor and WSL 1 don't".into(),
                    remedy: "run it on Linux itself, 5.12 or newer".into(),
                },
                _ => SandboxError::Launcher { path: path.into(), reason: error.to_string() },
            })?;
        drop(their_pids);
        drop(theirs);
        let _inside = runtime.enter();
        let watch =
            |descriptor, interest| watch(descriptor, interest).map_err(SandboxError::host("watch the launcher"));
        let starting = Self {
            // Not for room to write: there nearly always is, and each message that the other end takes would wake a thread.
            control: watch(ours, Interest::READABLE)?,
            death: watch(pidfd, Interest::READABLE)?,
            pids,
            boundary: plan.boundary,
        };
        let body = postcard::to_allocvec(plan)
            .map_err(|error| SandboxError::host("encode the launch plan")(io::Error::other(error)))?;
        // The socket is empty, so the plan fits.
        channel::send(starting.control.as_fd(), &body, terminal.as_slice(), SendFlags::empty())
            .map_err(|errno| SandboxError::host("send the launch plan")(errno.into()))?;
        Ok(starting)
    }

    /// Waits for the answer.
    pub async fn answer(self) -> Result<Answer, SandboxError> {
        let mut inbox = Inbox::default();
        let died = || SandboxError::Unavailable {
            cause: "the launcher ended before its sandbox stood".into(),
            remedy: "look for a security module or a limit that ends it, and see `codex doctor`".into(),
        };
        match receive(&self.control, &mut inbox).await {
            Ok(Some((Reply::Ready(applied), handles))) => {
                let terminals = handles.into_iter().next();
                Ok(Answer::Ready(Standing { starting: self, applied, terminals }))
            }
            Ok(Some((Reply::Refused(refusal), _))) => {
                spawn::reap(self.death.get_ref());
                Ok(Answer::Refused(refusal))
            }
            other => {
                drop(self.control);
                spawn::reap(self.death.get_ref());
                match other {
                    Err(error) if Errno::from_io_error(&error) == Some(Errno::MFILE) => {
                        Err(SandboxError::host("take what the launcher made")(error))
                    }
                    _ => Err(died()),
                }
            }
        }
    }
}

impl Standing {
    /// Ends a launcher that was only tried out.
    pub fn dismiss(self) {
        drop(self.starting.control);
        spawn::reap(self.starting.death.get_ref());
    }
}

/// Waits for what a launcher says.
///
/// # Errors
/// What `recvmsg` says; any other for what can't be understood.
pub async fn receive(control: &AsyncFd<OwnedFd>, inbox: &mut Inbox) -> io::Result<Option<(Reply, Vec<OwnedFd>)>> {
    let received = control
        .async_io(Interest::READABLE, |socket| {
            inbox.receive(socket.as_fd(), RecvFlags::empty()).map_err(io::Error::from)
        })
        .await?;
    match received {
        None => Ok(None),
        Some(handles) => {
            postcard::from_bytes(inbox.body()).map(|reply| Some((reply, handles))).map_err(io::Error::other)
        }
    }
}
