//! The resolved policy that a backend compiles for its operating system.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Serialize;

use super::EnvironmentPolicy;
use crate::profile::ProfileName;

/// What a run may touch, with every path absolute. Made by [`SecurityProfile::resolve`](crate::SecurityProfile::resolve).
///
/// It is serialised for display; values of variables are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxPolicy {
    /// The profile whose promises the run must keep.
    pub profile: ProfileName,
    /// The directory that is the run's default working directory and, in the workspace profiles, writable.
    pub workspace: PathBuf,
    /// Files and directories that the run may not read, whatever else allows it. They need not exist.
    pub deny_read: BTreeSet<PathBuf>,
    /// What the run may write besides its private tmp.
    pub write: WriteAccess,
    /// What the run may reach over the network.
    pub network: NetworkPolicy,
    /// Which environment variables the run sees.
    pub environment: EnvironmentPolicy,
}

/// Where a run may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum WriteAccess {
    /// These directories and all below them (none: only the private tmp).
    Roots(BTreeSet<PathBuf>),
    /// Everywhere that the user may.
    All,
}

/// Which network a run sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NetworkPolicy {
    /// A loopback of its own and nothing else.
    None,
    /// Outbound connections.
    Outbound,
    /// The host's network, loopback included.
    Host,
}
