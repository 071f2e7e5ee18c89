//! What the face of a sandbox asks of this backend.

use std::{future::Future, sync::Arc};

use super::run::Start;
pub use super::{capabilities::probe as capabilities, engine::Engine, terminal::Terminal};
use crate::{
    exec::{Command, ExecError, Outcome},
    sandbox::{Enforcement, SandboxError, Signaller, TerminalSize},
};

/// Runs a command.
pub fn run(
    engine: Arc<Engine>,
    command: Command,
    signaller: Signaller,
) -> impl Future<Output = Result<Outcome, ExecError>> + Send + 'static {
    Start::new(engine, command, signaller).finish()
}

/// Has the sandbox stand, and knows whether its refusals will be told.
pub async fn prepare(engine: &Engine) -> Result<Arc<Enforcement>, SandboxError> {
    let standing = engine.ready().await?;
    let told = match standing.log() {
        Some(log) => log.opened().await,
        None => false,
    };
    Ok(Arc::clone(standing.enforcement(told)))
}

/// Makes a terminal.
pub async fn open_terminal(engine: &Engine, size: TerminalSize) -> Result<Terminal, ExecError> {
    engine.ready().await?;
    Terminal::open(size)
}

/// Ends every run, for good, and waits until nothing of them is left.
pub async fn close(engine: &Engine) {
    engine.close().await;
}
