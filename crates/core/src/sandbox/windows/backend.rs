//! The face of the backend.

use std::{convert::Infallible, future::Future, path::PathBuf, sync::Arc};

use tokio::time::{sleep, timeout};

use super::{engine::Engine, report, run};
use crate::{
    exec::{Command, ExecError, Outcome},
    policy::SandboxPolicy,
    sandbox::{Capabilities, Enforcement, SandboxError, SandboxOptions, Signaller},
};

/// A sandbox: one policy, one app container or restricted token. When its last clone is gone, so are its processes, its private tmp and what the
/// container was granted.
#[derive(Debug, Clone)]
pub struct Sandbox {
    engine: Arc<Engine>,
}

/// A terminal of a sandbox. There is none on Windows.
#[derive(Debug)]
pub struct Terminal(Infallible);

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Its width.
    pub columns: u16,
    /// Its height.
    pub rows: u16,
}

impl Sandbox {
    /// Looks at the directories of `policy`. Starts nothing yet.
    ///
    /// # Errors
    /// [`SandboxError::Directory`] for a path of the policy that is no directory.
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
        run::run(Arc::clone(&self.engine), run::with_environment_of_now(command), signaller)
    }

    /// Makes the sandbox stand now, and says what it enforces. Without it the first command does.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] when the machine can't hold what the policy promises.
    pub async fn prepare(&self) -> Result<Arc<Enforcement>, SandboxError> {
        self.engine.ready().map(|ready| Arc::clone(&ready.enforcement))
    }

    /// Makes no terminal.
    ///
    /// # Errors
    /// [`ExecError::Host`]: there is none on Windows.
    pub async fn open_terminal(&self, _: TerminalSize) -> Result<Terminal, ExecError> {
        let source = std::io::ErrorKind::Unsupported.into();
        Err(ExecError::Host { what: "make a terminal of a sandbox on Windows", source })
    }

    /// Ends every run, and takes back what the container was granted. Later commands are refused.
    pub async fn close(&self) {
        let left = self.engine.close();
        let ended = async {
            while left.strong_count() > 0 {
                sleep(run::LOOK).await;
            }
        };
        // One that nobody brings to its end any more is not waited for.
        let _ = timeout(run::ENDING, ended).await;
    }

    /// What this machine can enforce, found out by trying it.
    pub async fn capabilities(_: &SandboxOptions) -> Capabilities {
        report::capabilities()
    }
}
