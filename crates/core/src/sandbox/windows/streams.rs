//! The standard streams of a run: a thread for each end that stays here, since pipes without a name can only be waited for so.

use std::{
    fs::{File, OpenOptions},
    io::{self, PipeReader, Read, Write},
    os::windows::io::OwnedHandle,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use tokio::sync::{Notify, oneshot};

use super::offer::Offer;
use crate::exec::{Captured, Command, ExecError, Input, Output};

/// How long the end of a pipe is waited for when no process of its run is left: somebody else can have it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The host's ends of a run's streams.
pub struct Streams {
    stdout: Option<Capture>,
    stderr: Option<Capture>,
    output: Arc<Counter>,
}

/// How much came out of both streams together.
struct Counter {
    bytes: AtomicU64,
    most: u64,
    passed: Notify,
}

struct Capture {
    captured: Arc<Mutex<Captured>>,
    end: oneshot::Receiver<()>,
    /// What somebody else may have taken.
    offer: Option<Offer>,
}

impl Drop for Capture {
    fn drop(&mut self) {
        // A thread may wait for it to be taken, which nobody will do any more.
        if let Some(offer) = &self.offer {
            offer.capture();
        }
    }
}

impl Streams {
    /// Takes the streams of `command`, and makes both ends of each.
    pub fn new(command: &mut Command, most: Option<u64>) -> Result<(Self, [OwnedHandle; 3]), ExecError> {
        let output =
            Arc::new(Counter { bytes: AtomicU64::new(0), most: most.unwrap_or(u64::MAX), passed: Notify::new() });
        let failed = |source| ExecError::Host { what: "make a pipe", source };
        let stdin = input(std::mem::take(&mut command.stdin)).map_err(failed)?;
        let open = |stream| output_of(stream, command.max_buffer, &output).map_err(failed);
        let (stdout, stdout_end) = open(std::mem::take(&mut command.stdout))?;
        let (stderr, stderr_end) = open(std::mem::take(&mut command.stderr))?;
        Ok((Self { stdout, stderr, output }, [stdin, stdout_end, stderr_end]))
    }

    /// Waits until more bytes have come out than may.
    pub async fn flooded(&self) {
        self.output.passed.notified().await;
    }

    /// Whether more bytes have come out than may.
    pub fn is_flooded(&self) -> bool {
        self.output.bytes.load(Relaxed) > self.output.most
    }

    /// What came through standard output and standard error, when no process of the run exists any more.
    pub async fn finish(self) -> (Captured, Captured) {
        (finish(self.stdout).await, finish(self.stderr).await)
    }
}

async fn finish(capture: Option<Capture>) -> Captured {
    let Some(mut capture) = capture else { return Captured::default() };
    // What wasn't taken by now is captured.
    if let Some(offer) = capture.offer.take() {
        offer.capture();
    }
    let _ = tokio::time::timeout(PATIENCE, &mut capture.end).await;
    std::mem::take(&mut *capture.captured.lock().unwrap_or_else(PoisonError::into_inner))
}

fn input(input: Input) -> io::Result<OwnedHandle> {
    match input {
        Input::Null => Ok(File::open("NUL")?.into()),
        Input::Descriptor(handle) => Ok(handle),
        Input::Bytes(bytes) => {
            let (reader, mut writer) = io::pipe()?;
            // A program that closes its input early has read what it wants.
            spawn(move || drop(writer.write_all(&bytes)))?;
            Ok(reader.into())
        }
    }
}

fn output_of(output: Output, limit: usize, counter: &Arc<Counter>) -> io::Result<(Option<Capture>, OwnedHandle)> {
    match output {
        Output::Null => Ok((None, OpenOptions::new().write(true).open("NUL")?.into())),
        Output::Descriptor(handle) => Ok((None, handle)),
        Output::Capture => {
            let (reader, writer) = io::pipe()?;
            Ok((Some(capture(move || Some(reader), None, limit, counter)?), writer.into()))
        }
        Output::Offered(offer, writer) => {
            let offered = offer.clone();
            Ok((Some(capture(move || offered.wanted(), Some(offer), limit, counter)?), writer))
        }
    }
}

/// Reads what `source` gives, which may take its time.
fn capture(
    source: impl FnOnce() -> Option<PipeReader> + Send + 'static,
    offer: Option<Offer>,
    limit: usize,
    counter: &Arc<Counter>,
) -> io::Result<Capture> {
    let captured = Arc::new(Mutex::new(Captured::default()));
    let (is_over, end) = oneshot::channel();
    let (kept, counter) = (Arc::clone(&captured), Arc::clone(counter));
    spawn(move || {
        if let Some(reader) = source() {
            read(reader, limit, &kept, &counter);
        }
        let _ = is_over.send(());
    })?;
    Ok(Capture { captured, end, offer })
}

/// Until the last end to write to is closed. What is too much is read and dropped.
fn read(mut reader: PipeReader, limit: usize, captured: &Mutex<Captured>, counter: &Counter) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let bytes = buffer.get(..count).unwrap_or_default();
        let mut captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        let room = limit.saturating_sub(captured.bytes.len());
        captured.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        captured.truncated |= count > room;
        drop(captured);
        let before = counter.bytes.fetch_add(count as u64, Relaxed);
        if before.saturating_add(count as u64) > counter.most {
            counter.passed.notify_one();
        }
    }
}

/// A thread with little to do.
pub fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("codex-io".to_owned()).stack_size(128 * 1024).spawn(work).map(drop)
}
