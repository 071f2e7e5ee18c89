//! The Linux backend: one launcher per sandbox, started on first use, started anew when it dies.

mod capabilities;
mod cells;
mod deferred;
mod denied;
mod engine;
mod forks;
mod given;
mod groups;
mod guard;
mod guest;
mod held;
mod hidden;
mod launcher;
mod limits;
mod message;
mod outputs;
mod pids;
mod pinned;
mod refusal;
mod report;
mod run;
mod runs;
mod sockets;
mod spawn;
mod ssh_settings;
mod stand_in;
mod starting;
mod terminal;

use std::{future::Future, sync::Arc};

pub use capabilities::probe as capabilities;
pub use deferred::spawn_deferred;
pub use engine::Engine;
pub use forks::Fork;
pub use guest::{Guest, conversation};
pub use held::{hold_launcher, launcher_place};
pub use terminal::Terminal;

use self::run::Start;
use super::{Enforcement, SandboxError, Signaller, TerminalSize};
use crate::exec::{Command, ExecError, Outcome};

/// Whether the caller is the thread that the process began with.
#[must_use]
pub fn is_first_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

/// Runs a command; where the sandbox stands already, it is under way when this returns.
pub fn run(
    engine: Arc<Engine>,
    command: Command,
    signaller: Signaller,
) -> impl Future<Output = Result<Outcome, ExecError>> + Send + 'static {
    Start::new(engine, command, signaller).finish()
}

/// Has the launcher stand.
pub async fn prepare(engine: &Engine) -> Result<Arc<Enforcement>, SandboxError> {
    engine.ready().await.map(|launcher| Arc::clone(launcher.enforcement()))
}

/// Makes a terminal in the sandbox's own devices.
pub async fn open_terminal(engine: &Engine, size: TerminalSize) -> Result<Terminal, ExecError> {
    Terminal::open(engine, size).await
}

/// Ends the launcher with everything in it, for good.
pub async fn close(engine: &Engine) {
    engine.close().await;
}
