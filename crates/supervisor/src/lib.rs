//! Composes the layers: a profile becomes a session, a session runs commands, a supervisor runs many agents.
//!
//! The layers don't know each other; the binding and the command line speak to this crate.

mod agent;
#[cfg(target_os = "linux")]
mod join;
mod judge;
mod program_file;
mod recorder;
mod session;
mod supervisor;

pub use agent::{Agent, AgentReport};
pub use judge::profile_kind;
pub use session::{Approval, Report, RunError, Session, SessionError, hints};
pub use supervisor::Supervisor;
