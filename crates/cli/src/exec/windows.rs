//! A command on Windows, where no session is to be had yet.

use std::ffi::{OsStr, OsString};

use codex_supervisor::{Approval, Report, Session};
use tokio::sync::mpsc;

use super::{Failure, command};
use crate::{Context, arguments::Run};

/// Runs the command with its output captured.
pub async fn execute(
    session: &Session,
    run: &Run,
    context: &Context,
    approval: Approval,
    _: &mut mpsc::UnboundedReceiver<i32>,
) -> Result<Report, Failure> {
    Ok(session.exec(command(run, context)?, approval).1.await?)
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
