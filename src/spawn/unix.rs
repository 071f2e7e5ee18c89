//! Pipes, sockets and terminals between a run and JavaScript, as descriptors.

use std::os::fd::{IntoRawFd, OwnedFd};

use codex_core::{
    exec::{Command, ExecError, Input, Output},
    sandbox::{Offer, TerminalSize, bridge, duplex, inherit, resize, spawn},
};
use codex_supervisor::RunError;

use super::{Ends, NOTHING, NativeStreams, standard_pipe};
use crate::{convert::StreamKind, error::ErrorFacts, runtime, sandbox::NativeSandbox};

/// What JavaScript knows a descriptor by.
pub fn number_of(descriptor: OwnedFd) -> i32 {
    descriptor.into_raw_fd()
}

#[napi_derive::napi]
impl NativeSandbox {
    /// Changes the size of a run's terminal, if it has one and is not over.
    #[napi(catch_unwind)]
    pub fn resize(&self, token: u32, columns: u16, rows: u16) -> napi::Result<()> {
        match self.shared.spawned().get(&token).and_then(|spawned| spawned.terminal.as_ref()) {
            Some((terminal, _)) => {
                resize(terminal, TerminalSize { columns, rows }).map_err(|error| ErrorFacts::from(&error).throw())
            }
            None => Ok(()),
        }
    }

    /// Hangs up the terminal of a run, if it has one and is not over.
    #[napi(catch_unwind)]
    pub fn hang_up(&self, token: u32) {
        let terminal = self.shared.spawned().get_mut(&token).and_then(|spawned| spawned.terminal.take());
        if let Some((ours, bridged)) = terminal {
            drop(ours);
            bridged.now();
        }
    }
}

impl NativeSandbox {
    pub(super) fn connect(&self, command: &mut Command, streams: &NativeStreams) -> Result<Ends, RunError> {
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
                (0..=2, StreamKind::PIPE) => our_end = standard_pipe(number, command, &mut ends.spawned)?,
                (0, StreamKind::TERMINAL) => command.stdin = Input::Descriptor(program_end()?),
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
            let ours =
                host_end.try_clone().map_err(|source| ExecError::Host { what: "duplicate a descriptor", source })?;
            let (carry, bridged, hang_up) = bridge(host_end, theirs)?;
            ends.spawned.terminal = Some((ours, hang_up));
            spawn(&handle, carry);
            command.bridged = Some(bridged);
        }
        Ok(ends)
    }
}

/// A terminal is captured as standard output.
fn output_to(descriptor: OwnedFd, offer: Option<Offer>) -> Output {
    match offer {
        Some(offer) => Output::Offered(offer, descriptor),
        None => Output::Descriptor(descriptor),
    }
}
