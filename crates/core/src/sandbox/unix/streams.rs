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

/// What a pipe takes without a reader.
const PIPE_BYTES: usize = 64 * 1024;

/// The host's ends of a run's streams.
pub struct Streams {
    input: Option<Feeder>,
    stdout: Option<Capture>,
    stderr: Option<Capture>,
}

impl Streams {
    /// Takes the streams of `command`, and makes both ends of each. Must be called inside a runtime.
    pub fn new(command: &mut Command, null: &File) -> Result<(Self, Vec<OwnedFd>), ExecError> {
        let (input, stdin) = input(std::mem::take(&mut command.stdin), null)?;
        let (stdout, stdout_end) = output(std::mem::take(&mut command.stdout), command.max_buffer, null)?;
        let (stderr, stderr_end) = output(std::mem::take(&mut command.stderr), command.max_buffer, null)?;
        let mut theirs = vec![stdin, stdout_end, stderr_end];
        theirs.extend(std::mem::take(&mut command.declared).into_iter().map(|(_, descriptor)| descriptor));
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

fn input(input: Input, null: &File) -> Result<(Option<Feeder>, OwnedFd), ExecError> {
    match input {
        Input::Null => Ok((None, duplicate(null.as_fd())?)),
        Input::Descriptor(descriptor) => Ok((None, descriptor)),
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
                return Ok((None, read_end));
            }
            let pipe = watch(write_end, Interest::WRITABLE).map_err(watch_failed)?;
            Ok((Some(Feeder { pipe, bytes, written }), read_end))
        }
    }
}

fn output(output: Output, limit: usize, null: &File) -> Result<(Option<Capture>, OwnedFd), ExecError> {
    match output {
        Output::Null => Ok((None, duplicate(null.as_fd())?)),
        Output::Descriptor(descriptor) => Ok((None, descriptor)),
        Output::Offered(offer, descriptor) => Ok((Some(Capture::of(offer, limit)), descriptor)),
        Output::Capture => {
            let (read_end, write_end) = pipe()?;
            nonblocking(&read_end)?;
            Ok((Some(Capture::new(read_end, limit)), write_end))
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

/// The numbers that a program's descriptors have in it.
pub fn targets(command: &Command) -> Result<Vec<u8>, ExecError> {
    let mut targets: Vec<u8> = vec![0, 1, 2];
    for (number, _) in &command.declared {
        if targets.contains(number) || usize::from(*number) >= MAX_STREAMS {
            return Err(ExecError::Declared { number: *number });
        }
        targets.push(*number);
    }
    Ok(targets)
}
