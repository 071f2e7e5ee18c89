//! A run that a process of the host's stands for.

use codex_core::{
    exec::{Command, ExecError},
    sandbox::{Guest, Signaller},
};
use tokio::sync::mpsc;

use crate::session::{Approval, Report, RunError, Session};

const SIGKILL: i32 = 9;

/// The exit codes of `codex exec`, for a process that can say no more.
const REFUSED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

impl Session {
    /// Runs a command with the streams of a process that stands for it, which has them under 0 to 2 and the `declared`
    /// numbers. Its signals reach the run, its death ends the run, and it ends as the run does. `begun` is given what signals
    /// the run, too.
    ///
    /// # Errors
    /// See [`Session::exec`]; the process has been told.
    pub async fn join(
        &self,
        mut command: Command,
        declared: &[u8],
        mut guest: Guest,
        begun: impl FnOnce(Signaller),
    ) -> Result<Report, RunError> {
        if let Err(error) = guest.begin(&mut command, declared).await {
            guest.refused(REFUSED, with_causes(&error));
            return Err(error.into());
        }
        // What starts the process would do so, too.
        command.scripts_by_shell = true;
        let (start, mut started) = mpsc::unbounded_channel();
        command.started = Some(start);
        let (signaller, report) = self.exec(command, Approval::None);
        begun(signaller.clone());
        let mut report = std::pin::pin!(report);
        let mut is_there = true;
        let report = loop {
            tokio::select! {
                biased;
                Some(_) = started.recv() => guest.started(),
                report = &mut report => break report,
                signal = guest.signal(), if is_there => {
                    is_there = signal.is_some();
                    signaller.signal(signal.unwrap_or(SIGKILL));
                }
            }
        };
        match &report {
            Ok(report) => guest.ended(report.outcome.end),
            Err(error) => guest.refused(exit_code(error), with_causes(error)),
        }
        report
    }
}

fn exit_code(error: &RunError) -> u8 {
    match error {
        RunError::Exec(
            ExecError::ProgramNotFound { .. } | ExecError::ProgramUnseen { .. } | ExecError::InterpreterNotFound { .. },
        ) => NOT_FOUND,
        RunError::Exec(ExecError::NotExecutable { .. }) => NOT_EXECUTABLE,
        _ => REFUSED,
    }
}

/// The message, and after it what lies behind.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}
