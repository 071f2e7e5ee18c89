//! The Linux backend: one launcher per sandbox, started on first use, started anew when it dies.

mod capabilities;
mod cells;
mod deferred;
mod denied;
mod engine;
mod groups;
mod guard;
mod guest;
mod hidden;
mod launcher;
mod limits;
mod message;
mod pids;
mod pinned;
mod refusal;
mod report;
mod run;
mod runs;
mod sockets;
mod spawn;
mod terminal;

use std::{future::Future, path::PathBuf, sync::Arc};

pub use deferred::spawn_deferred;
pub use guest::{Guest, conversation};
pub use terminal::Terminal;

use self::{engine::Engine, run::Start};
use super::{Capabilities, Enforcement, SandboxError, SandboxOptions, Signaller, TerminalSize};
use crate::{
    exec::{Command, ExecError, Outcome},
    policy::SandboxPolicy,
};

/// Whether the caller is the thread that the process began with.
#[must_use]
pub fn is_first_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

/// A sandbox: one policy, one private tmp, one loopback. Its runs share those; two sandboxes share nothing.
///
/// Cheap to clone; when the last clone is gone, so are the launcher, the private tmp and every process.
#[derive(Debug, Clone)]
pub struct Sandbox {
    engine: Arc<Engine>,
}

impl Sandbox {
    /// Opens the directories of `policy`, so that what they name can't change any more. Starts nothing yet.
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

    /// Runs a command. Where the sandbox stands already, the command is under way when this returns.
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
        self.engine.ready().await.map(|launcher| Arc::clone(launcher.enforcement()))
    }

    /// Makes a terminal that runs of this sandbox may have.
    ///
    /// # Errors
    /// [`ExecError::Sandbox`] when the sandbox can't be had, [`ExecError::Host`] when a terminal can't.
    pub async fn open_terminal(&self, size: TerminalSize) -> Result<Terminal, ExecError> {
        Terminal::open(&self.engine, size).await
    }

    /// Has the modes of a terminal put back when this process is gone before it could do so itself. Must be asked for
    /// before the sandbox stands.
    pub fn keep_terminal(&self, terminal: std::os::fd::OwnedFd) {
        self.engine.keep_terminal(terminal);
    }

    /// Ends every run and the launcher, and waits until they are gone. Later commands are refused.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// What this machine can enforce, found out by trying it.
    pub async fn capabilities(options: &SandboxOptions) -> Capabilities {
        capabilities::probe(options).await
    }
}
