//! Runs whose streams JavaScript has.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use codex_core::{
    exec::{Command, Descriptor, ExecError},
    sandbox::{Offer, input_pipe},
};
use napi::{
    bindgen_prelude::{Array, FnArgs},
    threadsafe_function::ThreadsafeFunctionCallMode,
};
use tokio::sync::mpsc;

#[cfg(unix)]
use self::unix::number_of;
#[cfg(windows)]
use self::windows::number_of;
use crate::{
    convert::NativeCommand,
    error::ErrorFacts,
    runtime,
    sandbox::{NativeSandbox, approval},
};

/// The streams of a run.
#[napi_derive::napi(object, object_to_js = false)]
pub struct NativeStreams {
    /// For each descriptor of the program, from 0: one of `StreamKind`, or a descriptor of this process.
    pub kinds: Vec<i32>,
    /// The width of its terminal, if it has one.
    pub columns: u16,
    /// Its height.
    pub rows: u16,
}

/// What is kept of a run's streams while it is under way.
#[derive(Default)]
pub struct Spawned {
    stdout: Option<Offer>,
    stderr: Option<Offer>,
    #[cfg(unix)]
    terminal: Option<(Descriptor, codex_core::sandbox::HangUp)>,
    /// The command, while somebody is asked about it.
    asked: Option<Command>,
}

/// What a program is given, and what is left here.
#[derive(Default)]
struct Ends {
    /// JavaScript's descriptors, by the number that the other end has in the program.
    ours: Vec<Option<Descriptor>>,
    spawned: Spawned,
}

const NOTHING: i32 = -1;

/// Puts a pipe in place of a standard stream. JavaScript's end of the input is returned; of the output it is offered.
fn standard_pipe(number: u8, command: &mut Command, spawned: &mut Spawned) -> Result<Option<Descriptor>, ExecError> {
    if number == 0 {
        let (ours, input) = input_pipe()?;
        command.stdin = input;
        return Ok(Some(ours));
    }
    let (offer, output) = Offer::pipe()?;
    let (stream, kept) = match number {
        1 => (&mut command.stdout, &mut spawned.stdout),
        _ => (&mut command.stderr, &mut spawned.stderr),
    };
    *stream = output;
    *kept = Some(offer);
    Ok(None)
}

#[napi_derive::napi]
impl NativeSandbox {
    /// What the exec policy asks about a command before it may run, as JSON, if it asks.
    #[napi(catch_unwind)]
    pub fn question(&self, command: Array<'_>) -> napi::Result<Option<String>> {
        let NativeCommand { command, .. } = NativeCommand::new(&command)?;
        Ok(self.session.question(&command).and_then(|verdict| serde_json::to_string(&verdict).ok()))
    }

    /// Runs a command with streams. Returns JavaScript's ends, -1 where there is none; those of standard output and
    /// standard error are to be had from `take`. `started` is called when it has started, `settle` at its end. With `asks`
    /// it waits for `answer`.
    #[napi(catch_unwind)]
    pub fn spawn(&self, command: Array<'_>, streams: NativeStreams, token: u32, asks: bool) -> napi::Result<Vec<i32>> {
        let NativeCommand { mut command, .. } = NativeCommand::new(&command)?;
        let mut ends = self.connect(&mut command, &streams).map_err(|error| ErrorFacts::from(&error).throw())?;
        let mut begin = Some(command);
        if asks {
            ends.spawned.asked = begin.take();
        }
        self.shared.spawned().insert(token, ends.spawned);
        if let Some(command) = begin {
            self.begin(command, token, false);
        }
        Ok(ends.ours.into_iter().map(|end| end.map_or(NOTHING, number_of)).collect())
    }

    /// Runs a command that waits for it, as one that somebody said yes to or not. Does nothing for any other.
    #[napi(catch_unwind)]
    pub fn answer(&self, token: u32, approved: bool) {
        let asked = self.shared.spawned().get_mut(&token).and_then(|spawned| spawned.asked.take());
        if let Some(command) = asked {
            self.begin(command, token, approved);
        }
    }

    /// Takes the reading end of standard output (1) or standard error (2), or a terminal, out of a run. -1: it is
    /// captured already, or the run is over.
    #[napi(catch_unwind)]
    pub fn take(&self, token: u32, number: u32) -> i32 {
        let taken = self.shared.spawned().get(&token).and_then(|spawned| spawned.offer(number)?.take());
        taken.map_or(NOTHING, number_of)
    }

    /// Has what was not taken captured.
    #[napi(catch_unwind)]
    pub fn capture(&self, token: u32) {
        if let Some(spawned) = self.shared.spawned().get(&token) {
            for offer in spawned.stdout.iter().chain(&spawned.stderr) {
                offer.capture();
            }
        }
    }
}

impl NativeSandbox {
    fn begin(&self, mut command: Command, token: u32, approved: bool) {
        let (start, mut started) = mpsc::unbounded_channel();
        command.started = Some(start);
        let (signaller, report) = self.session.exec(command, approval(approved));
        let shared = std::sync::Arc::clone(&self.shared);
        let under_way = signaller.has_started();
        shared.signallers().insert(token, signaller);
        let (reports, starts) = (std::sync::Arc::clone(&self.reports), std::sync::Arc::clone(&self.starts));
        runtime::follow(under_way, async move {
            let mut report = std::pin::pin!(report);
            let report = loop {
                tokio::select! {
                    biased;
                    Some(pid) = started.recv() => {
                        starts.call(FnArgs::from((token, pid)), ThreadsafeFunctionCallMode::NonBlocking);
                    }
                    report = &mut report => break report,
                }
            };
            shared.signallers().remove(&token);
            shared.spawned().remove(&token);
            // Whoever looks at a stream late gets the bytes as they came: they become text in JavaScript.
            let report = shared.to_args(token, report, false);
            reports.call(report, ThreadsafeFunctionCallMode::NonBlocking);
        });
    }
}

impl Spawned {
    fn offer(&self, number: u32) -> Option<&Offer> {
        match number {
            1 => self.stdout.as_ref(),
            2 => self.stderr.as_ref(),
            _ => None,
        }
    }
}
