//! The streams of a command, as Windows has them.

use std::{
    ffi::{OsStr, OsString},
    io::{self, IsTerminal},
    os::windows::io::{AsHandle, OwnedHandle},
    thread::{self, JoinHandle},
};

use codex_core::{
    exec::{Input, Output as Stream},
    profile::ProfileName,
};
use codex_supervisor::{Approval, Report, Session};
use tokio::sync::mpsc;

use super::{Failure, command};
use crate::{Context, arguments::Run};

/// Runs the command with the streams of this process. A console is given to none but trusted commands: whoever has it can type
/// into it. The others write to it through pipes, and read nothing from it.
pub async fn execute(
    session: &Session,
    run: &Run,
    context: &Context,
    approval: Approval,
    signals: &mut mpsc::UnboundedReceiver<i32>,
) -> Result<Report, Failure> {
    let shares = session.policy().profile == ProfileName::Trusted;
    let mut command = command(run, context)?;
    let stdin = io::stdin();
    if shares || !stdin.is_terminal() {
        command.stdin = Input::Descriptor(own(&stdin)?);
    }
    let mut relays = Vec::new();
    if !run.json {
        command.stdout = output(io::stdout(), shares, &mut relays)?;
        command.stderr = output(io::stderr(), shares, &mut relays)?;
    }
    let (signaller, report) = session.exec(command, approval);
    let mut report = std::pin::pin!(report);
    let report = loop {
        tokio::select! {
            report = &mut report => break report,
            Some(signal) = signals.recv() => {
                signaller.signal(signal);
            }
        }
    };
    for relay in relays {
        // A panic of its thread lost some of the output and nothing else.
        let _ = relay.join();
    }
    Ok(report?)
}

fn output<S>(mut stream: S, shares: bool, relays: &mut Vec<JoinHandle<()>>) -> Result<Stream, Failure>
where
    S: AsHandle + IsTerminal + io::Write + Send + 'static,
{
    if shares || !stream.is_terminal() {
        return Ok(Stream::Descriptor(own(&stream)?));
    }
    let (mut reader, writer) = io::pipe().map_err(Failure::Stream)?;
    let relay = thread::Builder::new().name("codex-io".to_owned());
    // A console that takes no more ends the relay, and with it the pipe.
    let relay = relay.spawn(move || drop(io::copy(&mut reader, &mut stream))).map_err(Failure::Stream)?;
    relays.push(relay);
    Ok(Stream::Descriptor(writer.into()))
}

/// A copy of a standard stream that the run can have.
fn own(stream: &impl AsHandle) -> Result<OwnedHandle, Failure> {
    stream.as_handle().try_clone_to_owned().map_err(Failure::Stream)
}

/// Nothing has to be put back.
pub fn keep_terminal(_: &Session, _: &Run) -> Result<(), Failure> {
    Ok(())
}

/// The name and the value of `K=V`.
pub fn split_variable(entry: &OsStr) -> Option<(OsString, OsString)> {
    let (name, value) = entry.to_str()?.split_once('=')?;
    Some((name.into(), value.into()))
}
