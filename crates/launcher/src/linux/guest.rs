//! The other life of this program: a process that stands in the host's process tree for a run of a sandbox.
//!
//! A host whose library starts processes by path (libuv, in Node) starts it with one end of a conversation with the engine.
//! It hands its streams over, passes signals on, and ends as the run does. It decides nothing and holds no secret; when it
//! dies, the engine ends the run.

use std::{
    os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    process::ExitCode,
};

use codex_launcher::{
    channel::{self, Inbox},
    protocol::{ExitStatus, GuestReply, GuestRequest, MAX_STREAMS},
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_getfd, fcntl_setfd},
    net::{RecvFlags, SendFlags},
    process::{PidfdFlags, getpid, pidfd_open},
};

use super::signals;

/// When there is no engine to say how the run ended.
const LOST: u8 = 125;

/// Runs the guest. `number` is the descriptor of its end of the conversation; those below it are the run's.
pub fn main(number: &str) -> ExitCode {
    let Some(control) = number.parse::<RawFd>().ok().filter(|number| (3..=MAX_STREAMS as RawFd).contains(number))
    else {
        return ExitCode::from(LOST);
    };
    match Guest::new(control).and_then(Guest::live) {
        Ok(ExitStatus::Code(code)) => ExitCode::from(u8::try_from(code).unwrap_or(LOST)),
        Ok(ExitStatus::Signal(signal)) => signals::die_of(signal),
        // The engine is gone, and the run with it.
        Err(_) => ExitCode::from(LOST),
    }
}

struct Guest {
    control: OwnedFd,
    signals: OwnedFd,
    /// For the reason why there is no run.
    errors: Option<OwnedFd>,
    inbox: Inbox,
}

impl Guest {
    /// Hands the streams over. They are the run's alone from then on, so that its end is the end of its pipes.
    fn new(control: RawFd) -> Result<Self, Errno> {
        signals::block(signals::ALL)?;
        // SAFETY: whoever started this program put the conversation there; nothing else in it has the descriptor.
        let control = unsafe { OwnedFd::from_raw_fd(control) };
        fcntl_setfd(&control, FdFlags::CLOEXEC)?;
        // Before anything else is opened, which may get the number of a stream that was left out.
        let streams: Vec<(u8, OwnedFd)> = (0..std::os::fd::AsRawFd::as_raw_fd(&control)).filter_map(take).collect();
        let signals = signals::descriptor()?;
        let errors = streams.iter().find(|(number, _)| *number == 2);
        let errors = errors.map(|(_, stream)| fcntl_dupfd_cloexec(stream, 0)).transpose()?;
        let this = pidfd_open(getpid(), PidfdFlags::empty())?;
        let numbers = streams.iter().map(|(number, _)| *number).collect();
        let handles: Vec<BorrowedFd<'_>> =
            std::iter::once(this.as_fd()).chain(streams.iter().map(|(_, stream)| stream.as_fd())).collect();
        send(&control, &GuestRequest::Streams(numbers), &handles)?;
        // Before the program can close its own: what this process holds open would keep that from whoever is at the other end.
        drop(streams);
        // An engine that had no room for them has said so, and is gone.
        let _ = send(&control, &GuestRequest::Begin, &[]);
        Ok(Self { control, signals, errors, inbox: Inbox::default() })
    }

    /// Passes signals on until the run is over.
    fn live(mut self) -> Result<ExitStatus, Errno> {
        loop {
            let [signalled, told] = {
                let mut watched =
                    [&self.signals, &self.control].map(|descriptor| PollFd::new(descriptor, PollFlags::IN));
                poll(&mut watched, None)?;
                watched.map(|descriptor| !descriptor.revents().is_empty())
            };
            if signalled {
                let signal = signals::take(&self.signals)?;
                // An engine that closed its end has told before how the run ended; whether it has is seen below.
                let _ = send(&self.control, &GuestRequest::Signal(signal), &[]);
            }
            if told {
                match self.inbox.receive(self.control.as_fd(), RecvFlags::empty()) {
                    // The engine closed its end before it had read of a signal. The kernel says that once, before what was told.
                    Err(Errno::CONNRESET) => continue,
                    received => received?.ok_or(Errno::PIPE)?,
                };
                match postcard::from_bytes(self.inbox.body()).map_err(|_| Errno::BADMSG)? {
                    GuestReply::Started => self.errors = None,
                    GuestReply::Ended(status) => return Ok(status),
                    GuestReply::Refused { code, message } => {
                        if let Some(errors) = &self.errors {
                            let _ = rustix::io::write(errors, format!("codex: {message}\n").as_bytes());
                        }
                        return Ok(ExitStatus::Code(code.into()));
                    }
                }
            }
        }
    }
}

/// A stream that this process was given.
fn take(number: RawFd) -> Option<(u8, OwnedFd)> {
    // SAFETY: only asks whether it is open.
    let is_open = fcntl_getfd(unsafe { BorrowedFd::borrow_raw(number) }).is_ok();
    // SAFETY: it is open, and nothing in this program has it.
    is_open
        .then(|| unsafe { OwnedFd::from_raw_fd(number) })
        .and_then(|stream| Some((u8::try_from(number).ok()?, stream)))
}

fn send(control: &OwnedFd, request: &GuestRequest, handles: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let encoded = postcard::to_allocvec(request).map_err(|_| Errno::OVERFLOW)?;
    channel::send(control.as_fd(), &encoded, handles, SendFlags::empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    /// What becomes of a guest whose engine was told of a signal or not, said how the run ended or not, and is gone.
    fn after(is_signalled: bool, said: Option<GuestReply>) -> Result<ExitStatus, Errno> {
        let (control, engine) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        if is_signalled {
            send(&control, &GuestRequest::Signal(15), &[]).unwrap();
        }
        if let Some(reply) = said {
            channel::send(engine.as_fd(), &postcard::to_allocvec(&reply).unwrap(), &[], SendFlags::empty()).unwrap();
        }
        drop(engine);
        Guest { control, signals: signals::descriptor().unwrap(), errors: None, inbox: Inbox::default() }.live()
    }

    #[test]
    fn a_signal_that_nobody_read_does_not_hide_how_the_run_ended() {
        for is_signalled in [false, true] {
            assert!(matches!(
                after(is_signalled, Some(GuestReply::Ended(ExitStatus::Code(3)))),
                Ok(ExitStatus::Code(3))
            ));
            assert!(after(is_signalled, None).is_err());
        }
    }
}
