//! What the face of a sandbox asks of this backend.

use std::{convert::Infallible, future::Future, sync::Arc};

use tokio::time::{sleep, timeout};

pub use super::engine::Engine;
use super::{report, run};
use crate::{
    exec::{Command, ExecError, Outcome},
    sandbox::{Capabilities, Enforcement, SandboxError, SandboxOptions, Signaller},
};

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

/// Runs a command.
pub fn run(
    engine: Arc<Engine>,
    command: Command,
    signaller: Signaller,
) -> impl Future<Output = Result<Outcome, ExecError>> + Send + 'static {
    run::run(engine, run::with_environment_of_now(command), signaller)
}

/// Has the sandbox stand.
pub async fn prepare(engine: &Engine) -> Result<Arc<Enforcement>, SandboxError> {
    engine.ready().map(|ready| Arc::clone(&ready.enforcement))
}

/// Makes no terminal.
pub async fn open_terminal(_: &Engine, _: TerminalSize) -> Result<Terminal, ExecError> {
    let source = std::io::ErrorKind::Unsupported.into();
    Err(ExecError::Host { what: "make a terminal of a sandbox on Windows", source })
}

/// Ends every run, and takes back what the container was granted.
pub async fn close(engine: &Engine) {
    let left = engine.close();
    let ended = async {
        while left.strong_count() > 0 {
            sleep(run::LOOK).await;
        }
    };
    // One that nobody brings to its end any more is not waited for.
    let _ = timeout(run::ENDING, ended).await;
}

/// What this machine can enforce.
pub async fn capabilities(_: &SandboxOptions) -> Capabilities {
    report::capabilities()
}
