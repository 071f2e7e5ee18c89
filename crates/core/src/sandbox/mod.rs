//! The sandbox of one policy: what it takes, what it enforces, why it may refuse.
//!
//! Each operating system has a backend, which answers to the one face of all: an engine, and `run`, `prepare`,
//! `open_terminal`, `close`, `capabilities`.

#[cfg(unix)]
mod account;
mod capabilities;
mod enforcement;
mod error;
mod face;
mod limits;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod macos;
mod signaller;
mod task;
mod timeout;
#[cfg(unix)]
mod unix;
#[cfg(any(windows, test))]
mod windows;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[cfg(unix)]
pub(crate) use account::account_home;
pub use capabilities::{Capabilities, Feature};
pub use enforcement::{
    Boundary, Cause, Enforcement, HeldLimit, LimitMeans, LimitScope, NetworkEnforcement, Promise, TreeEnforcement,
    Unenforced,
};
pub use error::SandboxError;
pub use face::Sandbox;
#[cfg(target_os = "linux")]
pub use linux::{Fork, Guest, conversation, hold_launcher, is_first_thread, launcher_place, spawn_deferred};
pub use signaller::Signaller;
pub use task::spawn;
#[cfg(unix)]
pub use unix::{Bridged, HangUp, Offer, TerminalSize, bridge, duplex, inherit, inherit_standard, input_pipe, resize};
#[cfg(windows)]
pub use windows::{Offer, backend::TerminalSize, input_pipe};

pub use self::backend::Terminal;
#[cfg(target_os = "linux")]
use self::linux as backend;
#[cfg(target_os = "macos")]
use self::macos::backend;
#[cfg(windows)]
use self::windows::backend;

/// Gives the runtime a task that waits for a run which is under way.
#[cfg(not(target_os = "linux"))]
pub fn spawn_deferred(runtime: &tokio::runtime::Handle, task: impl Future<Output = ()> + Send + 'static) {
    spawn(runtime, task);
}

/// What to do on a machine that can't hold every promise of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Requirement {
    /// Refuse.
    #[default]
    Required,
    /// Enforce what can be enforced, and say what is missing. Without any file system boundary still refuse.
    BestEffort,
}

/// Which refusals are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenialReports {
    /// Changes of the file system by a path, and connections. On Linux each such call takes some microseconds longer.
    #[default]
    Full,
    /// Connections.
    Network,
    /// None.
    Off,
}

/// Where and how a sandbox is made.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// The launcher program of this platform.
    pub launcher: PathBuf,
    /// What to do when the machine can't hold a promise.
    pub requirement: Requirement,
    /// Which refusals are told.
    pub denials: DenialReports,
    /// The runtime that watches sockets and pipes.
    pub runtime: tokio::runtime::Handle,
}
