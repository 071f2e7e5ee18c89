//! Runs whose streams JavaScript has.

use std::os::fd::{IntoRawFd, OwnedFd};

use codex_core::{
    exec::{Command, ExecError, Input, Output},
    sandbox::{Offer, TerminalSize, bridge, duplex, inherit, input_pipe, resize, spawn},
};
use codex_supervisor::RunError;
use napi::{
    bindgen_prelude::{Array, FnArgs},
    threadsafe_function::ThreadsafeFunctionCallMode,
};
use tokio::sync::mpsc;

use crate::{
    convert::{NativeCommand, StreamKind},
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
    terminal: Option<OwnedFd>,
    /// The command, while somebody is asked about it.
    asked: Option<Command>,
}

/// What a program is given, and what is left here.
#[derive(Default)]
struct Ends {
    /// JavaScript's descriptors, by the number that the other end has in the program.
    ours: Vec<Option<OwnedFd>>,
    spawned: Spawned,
}

const NOTHING: i32 = -1;

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
        Ok(ends.ours.into_iter().map(|end| end.map_or(NOTHING, IntoRawFd::into_raw_fd)).collect())
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
        taken.map_or(NOTHING, IntoRawFd::into_raw_fd)
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

    /// Changes the size of a run's terminal, if it has one and is not over.
    #[napi(catch_unwind)]
    pub fn resize(&self, token: u32, columns: u16, rows: u16) -> napi::Result<()> {
        match self.shared.spawned().get(&token).and_then(|spawned| spawned.terminal.as_ref()) {
            Some(terminal) => {
                resize(terminal, TerminalSize { columns, rows }).map_err(|error| ErrorFacts::from(&error).throw())
            }
            None => Ok(()),
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

    fn connect(&self, command: &mut Command, streams: &NativeStreams) -> Result<Ends, RunError> {
        let handle = runtime::handle();
        let _inside = handle.enter();
        let mut ends = Ends::default();
        let mut terminal = None;
        if streams.kinds.contains(&StreamKind::TERMINAL) {
            let size = TerminalSize { columns: streams.columns, rows: streams.rows };
            terminal = Some(handle.block_on(self.session.open_terminal(size))?);
        }
        let program_end = || match &terminal {
            Some(terminal) => terminal.program_end(),
            None => inherit(NOTHING),
        };
        let mut offered = None;
        if terminal.is_some() {
            let (ours, theirs) = duplex()?;
            offered = Some((Offer::nonblocking(ours)?, theirs));
        }
        for (number, &kind) in (0_u8..).zip(&streams.kinds) {
            let mut our_end = None;
            match (number, kind) {
                (0, StreamKind::PIPE) => {
                    let (ours, input) = input_pipe()?;
                    command.stdin = input;
                    our_end = Some(ours);
                }
                (0, StreamKind::TERMINAL) => command.stdin = Input::Descriptor(program_end()?),
                (1, StreamKind::PIPE) => {
                    let (offer, output) = Offer::pipe()?;
                    command.stdout = output;
                    ends.spawned.stdout = Some(offer);
                }
                (2, StreamKind::PIPE) => {
                    let (offer, output) = Offer::pipe()?;
                    command.stderr = output;
                    ends.spawned.stderr = Some(offer);
                }
                (1, StreamKind::TERMINAL) => {
                    let offer = offered.as_ref().map(|(offer, _)| offer.clone());
                    command.stdout = output_to(program_end()?, offer.clone());
                    ends.spawned.stdout = offer;
                }
                (2, StreamKind::TERMINAL) => command.stderr = Output::Descriptor(program_end()?),
                (0..=2, _) => {}
                (_, StreamKind::PIPE) => {
                    let (ours, theirs) = duplex()?;
                    command.declared.push((number, theirs));
                    our_end = Some(ours);
                }
                (_, 0..) => command.declared.push((number, inherit(kind)?)),
                _ => {}
            }
            if kind == StreamKind::TERMINAL && command.terminal.is_none() {
                command.terminal = Some(number);
            }
            ends.ours.push(our_end);
        }
        if let (Some(terminal), Some((_, theirs))) = (terminal, offered) {
            let host_end = terminal.into_host_end();
            ends.spawned.terminal = Some(
                host_end.try_clone().map_err(|source| ExecError::Host { what: "duplicate a descriptor", source })?,
            );
            let (carry, bridged) = bridge(host_end, theirs)?;
            spawn(&handle, carry);
            command.bridged = Some(bridged);
        }
        Ok(ends)
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

/// A terminal is captured as standard output.
fn output_to(descriptor: OwnedFd, offer: Option<Offer>) -> Output {
    match offer {
        Some(offer) => Output::Offered(offer, descriptor),
        None => Output::Descriptor(descriptor),
    }
}
