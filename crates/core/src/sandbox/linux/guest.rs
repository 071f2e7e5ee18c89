//! A process of the host's that stands for a run, as the engine sees it.

use std::{
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
};

use codex_launcher::{
    channel::{self, Inbox},
    protocol::{ExitStatus, GuestReply, GuestRequest},
};
use rustix::{
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair},
};
use tokio::io::{Interest, unix::AsyncFd};

use super::forks::Fork;
use crate::{
    exec::{Command, End, ExecError, Input, Output},
    sandbox::unix::{streams::host, watched::watch},
};

/// The end that a process has of a conversation, and the other one.
///
/// # Errors
/// [`ExecError::Host`] when none can be made.
pub fn conversation() -> Result<(OwnedFd, OwnedFd), ExecError> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).map_err(host("make a socket"))
}

/// One end of the conversation with the process. Whoever has the other end has the run's streams and can end it, no more:
/// what is run was said before.
#[derive(Debug)]
pub struct Guest {
    socket: AsyncFd<OwnedFd>,
    inbox: Inbox,
    process: Option<AsyncFd<OwnedFd>>,
    fork: Arc<Fork>,
}

impl Guest {
    /// Takes our end of a [`conversation`] with a process that is started as `fork`. Must be called inside a runtime.
    ///
    /// # Errors
    /// [`ExecError::Host`] when it can't be watched.
    pub fn new(socket: OwnedFd, fork: Arc<Fork>) -> Result<Self, ExecError> {
        rustix::io::ioctl_fionbio(&socket, true).map_err(host("set up a socket"))?;
        Ok(Self { socket: watched(socket)?, inbox: Inbox::default(), process: None, fork })
    }

    /// Waits for the process to hand its streams over, and gives those that were `declared` to `command`.
    ///
    /// # Errors
    /// [`ExecError::Host`] when it is gone or says something else.
    pub async fn begin(&mut self, command: &mut Command, declared: &[u8]) -> Result<(), ExecError> {
        let unheard = host("hear from the process that stands for the run");
        let misunderstood = || host("understand the process that stands for the run")(Errno::BADMSG);
        let heard = self.receive().await;
        // Who speaks has executed.
        self.fork.over();
        let (GuestRequest::Streams(numbers), handles) = heard.map_err(&unheard)? else {
            return Err(misunderstood());
        };
        let (GuestRequest::Begin, _) = self.receive().await.map_err(&unheard)? else {
            return Err(misunderstood());
        };
        let mut handles = handles.into_iter();
        self.process = handles.next().map(watched).transpose()?;
        for (number, stream) in numbers.into_iter().zip(handles) {
            match number {
                0 => command.stdin = Input::Descriptor(stream),
                1 => command.stdout = Output::Descriptor(stream),
                2 => command.stderr = Output::Descriptor(stream),
                _ if declared.contains(&number) => command.declared.push((number, stream)),
                // The library of the host left it open by mistake.
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits for a signal; `None`: the process is gone.
    pub async fn signal(&mut self) -> Option<i32> {
        let Self { socket, inbox, process, .. } = self;
        let gone = async {
            match process {
                Some(process) => drop(process.readable().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            received = receive(socket, inbox) => match received {
                Ok((GuestRequest::Signal(signal), _)) => Some(signal),
                _ => None,
            },
            () = gone => None,
        }
    }

    /// Tells it that the program has started.
    pub fn started(&self) {
        self.tell(&GuestReply::Started);
    }

    /// Tells it how the program ended.
    pub fn ended(&self, end: End) {
        self.tell(&GuestReply::Ended(match end {
            End::Code(code) => ExitStatus::Code(code),
            End::Signal(signal) => ExitStatus::Signal(signal),
        }));
    }

    /// Tells it why there is no run, and the exit code that says so.
    pub fn refused(&self, code: u8, message: String) {
        self.tell(&GuestReply::Refused { code, message });
    }

    /// A process that is gone hears nothing; one that doesn't listen has three messages at most to read.
    fn tell(&self, reply: &GuestReply) {
        if let Ok(body) = postcard::to_allocvec(reply) {
            let _ = channel::send(self.socket.as_fd(), &body, &[], SendFlags::empty());
        }
    }

    async fn receive(&mut self) -> Result<(GuestRequest, Vec<OwnedFd>), Errno> {
        receive(&self.socket, &mut self.inbox).await
    }
}

async fn receive(socket: &AsyncFd<OwnedFd>, inbox: &mut Inbox) -> Result<(GuestRequest, Vec<OwnedFd>), Errno> {
    let received =
        socket.async_io(Interest::READABLE, |socket| Ok(inbox.receive(socket.as_fd(), RecvFlags::empty())?)).await;
    let handles = received.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?.ok_or(Errno::PIPE)?;
    let request = postcard::from_bytes(inbox.body()).map_err(|_| Errno::BADMSG)?;
    Ok((request, handles))
}

fn watched(descriptor: OwnedFd) -> Result<AsyncFd<OwnedFd>, ExecError> {
    watch(descriptor, Interest::READABLE).map_err(|source| ExecError::Host { what: "watch a process", source })
}
