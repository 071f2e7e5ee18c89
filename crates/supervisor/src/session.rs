//! One profile at work in one workspace.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use codex_audit::{AppendError, AuditLog};

use codex_core::{
    exec::{Command, Denial, DenialKind, End, ExecError, Outcome},
    policy::{Limit, SandboxPolicy, WriteAccess},
    profile::{ProfileError, SecurityProfile},
    sandbox::{Enforcement, Sandbox, SandboxError, SandboxOptions, Signaller, Terminal, TerminalSize},
};
use codex_execpolicy::{Decision, ExecPolicy, Verdict};

use crate::{
    judge::Judge,
    recorder::{Recorded, Recorder},
};

/// A sandbox made from a profile, with an exec policy before it if there is one. Runs of one session share its private
/// tmp and loopback; sessions share nothing.
#[derive(Debug, Clone)]
pub struct Session {
    sandbox: Sandbox,
    judge: Option<Arc<Judge>>,
    recorder: Option<Arc<Recorder>>,
}

/// Whether somebody said yes to a command that the exec policy wants to be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Approval {
    /// Nobody was asked.
    #[default]
    None,
    /// Somebody said yes. What is forbidden stays forbidden.
    Given,
}

/// Why a session can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The profile doesn't fit the workspace, or the workspace is none.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The sandbox was refused.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The commands could rewrite their own log.
    #[error("the audit log {} lies where the commands may write; put it elsewhere, or into a folder of its own", path.display())]
    AuditLogWritable {
        /// The log.
        path: PathBuf,
    },
    /// The policy could not be recorded as its log demands.
    #[error("the session can't be recorded")]
    Audit(#[from] AppendError),
}

/// Why a run did not come to an end that is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The exec policy forbids the command. Nothing was run.
    #[error("the exec policy forbids `{}`: {} (rule {})", .0.argv.join(" "), .0.reason, .0.rule)]
    PolicyRefused(Box<Verdict>),
    /// The exec policy wants somebody to say yes first, and nobody did. Nothing was run.
    #[error("the exec policy asks before `{}`: {} (rule {}); approve it, or allow it with a rule", .0.argv.join(" "), .0.reason, .0.rule)]
    PolicyPrompt(Box<Verdict>),
    /// The command could not be recorded as its log demands. Nothing was run.
    #[error("the command can't be recorded")]
    Audit(#[source] AppendError),
    /// The command was not run.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// The end of a run and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// What the exec policy said before it, if there is one.
    pub verdict: Option<Verdict>,
    /// The record of the decision, `<session>:<number>`, if there is a log.
    pub audit_id: Option<String>,
    /// Plain sentences for whoever reads the result.
    pub hints: Vec<String>,
}

impl Session {
    /// Makes a session for `profile` in `workspace`. Nothing is started yet.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn new(profile: &SecurityProfile, workspace: &Path, options: SandboxOptions) -> Result<Self, SessionError> {
        let policy = profile.resolve(workspace)?;
        Ok(Self { sandbox: Sandbox::new(policy, options)?, judge: None, recorder: None })
    }

    /// Lets `policy` judge each command before it runs. What it allows is still held by the sandbox.
    #[must_use]
    pub fn with_exec_policy(mut self, policy: ExecPolicy) -> Self {
        self.judge = Some(Arc::new(Judge::new(policy, self.sandbox.policy())));
        self
    }

    /// Records each command in `log` before and after it.
    ///
    /// # Errors
    /// [`SessionError::AuditLogWritable`] for a log that the commands could change; [`SessionError::Audit`] when a log of
    /// level strict takes no record.
    pub fn with_audit_log(mut self, log: AuditLog) -> Result<Self, SessionError> {
        if let Some(folder) = self.audit_log_in_reach(log.path())? {
            self.sandbox = self.sandbox.keeping(folder)?;
        }
        self.recorder = Some(Arc::new(Recorder::new(log, self.sandbox.policy())?));
        Ok(self)
    }

    /// The folder of a log that lies below a directory which the commands of this session may write: it has to be kept
    /// from them.
    ///
    /// # Errors
    /// [`SessionError::AuditLogWritable`] for a log that can't be, because its folder is such a directory itself. Under
    /// `trusted`, which writes everywhere, nothing is refused.
    pub fn audit_log_in_reach(&self, log: &Path) -> Result<Option<PathBuf>, SessionError> {
        let WriteAccess::Roots(roots) = &self.policy().write else { return Ok(None) };
        let refused = || SessionError::AuditLogWritable { path: log.to_path_buf() };
        let folder = codex_audit::folder_of(log).map_err(|_| refused())?;
        let inside = |path: &Path, roots: &[PathBuf]| codex_audit::is_inside(path, roots).map_err(|_| refused());
        let roots: Vec<_> = roots.iter().cloned().collect();
        if !inside(&folder, &roots)? {
            return Ok(None);
        }
        // By its real path, which is how it is held; one that leads there by another way, as a bind mount does, is not.
        let below = roots.iter().any(|root| folder.starts_with(root) && folder != *root);
        let around = roots.iter().any(|root| root.starts_with(&folder));
        if below && !around { Ok(Some(folder)) } else { Err(refused()) }
    }

    /// The policy that the profile was resolved to.
    pub fn policy(&self) -> &SandboxPolicy {
        self.sandbox.policy()
    }

    /// What the exec policy asks about a command before it may run, if it asks.
    pub fn question(&self, command: &Command) -> Option<Verdict> {
        let verdict = self.judge.as_ref()?.verdict(command);
        (verdict.decision == Decision::Prompt).then_some(verdict)
    }

    /// Judges a command and runs it; see [`Sandbox::exec`].
    ///
    /// # Errors
    /// [`RunError::PolicyRefused`] and [`RunError::PolicyPrompt`] before anything is started; else see [`ExecError`].
    pub fn exec(
        &self,
        command: Command,
        approval: Approval,
    ) -> (Signaller, impl Future<Output = Result<Report, RunError>> + Send + 'static) {
        let verdict = self.judge.as_ref().map(|judge| judge.verdict(&command));
        let refused = verdict.as_ref().and_then(|verdict| refusal(verdict, approval));
        let signaller = if refused.is_none() { Signaller::new() } else { Signaller::of_nothing() };
        let run = Run {
            sandbox: self.sandbox.clone(),
            recorder: self.recorder.clone(),
            signaller: signaller.clone(),
            verdict,
            approval,
            refused,
            command,
        };
        // Only a record that has to reach the disk first keeps the command from being under way at once.
        let strict = self.recorder.as_ref().is_some_and(|recorder| recorder.is_strict());
        let begun = if strict { Err(run) } else { Ok(run.begin()) };
        let report = async move {
            match begun {
                Ok(begun) => begun?.finish().await,
                Err(run) => {
                    let begun = tokio::task::spawn_blocking(move || run.begin()).await;
                    begun.map_err(|_| RunError::Exec(ExecError::SandboxEnded))??.finish().await
                }
            }
        };
        (signaller, report)
    }

    /// Makes the sandbox stand now, and says what it enforces.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] when the machine can't hold what the profile promises.
    pub async fn prepare(&self) -> Result<Arc<Enforcement>, SandboxError> {
        self.sandbox.prepare().await
    }

    /// Makes a terminal that commands of this session may have.
    ///
    /// # Errors
    /// See [`Sandbox::open_terminal`].
    pub async fn open_terminal(&self, size: TerminalSize) -> Result<Terminal, RunError> {
        Ok(self.sandbox.open_terminal(size).await?)
    }

    /// See [`Sandbox::keep_terminal`].
    #[cfg(unix)]
    pub fn keep_terminal(&self, terminal: std::os::fd::OwnedFd) {
        self.sandbox.keep_terminal(terminal);
    }

    /// Ends everything and waits until it is gone.
    pub async fn close(&self) {
        self.sandbox.close().await;
    }
}

/// A command between its verdict and its start.
struct Run {
    sandbox: Sandbox,
    recorder: Option<Arc<Recorder>>,
    signaller: Signaller,
    verdict: Option<Verdict>,
    approval: Approval,
    refused: Option<RunError>,
    command: Command,
}

/// A command that is under way.
struct Begun {
    outcome: Pin<Box<dyn Future<Output = Result<Outcome, ExecError>> + Send>>,
    record: Option<(Arc<Recorder>, Recorded)>,
    verdict: Option<Verdict>,
}

impl Run {
    /// Records the decision, and starts the command if it may run.
    fn begin(self) -> Result<Begun, RunError> {
        let Self { sandbox, recorder, signaller, verdict, approval, refused, command } = self;
        let record = match recorder {
            Some(recorder) => {
                let recorded = recorder
                    .decision(&command, verdict.as_ref(), approval, refused.is_none())
                    .map_err(RunError::Audit)?;
                Some((recorder, recorded))
            }
            None => None,
        };
        match refused {
            Some(error) => Err(error),
            None => Ok(Begun { outcome: Box::pin(sandbox.exec_with(command, signaller)), record, verdict }),
        }
    }
}

impl Begun {
    /// Waits for the end, and records what there is to record.
    async fn finish(self) -> Result<Report, RunError> {
        let Self { outcome, record, verdict } = self;
        let Some((recorder, recorded)) = record else {
            let outcome = outcome.await?;
            return Ok(Report { hints: hints(&outcome), outcome, verdict, audit_id: None });
        };
        let (at_start, result) = tokio::join!(recorder.start(&recorded), outcome);
        if let Ok(outcome) = &result {
            recorder.denials(&recorded.run, &outcome.denials).await;
        }
        let at_exit = recorder.exit(&recorded.run, &result).await;
        let outcome = result?;
        let mut hints = hints(&outcome);
        hints.extend(at_exit.or(at_start).or(recorded.warning));
        Ok(Report { outcome, verdict, audit_id: Some(recorded.id), hints })
    }
}

fn refusal(verdict: &Verdict, approval: Approval) -> Option<RunError> {
    match (verdict.decision, approval) {
        (Decision::Allow, _) | (Decision::Prompt, Approval::Given) => None,
        (Decision::Prompt, Approval::None) => Some(RunError::PolicyPrompt(Box::new(verdict.clone()))),
        (Decision::Forbid, _) => Some(RunError::PolicyRefused(Box::new(verdict.clone()))),
    }
}

/// What a reader of an outcome may miss.
pub fn hints(outcome: &Outcome) -> Vec<String> {
    let mut hints = Vec::new();
    hints.extend(denied(&outcome.denials));
    if outcome.timed_out && outcome.limit != Some(Limit::WallTime) {
        hints.push("the timeout ended the command; give it more time, or less to do".to_owned());
    }
    if outcome.stdout.truncated || outcome.stderr.truncated {
        hints.push("output beyond maxBuffer was dropped; raise maxBuffer, or write to a file".to_owned());
    }
    if let Some(hint) = outcome.limit.and_then(limit_hint) {
        hints.push(hint.to_owned());
    }
    if !outcome.enforcement.filesystem.is_empty() && is_not_loaded(outcome.end) {
        hints.push(
            "Windows could not load the program, or a library of it, in the sandbox; add readable: the folder that they are in"
                .to_owned(),
        );
    }
    if outcome.end != End::Code(0)
        && let Some(repository) = &outcome.foreign_repository
    {
        let path = repository.display().to_string();
        hints.push(format!("git writes into {path}, which is outside; if that is meant, add writable: [{path:?}]"));
    }
    if outcome.end != End::Code(0)
        && let Some(workspace) = &outcome.foreign_workspace
    {
        hints.push(format!(
            "{workspace:?} belongs to another user, and root has no right over files of other users in a sandbox; run codex as their user, or give them to root"
        ));
    }
    hints
}

/// Whether a program ended with what Windows ends one with that it could not load: `STATUS_ACCESS_DENIED`,
/// `STATUS_DLL_NOT_FOUND` and `STATUS_DLL_INIT_FAILED`. Elsewhere no exit code is so large.
fn is_not_loaded(end: End) -> bool {
    matches!(end, End::Code(code) if [0xC000_0022, 0xC000_0135, 0xC000_0142].contains(&code.cast_unsigned()))
}

/// Of those that end a run, or that its output may say nothing about.
fn limit_hint(limit: Limit) -> Option<&'static str> {
    match limit {
        Limit::OpenFiles => None,
        Limit::WallTime => Some("the command reached limits.wallTime and was ended; raise it, or give it less to do"),
        Limit::CpuTime => Some("the command used up limits.cpuTime and was ended; raise it, or give it less to do"),
        Limit::Memory => Some("the kernel ended a process that went beyond limits.memory; raise it"),
        Limit::Processes => {
            Some("the kernel refused a process beyond limits.processes; raise it, or start fewer at once")
        }
        Limit::FileSize => Some("the command was ended for writing a file beyond limits.fileSize; raise it"),
        Limit::Output => Some("the command wrote more than limits.output and was ended; raise it, or write to a file"),
        Limit::TmpSize => Some("the private tmp is full; raise limits.tmpSize, or write to the workspace"),
    }
}

/// The denials in one sentence: the first, and how many there are.
fn denied(denials: &[Denial]) -> Option<String> {
    let first = denials.first()?;
    // What the run named must not speak to a terminal.
    let to = first.path.as_deref().or(first.address.as_deref());
    let to = to.map_or_else(|| "the internet".to_owned(), |to| format!("{to:?}"));
    let what = match (first.kind, &first.quarantine) {
        (_, Some(quarantine)) => format!("{to} was taken away and is kept in {quarantine:?}"),
        (DenialKind::Write, None) => format!("a write to {to} was refused"),
        (DenialKind::Exec, None) => format!("to execute {to} was refused"),
        (DenialKind::Connect, None) => format!("a connection to {to} was refused"),
    };
    let more = match denials.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let grant = first.grant.as_ref().map(|grant| format!("; to allow it, {grant}")).unwrap_or_default();
    Some(format!("{what}{more}: {}{grant}", first.reason))
}

#[cfg(test)]
mod tests {
    use codex_core::exec::End;

    use super::is_not_loaded;

    #[test]
    fn what_windows_could_not_load_is_known_by_its_exit_code() {
        for code in [0xC000_0022_u32, 0xC000_0135, 0xC000_0142] {
            assert!(is_not_loaded(End::Code(code.cast_signed())));
        }
        for end in [End::Code(0), End::Code(127), End::Code(0xC000_0005_u32.cast_signed()), End::Signal(9)] {
            assert!(!is_not_loaded(end));
        }
    }
}
