//! Reading an output pipe into memory up to a limit, and past it into nothing.

use std::{fs::File, future::pending, io, os::fd::OwnedFd};

use rustix::io::Errno;
use tokio::io::{
    Interest,
    unix::{AsyncFd, AsyncFdReadyGuard},
};

use super::{offer::Offer, watched::watch};
use crate::exec::Captured;

/// Room that is made for one read.
const READ_BYTES: usize = 16 * 1024;
/// What can be left in a pipe when its last writer is gone: the largest size that an ordinary user may give one.
const LEFT_BYTES: usize = 1024 * 1024;

/// The reading end of a pipe and what came through it.
pub struct Capture {
    pipe: Pipe,
    captured: Captured,
    limit: usize,
    /// How many bytes came, kept or not.
    seen: u64,
    at_end: bool,
}

/// Most commands are over before watching their pipes would have paid.
enum Pipe {
    /// Somebody may take it yet.
    Offered(Offer),
    Unwatched(OwnedFd),
    Watched(AsyncFd<OwnedFd>),
    /// Watching it failed, or it is somebody else's: there is nothing to read from any more.
    Gone,
}

impl Capture {
    /// Takes a non-blocking pipe.
    pub fn new(pipe: OwnedFd, limit: usize) -> Self {
        Self { pipe: Pipe::Unwatched(pipe), captured: Captured::default(), limit, seen: 0, at_end: false }
    }

    /// How many bytes came, kept or not.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes an end that somebody else may take first.
    pub fn of(offer: Offer, limit: usize) -> Self {
        Self { pipe: Pipe::Offered(offer), captured: Captured::default(), limit, seen: 0, at_end: false }
    }

    /// Waits until something comes, and takes it. Waits for ever at the end, and when the pipe can't be read any more:
    /// what came before is kept.
    pub async fn fill(&mut self, null: &File) {
        if self.at_end {
            return pending().await;
        }
        if self.take(null).await.is_err() {
            self.at_end = true;
        }
    }

    async fn take(&mut self, null: &File) -> io::Result<()> {
        if let Pipe::Offered(offer) = &self.pipe {
            let wanted = offer.wanted().await;
            self.pipe = Pipe::Unwatched(wanted);
        }
        self.pipe = match std::mem::replace(&mut self.pipe, Pipe::Gone) {
            Pipe::Unwatched(pipe) => Pipe::Watched(watch(pipe, Interest::READABLE)?),
            other => other,
        };
        let Pipe::Watched(pipe) = &self.pipe else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut ready: AsyncFdReadyGuard<'_, OwnedFd> = pipe.readable().await?;
        match read(ready.get_inner(), &mut self.captured, self.limit, null) {
            Ok(0) => self.at_end = true,
            Ok(bytes) => self.seen += bytes as u64,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => ready.clear_ready(),
            Err(other) => return Err(other.into()),
        }
        Ok(())
    }

    /// Has it captured, unless somebody else has it; returns whether it is.
    pub fn claim(&self) -> bool {
        match &self.pipe {
            Pipe::Offered(offer) => offer.capture(),
            Pipe::Unwatched(_) | Pipe::Watched(_) => true,
            Pipe::Gone => false,
        }
    }

    /// Takes what is left when no process of the run exists any more, without waiting.
    pub fn finish(&mut self, null: &File) -> Captured {
        let mut taken = 0;
        if let Pipe::Offered(offer) = &self.pipe {
            self.pipe = offer.leave().map_or(Pipe::Gone, Pipe::Unwatched);
        }
        let pipe = match &self.pipe {
            Pipe::Unwatched(pipe) => pipe,
            Pipe::Watched(pipe) => pipe.get_ref(),
            Pipe::Offered(_) | Pipe::Gone => return std::mem::take(&mut self.captured),
        };
        while !self.at_end && taken < LEFT_BYTES {
            match read(pipe, &mut self.captured, self.limit, null) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(bytes) => {
                    taken += bytes;
                    self.seen += bytes as u64;
                }
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        std::mem::take(&mut self.captured)
    }
}

/// One read; returns how many bytes came, 0 for the end.
fn read(pipe: &OwnedFd, captured: &mut Captured, limit: usize, null: &File) -> Result<usize, Errno> {
    let room = limit - captured.bytes.len();
    if room == 0 {
        let dropped = drop_some(pipe, null)?;
        captured.truncated |= dropped > 0;
        return Ok(dropped);
    }
    captured.bytes.reserve(READ_BYTES.min(room));
    let bytes = rustix::io::read(pipe, rustix::buffer::spare_capacity(&mut captured.bytes))?;
    // The vector may have had more room than the limit allows.
    if captured.bytes.len() > limit {
        captured.bytes.truncate(limit);
        captured.truncated = true;
    }
    Ok(bytes)
}

/// Takes bytes out of a pipe that nobody wants, without copying them.
#[cfg(target_os = "linux")]
fn drop_some(pipe: &OwnedFd, null: &File) -> Result<usize, Errno> {
    use rustix::pipe::{SpliceFlags, splice};
    /// How much is dropped by one call.
    const DROP_BYTES: usize = 1024 * 1024;
    splice(pipe, None, null, None, DROP_BYTES, SpliceFlags::NONBLOCK)
}

/// Takes bytes out of a pipe that nobody wants.
#[cfg(not(target_os = "linux"))]
fn drop_some(pipe: &OwnedFd, _: &File) -> Result<usize, Errno> {
    rustix::io::read(pipe, &mut [0; READ_BYTES])
}
