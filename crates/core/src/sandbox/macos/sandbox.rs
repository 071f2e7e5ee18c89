//! The face of the backend.

use std::{future::Future, os::fd::OwnedFd, path::PathBuf, sync::Arc};

use super::{capabilities, engine::Engine, run::Start, terminal::Terminal};
use crate::{
    exec::{Command, ExecError, Outcome},
    policy::SandboxPolicy,
    sandbox::{Capabilities, Enforcement, SandboxError, SandboxOptions, Signaller, TerminalSize},
};

/// A sandbox: one policy, one private tmp. Its runs share that; two sandboxes share nothing.
///
/// Cheap to clone; when the last clone is gone and its runs are over, so is the private tmp.
#[derive(Debug, Clone)]
pub struct Sandbox {
    engine: Arc<Engine>,
}

impl Sandbox {
    /// Opens the directories of `policy`, so that what they name can't change unseen. Starts nothing yet.
    ///
    /// # Errors
    /// [`SandboxError::Directory`] for a path of the policy that can't be opened.
    pub fn new(policy: SandboxPolicy, options: SandboxOptions) -> Result<Self, SandboxError> {
        Engine::new(policy, options).map(|engine| Self { engine: Arc::new(engine) })
    }

    /// The policy.
    pub fn policy(&self) -> &SandboxPolicy {
        self.engine.policy()
    }

    /// A sandbox like this one in whose writable directories runs can't change `directory`. What ran in this one stays in it.
    ///
    /// # Errors
    /// As for [`Sandbox::new`].
    pub fn keeping(&self, directory: PathBuf) -> Result<Self, SandboxError> {
        let mut policy = self.policy().clone();
        policy.kept.insert(directory);
        Self::new(policy, self.engine.options().clone())
    }

    /// Runs a command.
    ///
    /// The future may be dropped: the run's whole tree is then killed.
    ///
    /// # Errors
    /// See [`ExecError`]: the command was not run, or its end is not known.
    pub fn exec(
        &self,
        command: Command,
    ) -> (Signaller, impl Future<Output = Result<Outcome, ExecError>> + Send + 'static) {
        let signaller = Signaller::new();
        (signaller.clone(), self.exec_with(command, signaller))
    }

    /// Runs a command with a signaller that was made before.
    ///
    /// # Errors
    /// As for [`Sandbox::exec`].
    pub fn exec_with(
        &self,
        command: Command,
        signaller: Signaller,
    ) -> impl Future<Output = Result<Outcome, ExecError>> + Send + 'static {
        Start::new(Arc::clone(&self.engine), command, signaller).finish()
    }

    /// Makes the sandbox stand now, and says what it enforces. Without it the first command does.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] when the machine can't hold what the policy promises.
    pub async fn prepare(&self) -> Result<Arc<Enforcement>, SandboxError> {
        let standing = self.engine.ready().await?;
        let told = match standing.log() {
            Some(log) => log.opened().await,
            None => false,
        };
        Ok(Arc::clone(standing.enforcement(told)))
    }

    /// Makes a terminal that runs of this sandbox may have.
    ///
    /// # Errors
    /// [`ExecError::Sandbox`] when the sandbox can't be had, [`ExecError::Host`] when a terminal can't.
    pub async fn open_terminal(&self, size: TerminalSize) -> Result<Terminal, ExecError> {
        self.engine.ready().await?;
        Terminal::open(size)
    }

    /// No process outlives this one that could put the modes of its terminal back: nothing is kept.
    pub fn keep_terminal(&self, _: OwnedFd) {}

    /// Ends every run, and waits until they are gone. Later commands are refused.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// What this machine can enforce, found out by trying it.
    pub async fn capabilities(options: &SandboxOptions) -> Capabilities {
        capabilities::probe(options).await
    }
}
