//! What the kernel really applied, layer by layer.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

use super::{DenialReports, SandboxError};
use crate::{policy::Limit, profile::ProfileName};

/// What held a run. Part of every result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Enforcement {
    /// The profile whose promises these are.
    pub profile: ProfileName,
    /// What holds the file rules: any of `mounts` and `landlock` on Linux, `seatbelt` on macOS, `app-container` or
    /// `restricted-token` on Windows; none under `trusted`.
    pub filesystem: Vec<Boundary>,
    /// What became of the network.
    pub network: NetworkEnforcement,
    /// What the end of a run rests on.
    pub processes: TreeEnforcement,
    /// Whether system calls are filtered.
    pub seccomp: bool,
    /// Whether programs run without any capability, also when a root user started them.
    pub capabilities_dropped: bool,
    /// The Landlock version of the kernel; 0 when it has none or it was not used.
    pub landlock_abi: u32,
    /// The limits that were held. One that is missing was not asked for, or is a default that this machine can't hold.
    pub limits: BTreeMap<Limit, HeldLimit>,
    /// Which refusals are told. On Linux none where the kernel lets no listener watch the runs or look at their calls, on macOS
    /// none without the system's log.
    pub denials: DenialReports,
    /// Caches of tools that the run may write, by an overlay that is gone with the sandbox. One of the policy that is missing
    /// is read-only: the kernel can't make an overlay there.
    pub caches: Vec<PathBuf>,
    /// Promises of the profile that this run did not hold, each with the reason.
    pub unenforced: Vec<Unenforced>,
}

impl Enforcement {
    /// That this machine holds what the profile promises, for who requires it.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] with the first promise that it doesn't, and `remedy`.
    pub(super) fn whole(&self, remedy: &str) -> Result<(), SandboxError> {
        match self.unenforced.iter().find(|missing| missing.cause == Cause::Machine) {
            None => Ok(()),
            Some(missing) => Err(SandboxError::Unavailable {
                cause: format!("a promise of the profile can't be held here: {}", missing.reason),
                remedy: remedy.to_owned(),
            }),
        }
    }
}

/// A limit and what held it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldLimit {
    /// Milliseconds, bytes or a number, as in the profile.
    pub value: u64,
    /// By what it was held.
    pub by: LimitMeans,
    /// Of what it is the limit.
    pub per: LimitScope,
}

/// By what a limit is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitMeans {
    /// A control group.
    Cgroup,
    /// A resource limit.
    Rlimit,
    /// The largest process id of the run's pid namespace.
    PidNamespace,
    /// The size of the file system.
    Tmpfs,
    /// A job object.
    Job,
    /// The engine, which ends the run.
    Engine,
}

/// Of what a limit is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitScope {
    /// All runs of the sandbox together.
    Sandbox,
    /// One run.
    Run,
    /// Each process for itself.
    Process,
    /// Each file for itself.
    File,
}

/// A mechanism that holds file rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// Read-only mounts in a mount namespace of its own.
    Mounts,
    /// A Landlock ruleset.
    Landlock,
    /// A profile of Seatbelt.
    Seatbelt,
    /// An app container, which sees only what its own identity was granted.
    AppContainer,
    /// A restricted token of low integrity, which sees that and what every account may, and changes only what it was granted.
    RestrictedToken,
}

/// What became of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkEnforcement {
    /// No network but a loopback of the sandbox's own.
    PrivateLoopback,
    /// No network socket can be made at all, loopback included.
    Blocked,
    /// The host's network, without any filter.
    Unfiltered,
    /// The host's network, as the trusted profile says.
    Host,
}

/// What the end of a run rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TreeEnforcement {
    /// The kernel ends every process of the run's pid namespace at once; none outside can be seen or signalled.
    PidNamespace,
    /// The run's processes are found one by one through a subreaper.
    Subreaper,
    /// The run's processes are found by their sandbox, which none of them can leave, and ended until there is none.
    SandboxMark,
    /// The run's process group is ended. A process that left it goes on.
    ProcessGroup,
    /// The kernel ends every process of the run's job object at once; none can leave it.
    JobObject,
}

/// A promise that was not held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unenforced {
    /// Which one.
    pub promise: Promise,
    /// Whose doing it is.
    pub cause: Cause,
    /// Why not, in words.
    pub reason: String,
}

/// Whose doing it is that a promise was not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The machine lacks what it takes. With enforcement required, the sandbox is refused.
    Machine,
    /// This version of the product doesn't enforce it yet, on any machine.
    Version,
    /// The operating system has no means for it, on any machine. Nothing is open by that which the profile closes.
    Platform,
}

/// The promises of a profile that can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Secrets of the user can't be read.
    Secrets,
    /// Files of the workspace that make the host run code can't be changed.
    CarveOuts,
    /// Sockets of host services in the file system can't be reached.
    HostUnixSockets,
    /// There is no network.
    Network,
    /// Outbound connections are filtered.
    NetworkFilter,
    /// Processes and the private tmp are limited.
    Limits,
    /// Paths that the policy denies can't be read.
    DenyRead,
    /// Modes, owners and times of files outside can't be changed.
    FileMetadata,
    /// The tmp directories are the run's own.
    PrivateTmp,
    /// System V memory, semaphores and message queues are the sandbox's own.
    PrivateIpc,
    /// Programs can make terminals.
    Terminals,
    /// Servers and clients inside reach each other.
    PrivateLoopback,
    /// Processes outside can't be seen.
    InvisibleProcesses,
    /// Abstract sockets of host services can't be reached.
    AbstractUnixSockets,
    /// Processes outside can't be signalled.
    Signals,
    /// The whole tree of a run ends with it.
    TreeEnd,
}
