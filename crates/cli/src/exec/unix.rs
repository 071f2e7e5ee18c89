//! The streams and the terminal of a command, as Unix has them.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
};

use codex_core::{
    exec::{Input, Output as Stream},
    sandbox::Signaller,
};
use codex_supervisor::{Approval, Report, RunError, Session};
use rustix::{
    process::{Signal, getpgrp},
    termios::tcgetpgrp,
};
use tokio::sync::mpsc;

use super::{Failure, command};
use crate::{
    Context,
    arguments::Run,
    suspension,
    terminal::{Relay, UserTerminal},
};

/// Runs the command with the streams of this process, or with a terminal of its own where a person sits at one.
pub async fn execute(
    session: &Session,
    run: &Run,
    context: &Context,
    approval: Approval,
    signals: &mut mpsc::UnboundedReceiver<i32>,
) -> Result<Report, Failure> {
    let mut command = command(run, context)?;
    command.stdin = input()?;
    if !run.json {
        command.stdout = Stream::Descriptor(own(std::io::stdout())?);
        command.stderr = Stream::Descriptor(own(std::io::stderr())?);
    }
    let Some(user) = terminal(run) else {
        let (signaller, report) = session.exec(command, approval);
        return Ok(pass_signals_on(report, &signaller, signals, None).await?);
    };
    let terminal = session.open_terminal(user.size()).await?;
    let end = || terminal.program_end().map_err(RunError::from);
    command.stdin = Input::Descriptor(end()?);
    command.stdout = Stream::Descriptor(end()?);
    if UserTerminal::has_errors() {
        command.stderr = Stream::Descriptor(end()?);
    }
    command.terminal = Some(0);
    let (signaller, report) = session.exec(command, approval);
    let relay = Relay::begin(user, terminal.into_host_end()).map_err(Failure::Stream)?;
    let report = pass_signals_on(report, &signaller, signals, Some(&relay)).await;
    drop(relay);
    Ok(report?)
}

/// The standard input of this process. What is typed to a shell while this process is in its background is the shell's: the kernel
/// would keep it only from those that are in the shell's session.
fn input() -> Result<Input, Failure> {
    let stdin = std::io::stdin();
    let is_anothers = tcgetpgrp(&stdin).is_ok_and(|group| group != getpgrp());
    if is_anothers { Ok(Input::Null) } else { Ok(Input::Descriptor(own(stdin)?)) }
}

/// The user's terminal, if the command is to have one of its own: a command whose output is captured is not.
fn terminal(run: &Run) -> Option<UserTerminal> {
    if run.json { None } else { UserTerminal::of_this_process() }
}

async fn pass_signals_on<T>(
    report: impl Future<Output = T>,
    signaller: &Signaller,
    signals: &mut mpsc::UnboundedReceiver<i32>,
    relay: Option<&Relay>,
) -> T {
    let mut report = std::pin::pin!(report);
    loop {
        tokio::select! {
            report = &mut report => return report,
            Some(signal) = signals.recv() => match (Signal::from_named_raw(signal), relay) {
                (Some(Signal::WINCH), Some(relay)) => relay.resized(),
                (Some(Signal::CONT), Some(relay)) => relay.continued(),
                // The command has its own terminal or none: this is not for it.
                (Some(Signal::WINCH), None) => {}
                (Some(Signal::TSTP), None) => {
                    signaller.signal(signal);
                    suspension::begin();
                }
                _ => {
                    signaller.signal(signal);
                }
            },
        }
    }
}

/// The launcher puts the modes of the user's terminal back should this process be killed.
pub fn keep_terminal(session: &Session, run: &Run) -> Result<(), Failure> {
    if let Some(terminal) = terminal(run) {
        session.keep_terminal(terminal.handle().map_err(Failure::Stream)?);
    }
    Ok(())
}

/// The name and the value of `K=V`, byte for byte.
pub fn split_variable(entry: &OsStr) -> Option<(OsString, OsString)> {
    let bytes = entry.as_bytes();
    let (name, value) = bytes.split_at(bytes.iter().position(|&byte| byte == b'=')?);
    Some((OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(value.get(1..)?).to_owned()))
}

/// A copy of a standard stream that the run can have.
fn own(stream: impl std::os::fd::AsFd) -> Result<std::os::fd::OwnedFd, Failure> {
    stream.as_fd().try_clone_to_owned().map_err(Failure::Stream)
}
