//! The process ids of runs, as this process sees them.
//!
//! Each program sends the number of its run before it starts, and the kernel adds its process id, translated for the
//! receiver. Nobody waits for these messages: they are read when a run has ended, or is asked about, so that they cost no wake-up.

use std::{
    collections::HashMap,
    io::IoSliceMut,
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    cmsg_space,
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType, recvmsg,
        socketpair, sockopt::set_socket_passcred,
    },
};

/// The receiving end, and what came through it for runs that have not ended.
#[derive(Debug)]
pub struct Pids {
    socket: OwnedFd,
    known: HashMap<u64, i32>,
}

impl Pids {
    /// Makes both ends; the second is the launcher's.
    pub fn new() -> Result<(Self, OwnedFd), Errno> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        set_socket_passcred(&ours, true)?;
        Ok((Self { socket: ours, known: HashMap::new() }, theirs))
    }

    /// Takes the process id of a run that is over; `None` when it was not told.
    pub fn take(&mut self, run: u64) -> Option<i32> {
        self.look(run);
        self.known.remove(&run)
    }

    /// The process id of a run.
    pub fn look(&mut self, run: u64) -> Option<i32> {
        while !self.known.contains_key(&run) {
            let Ok((of, pid)) = self.receive() else { break };
            self.known.insert(of, pid);
        }
        self.known.get(&run).copied()
    }

    fn receive(&self) -> Result<(u64, i32), Errno> {
        let mut run = [0_u8; size_of::<u64>()];
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmCredentials(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let message = recvmsg(self.socket.as_fd(), &mut [IoSliceMut::new(&mut run)], &mut control, flags)?;
        let sender = control.drain().find_map(|part| match part {
            RecvAncillaryMessage::ScmCredentials(credentials) => Some(credentials.pid.as_raw_nonzero().get()),
            _ => None,
        });
        match sender {
            Some(pid) if message.bytes == run.len() => Ok((u64::from_ne_bytes(run), pid)),
            // The end of the conversation, too.
            _ => Err(Errno::BADMSG),
        }
    }
}
