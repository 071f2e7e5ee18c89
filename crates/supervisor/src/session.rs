//! One profile at work in one workspace.

use std::{future::Future, path::Path, sync::Arc};

use codex_core::{
    exec::{Command, ExecError, Outcome},
    policy::SandboxPolicy,
    profile::{ProfileError, SecurityProfile},
    sandbox::{Enforcement, Sandbox, SandboxError, SandboxOptions, Signaller},
};
use codex_execpolicy::{Decision, ExecPolicy, Verdict};

use crate::judge::Judge;

/// A sandbox made from a profile, with an exec policy before it if there is one. Runs of one session share its private
/// tmp and loopback; sessions share nothing.
#[derive(Debug, Clone)]
pub struct Session {
    sandbox: Sandbox,
    judge: Option<Arc<Judge>>,
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
        Ok(Self { sandbox: Sandbox::new(policy, options)?, judge: None })
    }

    /// Lets `policy` judge each command before it runs. What it allows is still held by the sandbox.
    #[must_use]
    pub fn with_exec_policy(mut self, policy: ExecPolicy) -> Self {
        self.judge = Some(Arc::new(Judge::new(policy, self.sandbox.policy())));
        self
    }

    /// The policy that the profile was resolved to.
    pub fn policy(&self) -> &SandboxPolicy {
        self.sandbox.policy()
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
        let (signaller, outcome) = match refused {
            None => {
                let (signaller, outcome) = self.sandbox.exec(command);
                (signaller, Ok(outcome))
            }
            Some(error) => (Signaller::of_nothing(), Err(error)),
        };
        let report = async move {
            let outcome = outcome?.await?;
            Ok(Report { hints: hints(&outcome), verdict, outcome })
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

    /// Ends everything and waits until it is gone.
    pub async fn close(&self) {
        self.sandbox.close().await;
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
    if outcome.timed_out {
        hints.push("the timeout ended the command; give it more time, or less to do".to_owned());
    }
    if outcome.stdout.truncated || outcome.stderr.truncated {
        hints.push("output beyond maxBuffer was dropped; raise maxBuffer, or write to a file".to_owned());
    }
    hints
}
