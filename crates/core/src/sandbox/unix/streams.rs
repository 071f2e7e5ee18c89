//! The standard streams of a run: the ends that it gets and those that stay here.

use std::{
    fs::File,
    future::pending,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use rustix::io::Errno;
use tokio::io::{Interest, unix::AsyncFd};

use super::{capture::Capture, terminal::Bridged, watched::watch};
use crate::exec::{Captured, Command, ExecError, Input, Output};

/// How many descriptors a program may be given.
const MAX_STREAMS: usize = 64;

/// How many of them are the standard ones.
const STANDARD: usize = 3;

/// What a pipe takes without a reader.
const PIPE_BYTES: usize = 64 * 1024;

/// The host's ends of a run's streams.
pub struct Streams {
    input: Option<Feeder>,
    stdout: Option<Capture>,
    stderr: Option<Capture>,
}

impl Streams {
    /// Takes the streams of `command`, and makes both ends of each. Returns the program's, with the numbers that they have
    /// in it; without `null`, those that lead nowhere are left out. Must be called inside a runtime.
    pub fn new(command: &mut Command, null: Option<&File>) -> Result<(Self, Vec<(u8, OwnedFd)>), ExecError> {
        let declared = std::mem::take(&mut command.declared);
        for (index, (number, _)) in declared.iter().enumerate() {
            let before = declared.iter().take(index).any(|(other, _)| other == number);
            if before || !(STANDARD..MAX_STREAMS).contains(&usize::from(*number)) {
                return Err(ExecError::Declared { number: *number });
            }
        }
        let (input, stdin) = input(std::mem::take(&mut command.stdin))?;
        let (stdout, stdout_end) = output(std::mem::take(&mut command.stdout), command.max_buffer)?;
        let (stderr, stderr_end) = output(std::mem::take(&mut command.stderr), command.max_buffer)?;
        let mut theirs = Vec::with_capacity(STANDARD + declared.len());
        for (number, end) in (0_u8..).zip([stdin, stdout_end, stderr_end]) {
            let nowhere = || null.map(|null| duplicate(null.as_fd())).transpose();
            theirs.extend(end.map_or_else(nowhere, |end| Ok(Some(end)))?.map(|end| (number, end)));
        }
        theirs.extend(declared);
        Ok((Self { input, stdout, stderr }, theirs))
    }

    /// Moves bytes until it is dropped, or more than `limit` have come out.
    pub async fn pump(&mut self, null: &File, limit: Option<u64>) {
        while !self.is_above(limit) {
            tokio::select! {
                () = fill(&mut self.stdout, null) => {}
                () = fill(&mut self.stderr, null) => {}
                () = feed(&mut self.input) => self.input = None,
            }
        }
    }

    /// Waits until a terminal has given all that was written to it, if its output is captured here.
    pub async fn settle(&mut self, bridged: Bridged, null: &File, most: Option<u64>) {
        let all_there = bridged.over();
        if self.stdout.as_ref().is_some_and(Capture::claim) {
            tokio::select! {
                () = all_there => {}
                () = self.pump(null, most) => {}
            }
        }
    }

    /// What came through standard output and standard error, when no process of the run exists any more.
    pub fn finish(&mut self, null: &File) -> (Captured, Captured) {
        let finish = |capture: &mut Option<Capture>| capture.as_mut().map(|capture| capture.finish(null));
        (finish(&mut self.stdout).unwrap_or_default(), finish(&mut self.stderr).unwrap_or_default())
    }

    /// Whether more than `limit` bytes have come out.
    pub fn is_above(&self, limit: Option<u64>) -> bool {
        let seen = |capture: &Option<Capture>| capture.as_ref().map_or(0, Capture::seen);
        limit.is_some_and(|limit| seen(&self.stdout) + seen(&self.stderr) > limit)
    }
}

async fn fill(capture: &mut Option<Capture>, null: &File) {
    match capture {
        Some(capture) => capture.fill(null).await,
        None => pending().await,
    }
}

async fn feed(feeder: &mut Option<Feeder>) {
    match feeder {
        Some(feeder) => feeder.feed().await,
        None => pending().await,
    }
}

/// Writes what did not fit into the pipe at once.
struct Feeder {
    pipe: AsyncFd<OwnedFd>,
    bytes: Vec<u8>,
    written: usize,
}

impl Feeder {
    /// Ends when everything is written or nobody reads any more. May be dropped and called again.
    async fn feed(&mut self) {
        let Self { pipe, bytes, written } = self;
        while let Some(rest) = bytes.get(*written..).filter(|rest| !rest.is_empty()) {
            match pipe.async_io(Interest::WRITABLE, |pipe| Ok(rustix::io::write(pipe, rest)?)).await {
                Ok(count) => *written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A program that closes its input early has read what it wants.
                Err(_) => return,
            }
        }
    }
}

/// What stays here, and the program's end; no end: it leads nowhere.
fn input(input: Input) -> Result<(Option<Feeder>, Option<OwnedFd>), ExecError> {
    match input {
        Input::Null => Ok((None, None)),
        Input::Descriptor(descriptor) => Ok((None, Some(descriptor))),
        Input::Bytes(bytes) => {
            let (read_end, write_end) = pipe()?;
            nonblocking(&write_end)?;
            // What fits goes in at once: then nothing has to be watched.
            let written = match rustix::io::write(&write_end, bytes.get(..PIPE_BYTES).unwrap_or(&bytes)) {
                Ok(written) => written,
                Err(Errno::AGAIN) => 0,
                Err(errno) => return Err(host("write to a pipe")(errno)),
            };
            if written == bytes.len() {
                return Ok((None, Some(read_end)));
            }
            let pipe = watch(write_end, Interest::WRITABLE).map_err(watch_failed)?;
            Ok((Some(Feeder { pipe, bytes, written }), Some(read_end)))
        }
    }
}

/// Likewise.
fn output(output: Output, limit: usize) -> Result<(Option<Capture>, Option<OwnedFd>), ExecError> {
    match output {
        Output::Null => Ok((None, None)),
        Output::Descriptor(descriptor) => Ok((None, Some(descriptor))),
        Output::Offered(offer, descriptor) => Ok((Some(Capture::of(offer, limit)), Some(descriptor))),
        Output::Capture => {
            let (read_end, write_end) = pipe()?;
            nonblocking(&read_end)?;
            Ok((Some(Capture::new(read_end, limit)), Some(write_end)))
        }
    }
}

/// A pipe whose ends no other program inherits by mistake: the one to read from, and the one to write to.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), ExecError> {
    let (reader, writer) = io::pipe().map_err(|source| ExecError::Host { what: "make a pipe", source })?;
    Ok((reader.into(), writer.into()))
}

fn duplicate(descriptor: BorrowedFd<'_>) -> Result<OwnedFd, ExecError> {
    rustix::io::fcntl_dupfd_cloexec(descriptor, 0).map_err(host("duplicate a descriptor"))
}

/// Our end alone: each end of a pipe has its own flags.
pub fn nonblocking(end: &OwnedFd) -> Result<(), ExecError> {
    rustix::io::ioctl_fionbio(end, true).map_err(host("set up a pipe"))
}

/// An error of the host's side.
pub fn host(what: &'static str) -> impl Fn(Errno) -> ExecError {
    move |errno| ExecError::Host { what, source: errno.into() }
}

fn watch_failed(source: io::Error) -> ExecError {
    ExecError::Host { what: "watch a pipe", source }
}
