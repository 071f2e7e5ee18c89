//! The resolved policy that a backend compiles for its operating system.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{DenyPattern, EnvironmentPolicy, Limits, ToolVariable, carve_outs};
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
    /// Patterns of paths that the run may not read: what they match when the sandbox starts is hidden.
    pub deny_read_patterns: Vec<DenyPattern>,
    /// Places of the user's secrets, each with what it holds: hidden like `deny_read`, but for what `readable` or a
    /// writable root opens. They need not exist, and are left out of the display.
    #[serde(skip)]
    pub secrets: BTreeMap<PathBuf, &'static str>,
    /// Carve-outs of writable roots that are writable all the same, because `writable` names them. They need not exist.
    pub lifted: BTreeSet<PathBuf>,
    /// Directories below writable roots that the run may not change: its own audit log lies there.
    pub kept: BTreeSet<PathBuf>,
    /// Files and directories that the run may read although they, or what holds them, are secret or below the private tmp.
    pub readable: BTreeSet<PathBuf>,
    /// Caches of tools that the run reads and, but for the host, writes: what it writes there goes to an overlay, which is
    /// gone with the sandbox. None lies in another, in a writable root or in the private tmp.
    pub caches: BTreeSet<PathBuf>,
    /// Variables that lead tools to where they may keep things. The last of a name counts.
    #[serde(skip)]
    pub tool_variables: Vec<ToolVariable>,
    /// Sockets of host services that the run may connect to.
    pub unix_sockets: BTreeSet<PathBuf>,
    /// What the run may write besides its private tmp.
    pub write: WriteAccess,
    /// What the run may reach over the network.
    pub network: NetworkPolicy,
    /// Which environment variables the run sees.
    pub environment: EnvironmentPolicy,
    /// The limits that were asked for; [`limits_in_force`](Self::limits_in_force) has the defaults, too.
    pub limits: Limits,
}

impl SandboxPolicy {
    /// The limits of every run: those that were asked for and, in the restricted profiles, the defaults for the rest.
    #[must_use]
    pub fn limits_in_force(&self) -> Limits {
        match self.profile {
            ProfileName::Trusted => self.limits,
            _ => self.limits.or(&Limits::DEFAULT),
        }
    }
}

impl SandboxPolicy {
    /// The secret place that hides `path`, and what it holds; `None` when there is none, or when a root opens the path.
    #[must_use]
    pub fn secret(&self, path: &Path) -> Option<(&Path, &'static str)> {
        let (place, reason) = path.ancestors().find_map(|above| self.secrets.get_key_value(above))?;
        // Above the place, a root opens what is there, but not the secret.
        let opened = self.roots().any(|root| path.starts_with(root) && root.starts_with(place));
        (!opened).then_some((place.as_path(), *reason))
    }

    /// The carve-out of a writable root that `path` is or lies in, and what it would do; `None` when there is none, or when
    /// `writable` names it.
    #[must_use]
    pub fn carve_out(&self, path: &Path) -> Option<(PathBuf, &'static str)> {
        let root =
            self.writable_roots().filter(|root| path.starts_with(root)).max_by_key(|root| root.as_os_str().len())?;
        let (carve_out, reason) = carve_outs::locate(root, path.strip_prefix(root).ok()?)?;
        (!self.lifted.contains(&carve_out)).then_some((carve_out, reason))
    }

    /// Every directory or file that the policy grants by name: the workspace, what may be written, what may be read.
    pub fn roots(&self) -> impl Iterator<Item = &PathBuf> {
        self.writable_roots().chain(&self.readable).chain([&self.workspace])
    }

    /// The directories that the run may write; none under `trusted`, which writes everything.
    pub fn writable_roots(&self) -> impl Iterator<Item = &PathBuf> {
        match &self.write {
            WriteAccess::Roots(roots) => Some(roots),
            WriteAccess::All => None,
        }
        .into_iter()
        .flatten()
    }
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
