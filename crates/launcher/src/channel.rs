//! Whole messages with descriptors over a SOCK_SEQPACKET socket.
//!
//! A message that would not fit into the socket's buffer travels in a memory file beside a short one.

use std::{
    fs::File,
    io::{IoSlice, IoSliceMut, Read, Seek, Write},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
};

use rustix::{
    cmsg_space,
    fs::MemfdFlags,
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags,
    },
};

use crate::protocol::MAX_STREAMS;

/// The largest body that is sent as it is; a longer one goes through a memory file.
///
/// Linux gives a socket 208 KiB for what is under way, bookkeeping included: this leaves room for a second message.
pub const INLINE_BYTES: usize = 64 * 1024;

/// The largest body at all: what Linux allows for arguments and environment, and some more.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// How many descriptors one message carries at most: a program's streams and a memory file or a process.
const MAX_DESCRIPTORS: usize = MAX_STREAMS + 1;

const INLINE: u8 = 0;
const IN_MEMORY_FILE: u8 = 1;

/// Sends `body` with `descriptors` as one message.
///
/// # Errors
/// What `sendmsg` says, `AGAIN` among it when the socket is non-blocking and full; `TOOBIG` for more than 8 MiB.
pub fn send(
    socket: BorrowedFd<'_>,
    body: &[u8],
    descriptors: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> Result<(), Errno> {
    if body.len() <= INLINE_BYTES {
        return send_parts(socket, &[IoSlice::new(&[INLINE]), IoSlice::new(body)], descriptors, flags);
    }
    if body.len() as u64 > MAX_BYTES || descriptors.len() >= MAX_DESCRIPTORS {
        return Err(Errno::TOOBIG);
    }
    let mut file = File::from(rustix::fs::memfd_create("codex-message", MemfdFlags::CLOEXEC)?);
    file.write_all(body).and_then(|()| file.rewind()).map_err(|error| errno_of(&error))?;
    let mut all = [socket; MAX_DESCRIPTORS];
    let (given, rest) = all.split_at_mut(descriptors.len());
    given.copy_from_slice(descriptors);
    if let Some(last) = rest.first_mut() {
        *last = file.as_fd();
    }
    let all = all.get(..=descriptors.len()).ok_or(Errno::TOOBIG)?;
    send_parts(socket, &[IoSlice::new(&[IN_MEMORY_FILE])], all, flags)
}

/// The descriptors of a message, as numbers: whoever took it has to close them.
#[derive(Debug, Clone, Copy)]
pub struct Received {
    numbers: [RawFd; MAX_DESCRIPTORS],
    count: usize,
    /// Where the body is.
    pub body: Body,
    /// Some didn't come, because this process has no room for more.
    lacks_descriptors: bool,
}

/// Where the body of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// So many bytes at the start of the buffer.
    Inline(usize),
    /// In this memory file.
    InFile(RawFd),
}

impl Received {
    /// The descriptors, without the memory file.
    pub fn numbers(&self) -> &[RawFd] {
        self.numbers.get(..self.count).unwrap_or_default()
    }

    /// The same, with the last descriptor as the file that holds the body.
    fn with_file(self) -> Option<Self> {
        let file = *self.numbers().last()?;
        Some(Self { count: self.count - 1, body: Body::InFile(file), ..self })
    }

    fn close(&self) {
        let file = match self.body {
            Body::InFile(file) => Some(file),
            Body::Inline(_) => None,
        };
        for number in self.numbers().iter().copied().chain(file) {
            // SAFETY: it came with the message, and nobody else has learnt of it.
            unsafe { rustix::io::close(number) };
        }
    }
}

/// Waits for a message, looks at its body in a buffer of [`INLINE_BYTES`], and leaves it where it is; `None` at the end of
/// the conversation. This process has none of its descriptors afterwards but a memory file. Allocates nothing.
///
/// # Errors
/// What `recvmsg` says; `BADMSG` for a message that was cut or that [`send`] did not make; `MFILE` when this process has no
/// room for a memory file.
pub fn peek(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Option<Body>, Errno> {
    let mut kind = [0_u8];
    let mut parts = [IoSliceMut::new(&mut kind), IoSliceMut::new(buffer)];
    let message = rustix::net::recvmsg(socket, &mut parts, &mut RecvAncillaryBuffer::default(), RecvFlags::PEEK)?;
    match (message.bytes.checked_sub(1), kind) {
        (None, _) => Ok(None),
        (Some(length), [INLINE]) if !message.flags.contains(ReturnFlags::TRUNC) => Ok(Some(Body::Inline(length))),
        (Some(_), [IN_MEMORY_FILE]) => Ok(receive_any(socket, buffer, RecvFlags::PEEK)?.map(|received| {
            Received { body: Body::Inline(0), ..received }.close();
            received.body
        })),
        _ => Err(Errno::BADMSG),
    }
}

/// Takes the message that [`peek`] has shown, for its descriptors. Allocates nothing.
///
/// # Errors
/// What `recvmsg` says; `MFILE` when this process has no room for all of them.
pub fn take(socket: BorrowedFd<'_>) -> Result<Received, Errno> {
    let mut kind = [0_u8];
    let (received, _) = receive_parts(socket, &mut [IoSliceMut::new(&mut kind)], RecvFlags::DONTWAIT)?;
    let received = received.ok_or(Errno::BADMSG)?;
    if received.lacks_descriptors {
        received.close();
        return Err(Errno::MFILE);
    }
    Ok(if kind == [IN_MEMORY_FILE] { received.with_file().ok_or(Errno::BADMSG)? } else { received })
}

/// Drops the message that [`peek`] has shown.
pub fn discard(socket: BorrowedFd<'_>) {
    let _ = rustix::net::recvmsg(socket, &mut [], &mut RecvAncillaryBuffer::default(), RecvFlags::DONTWAIT);
}

/// Lets whoever has taken a message go on: nobody else has its descriptors any more.
///
/// # Errors
/// What `sendmsg` says.
pub fn release(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::net::send(socket, &[INLINE], SendFlags::NOSIGNAL | SendFlags::DONTWAIT).map(drop)
}

/// Waits until the sender of a message has closed its own copies of the descriptors in it. Allocates nothing.
///
/// # Errors
/// What `recv` says; `PIPE` when the sender is gone.
pub fn wait_for_release(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut kind = [0_u8];
    match rustix::io::retry_on_intr(|| rustix::net::recv(socket, &mut kind, RecvFlags::empty()))? {
        (_, 0) => Err(Errno::PIPE),
        _ => Ok(()),
    }
}

/// Receives one message into a buffer of [`INLINE_BYTES`], with as many of its descriptors as this process has room for.
fn receive_any(socket: BorrowedFd<'_>, buffer: &mut [u8], flags: RecvFlags) -> Result<Option<Received>, Errno> {
    let mut kind = [0_u8];
    let (received, is_cut) = receive_parts(socket, &mut [IoSliceMut::new(&mut kind), IoSliceMut::new(buffer)], flags)?;
    let Some(received) = received else {
        return Ok(None);
    };
    match kind {
        _ if is_cut => {}
        [INLINE] => return Ok(Some(received)),
        [IN_MEMORY_FILE] if !received.lacks_descriptors => {
            if let Some(received) = received.with_file() {
                return Ok(Some(received));
            }
        }
        _ => {}
    }
    received.close();
    Err(if received.lacks_descriptors { Errno::MFILE } else { Errno::BADMSG })
}

/// Receives one message as it is: `None` at the end of the conversation; and whether its body had more bytes.
fn receive_parts(
    socket: BorrowedFd<'_>,
    parts: &mut [IoSliceMut<'_>],
    flags: RecvFlags,
) -> Result<(Option<Received>, bool), Errno> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = rustix::net::recvmsg(socket, parts, &mut control, flags | RecvFlags::CMSG_CLOEXEC)?;
    let Some(length) = message.bytes.checked_sub(1) else {
        return Ok((None, false));
    };
    let mut received = Received {
        numbers: [-1; MAX_DESCRIPTORS],
        count: 0,
        body: Body::Inline(length),
        lacks_descriptors: message.flags.contains(ReturnFlags::CTRUNC),
    };
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            for (place, descriptor) in received.numbers.iter_mut().skip(received.count).zip(rights) {
                *place = descriptor.into_raw_fd();
                received.count += 1;
            }
        }
    }
    Ok((Some(received), message.flags.contains(ReturnFlags::TRUNC)))
}

/// A buffer for one message after the other.
#[derive(Debug, Default)]
pub struct Inbox {
    buffer: Vec<u8>,
    length: usize,
}

impl Inbox {
    /// The body of the last message.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Receives one message into the buffer, in place of the last one.
    ///
    /// Returns its descriptors, or `None` at the end of the conversation.
    ///
    /// # Errors
    /// As for [`peek`]; `MFILE` also for descriptors that this process has no room for. That is no end of the conversation: the body is there, unless it was to come as a descriptor.
    pub fn receive(&mut self, socket: BorrowedFd<'_>, flags: RecvFlags) -> Result<Option<Vec<OwnedFd>>, Errno> {
        self.length = 0;
        // What is there from the last message is overwritten or not looked at: it need not be cleared.
        self.buffer.resize(INLINE_BYTES, 0);
        let Some(received) = receive_any(socket, &mut self.buffer, flags)? else {
            return Ok(None);
        };
        // SAFETY: they came with the message, and nobody else has learnt of them.
        let own = |number| unsafe { OwnedFd::from_raw_fd(number) };
        let descriptors = received.numbers().iter().copied().map(own).collect();
        match received.body {
            Body::Inline(length) => self.length = length,
            Body::InFile(file) => {
                let file = File::from(own(file));
                self.buffer.clear();
                let read = file.take(MAX_BYTES).read_to_end(&mut self.buffer);
                self.length = read.map_err(|error| errno_of(&error))?;
            }
        }
        if received.lacks_descriptors { Err(Errno::MFILE) } else { Ok(Some(descriptors)) }
    }
}

fn send_parts(
    socket: BorrowedFd<'_>,
    parts: &[IoSlice<'_>],
    descriptors: &[BorrowedFd<'_>],
    flags: SendFlags,
) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::TOOBIG);
    }
    rustix::net::sendmsg(socket, parts, &mut control, flags | SendFlags::NOSIGNAL).map(drop)
}

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};

    use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair};

    use super::{Body, INLINE_BYTES, Inbox, discard, peek, send, take};

    fn pair() -> (std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn carries_bodies_of_every_size_with_their_descriptors() {
        let (ours, theirs) = pair();
        let null = std::fs::File::open("/dev/null").unwrap();
        let mut inbox = Inbox::default();
        for size in [0, 1, INLINE_BYTES - 1, INLINE_BYTES, INLINE_BYTES + 1, 3_000_000] {
            let sent: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
            send(ours.as_fd(), &sent, &[null.as_fd(), null.as_fd(), null.as_fd()], SendFlags::empty()).unwrap();
            let descriptors = inbox.receive(theirs.as_fd(), RecvFlags::empty()).unwrap().unwrap();
            assert_eq!(inbox.body(), sent);
            assert_eq!(descriptors.len(), 3);
        }
    }

    #[test]
    fn tells_the_end_from_an_empty_message() {
        let (ours, theirs) = pair();
        send(ours.as_fd(), &[], &[], SendFlags::empty()).unwrap();
        drop(ours);
        let mut inbox = Inbox::default();
        assert!(inbox.receive(theirs.as_fd(), RecvFlags::empty()).unwrap().is_some());
        assert!(inbox.receive(theirs.as_fd(), RecvFlags::empty()).unwrap().is_none());
    }

    #[test]
    fn shows_a_message_without_its_descriptors_and_gives_them_once() {
        let (ours, theirs) = pair();
        let mut buffer = vec![0; INLINE_BYTES];
        for size in [0, 1, INLINE_BYTES, INLINE_BYTES + 1] {
            let (reader, writer) = rustix::pipe::pipe().unwrap();
            let sent = vec![7; size];
            for _ in 0..2 {
                send(ours.as_fd(), &sent, &[reader.as_fd(), reader.as_fd()], SendFlags::empty()).unwrap();
            }
            drop(reader);
            match peek(theirs.as_fd(), &mut buffer).unwrap().unwrap() {
                Body::Inline(length) => assert_eq!(buffer[..length], sent),
                Body::InFile(file) => {
                    // SAFETY: `peek` has just made it, and nothing else has it.
                    let file = std::fs::File::from(unsafe { OwnedFd::from_raw_fd(file) });
                    assert_eq!(file.metadata().unwrap().len(), size as u64);
                }
            }
            discard(theirs.as_fd());
            assert!(peek(theirs.as_fd(), &mut buffer).unwrap().is_some());
            let received = take(theirs.as_fd()).unwrap();
            assert_eq!(received.numbers().len(), 2);
            assert!(rustix::io::write(&writer, b"x").is_ok());
            received.close();
            assert_eq!(rustix::io::write(&writer, b"x").unwrap_err(), rustix::io::Errno::PIPE);
            assert!(take(theirs.as_fd()).is_err());
        }
    }
}
