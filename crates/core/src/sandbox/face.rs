//! The face of a sandbox, the same on each operating system.

use std::{future::Future, path::PathBuf, sync::Arc};

use super::{
    Capabilities, Enforcement, SandboxError, SandboxOptions, Signaller, TerminalSize,
    backend::{self, Engine, Terminal},
};
use crate::{
    exec::{Command, ExecError, Outcome},
    policy::SandboxPolicy,
};

/// A sandbox: one policy, one private tmp, one loopback. Its runs share those; two sandboxes share nothing.
///
/// Cheap to clone; when the last clone is gone, so are every process, the private tmp, and all else that was made for it.
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

    /// Runs a command. On Linux, where the sandbox stands already, the command is under way when this returns.
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
        backend::run(Arc::clone(&self.engine), command, signaller)
    }

    /// Makes the sandbox stand now, and says what it enforces. Without it the first command does.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] when the machine can't hold what the policy promises.
    pub async fn prepare(&self) -> Result<Arc<Enforcement>, SandboxError> {
        backend::prepare(&self.engine).await
    }

    /// Makes a terminal that runs of this sandbox may have.
    ///
    /// # Errors
    /// [`ExecError::Sandbox`] when the sandbox can't be had, [`ExecError::Host`] when a terminal can't: on Windows there is none.
    pub async fn open_terminal(&self, size: TerminalSize) -> Result<Terminal, ExecError> {
        backend::open_terminal(&self.engine, size).await
    }

    /// Has the modes of a terminal put back when this process is gone before it could do so itself. Must be asked for
    /// before the sandbox stands. On macOS no process outlives this one that could: nothing is kept.
    #[cfg(unix)]
    pub fn keep_terminal(&self, terminal: std::os::fd::OwnedFd) {
        self.engine.keep_terminal(terminal);
    }

    /// Ends every run, and waits until they and all that was made for them are gone. Later commands are refused.
    pub async fn close(&self) {
        backend::close(&self.engine).await;
    }

    /// What this machine can enforce, found out by trying it.
    pub async fn capabilities(options: &SandboxOptions) -> Capabilities {
        backend::capabilities(options).await
    }
}
