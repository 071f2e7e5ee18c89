//! Windows, where no profile can be held yet: every sandbox is refused, so that nothing runs without one.

use std::{convert::Infallible, future::Future, path::PathBuf, sync::Arc};

use super::{Capabilities, Enforcement, Feature, SandboxError, SandboxOptions};
use crate::{
    exec::{Command, ExecError, Outcome},
    policy::SandboxPolicy,
};

/// A sandbox. There is none.
#[derive(Debug, Clone)]
pub struct Sandbox(Infallible);

/// A terminal of a sandbox. There is none.
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

/// Sends signals to a run. There is none.
#[derive(Debug, Clone, Default)]
pub struct Signaller(());

impl Signaller {
    /// For a command that will be run with it.
    #[must_use]
    pub fn new() -> Self {
        Self(())
    }

    /// For a command that will never be run.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(())
    }

    /// Sends a signal; says whether a process was there to get it.
    #[must_use]
    pub fn signal(&self, _: i32) -> bool {
        false
    }
}

impl Sandbox {
    /// Refuses, also with best-effort enforcement: without any boundary nothing is run.
    ///
    /// # Errors
    /// Always [`SandboxError::Unavailable`].
    pub fn new(_: SandboxPolicy, _: SandboxOptions) -> Result<Self, SandboxError> {
        Err(unavailable())
    }

    /// The policy.
    pub fn policy(&self) -> &SandboxPolicy {
        match self.0 {}
    }

    /// A sandbox like this one in whose writable directories runs can't change `directory`.
    ///
    /// # Errors
    /// As for [`Sandbox::new`].
    pub fn keeping(&self, _: PathBuf) -> Result<Self, SandboxError> {
        match self.0 {}
    }

    /// Runs a command.
    ///
    /// # Errors
    /// See [`ExecError`].
    pub fn exec(&self, _: Command) -> (Signaller, impl Future<Output = Result<Outcome, ExecError>> + Send + 'static) {
        (Signaller::new(), std::future::pending())
    }

    /// Runs a command with a signaller that was made before.
    ///
    /// # Errors
    /// See [`ExecError`].
    pub fn exec_with(
        &self,
        _: Command,
        _: Signaller,
    ) -> impl Future<Output = Result<Outcome, ExecError>> + Send + 'static {
        std::future::pending()
    }

    /// Says what it enforces.
    ///
    /// # Errors
    /// See [`SandboxError`].
    pub async fn prepare(&self) -> Result<Arc<Enforcement>, SandboxError> {
        match self.0 {}
    }

    /// Makes a terminal that runs of this sandbox may have.
    ///
    /// # Errors
    /// See [`ExecError`].
    pub async fn open_terminal(&self, _: TerminalSize) -> Result<Terminal, ExecError> {
        match self.0 {}
    }

    /// Ends every run.
    pub async fn close(&self) {
        match self.0 {}
    }

    /// What this machine can enforce: nothing.
    pub async fn capabilities(_: &SandboxOptions) -> Capabilities {
        let features = vec![Feature::missing("sandbox", &unavailable())];
        Capabilities { required: false, best_effort: false, features }
    }
}

fn unavailable() -> SandboxError {
    SandboxError::Unavailable {
        cause: "this version holds no profile on Windows".to_owned(),
        remedy: "run it in WSL 2, where it is a Linux sandbox".to_owned(),
    }
}
