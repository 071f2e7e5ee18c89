//! The Linux backend: one launcher per sandbox, started on first use, started anew when it dies.

mod capabilities;
mod capture;
mod engine;
mod groups;
mod guard;
mod hidden;
mod launcher;
mod limits;
mod message;
mod pids;
mod pinned;
mod refusal;
mod report;
mod run;
mod signaller;
mod sockets;
mod spawn;
mod streams;
mod timeout;
mod watched;

use std::{future::Future, sync::Arc};

pub use capabilities::{Capabilities, Feature};
pub use signaller::Signaller;

use self::{engine::Engine, run::Start};
use super::{Enforcement, SandboxError, SandboxOptions};
use crate::{
    exec::{Command, ExecError, Outcome},
    policy::SandboxPolicy,
};

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

    /// Ends every run and the launcher, and waits until they are gone. Later commands are refused.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// What this machine can enforce, found out by trying it.
    pub async fn capabilities(options: &SandboxOptions) -> Capabilities {
        Capabilities::probe(options).await
    }
}
