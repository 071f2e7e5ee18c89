//! The sandbox policy in the form that Codex reads and writes.
//!
//! | Codex | profile |
//! | --- | --- |
//! | `read-only` | `offline` |
//! | `read-only`, `network_access` | `net-read-only` |
//! | `workspace-write` | `workspace-write` |
//! | `workspace-write`, `network_access` | `workspace-net` |
//! | `danger-full-access` | `trusted` |
//!
//! What is lost on the way, always to the stricter side:
//! - The host's `/tmp` and `TMPDIR` are never writable here, so both `exclude_` flags are written as `true`, and read
//!   but not needed: a run has a private tmp whatever they say.
//! - Secrets are denied by both, and `readable` is lost.
//! - `denyRead` has no Codex form; [`SandboxPolicy::to_codex`] refuses to leave it out.
//! - A profile whose network was narrowed comes back as the profile without network, which is the same policy.
//! - The environment and the limits aren't part of the form. Codex keeps those rules elsewhere.
//! - `external-sandbox` promises a sandbox that this one can't check; it is refused as an unknown type.

use std::{fmt, path::PathBuf, str::FromStr};

use codex_document::{Mistake, Node};
use serde::Serialize;

use super::{NetworkPolicy, SandboxPolicy, WriteAccess};
use crate::profile::{PathProblem, ProfileError, ProfileInit, ProfileName, SecurityProfile, read_json};

/// A sandbox policy in the Codex form. Unknown types and keys are errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum CodexPolicy {
    /// Reads everything, writes nothing.
    ReadOnly {
        /// Whether outbound connections are allowed. Default: `false`, which isn't written.
        #[serde(skip_serializing_if = "is_false")]
        network_access: bool,
    },
    /// Writes the working directory too.
    WorkspaceWrite {
        /// Absolute paths of further writable directories. Default: none.
        writable_roots: Vec<PathBuf>,
        /// Whether outbound connections are allowed. Default: `false`.
        network_access: bool,
        /// Whether the host's `TMPDIR` stays read-only. Default: `false`.
        exclude_tmpdir_env_var: bool,
        /// Whether the host's `/tmp` stays read-only. Default: `false`.
        exclude_slash_tmp: bool,
    },
    /// No sandbox.
    DangerFullAccess,
}

impl CodexPolicy {
    /// The policy of a JSON text.
    ///
    /// # Errors
    /// Names the key, the line and the column of what is not JSON, unknown, or of the wrong type.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        read_json(text, Self::read)
    }

    fn read(document: &Node) -> Result<Self, Mistake> {
        let tag = document.entries()?.iter().find(|entry| entry.name == "type");
        let tag = &tag.ok_or_else(|| document.mistake("missing field `type`"))?.node;
        let mode: SandboxMode =
            tag.text()?.parse().map_err(|error: UnknownSandboxMode| tag.mistake(error.to_string()))?;
        let known: &[&str] = match mode {
            SandboxMode::ReadOnly => &["type", "network_access"],
            SandboxMode::WorkspaceWrite => {
                &["type", "writable_roots", "network_access", "exclude_tmpdir_env_var", "exclude_slash_tmp"]
            }
            SandboxMode::DangerFullAccess => &["type"],
        };
        let mut writable_roots = Vec::new();
        let (mut network_access, mut exclude_tmpdir_env_var, mut exclude_slash_tmp) = (false, false, false);
        document.table(known, &mut |key, node| {
            match key {
                "writable_roots" => writable_roots = node.list(|root| root.text().map(PathBuf::from))?,
                "network_access" => network_access = node.flag()?,
                "exclude_tmpdir_env_var" => exclude_tmpdir_env_var = node.flag()?,
                "exclude_slash_tmp" => exclude_slash_tmp = node.flag()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(match mode {
            SandboxMode::ReadOnly => Self::ReadOnly { network_access },
            SandboxMode::WorkspaceWrite => {
                Self::WorkspaceWrite { writable_roots, network_access, exclude_tmpdir_env_var, exclude_slash_tmp }
            }
            SandboxMode::DangerFullAccess => Self::DangerFullAccess,
        })
    }

    /// The mode without its details.
    #[must_use]
    pub const fn mode(&self) -> SandboxMode {
        match self {
            Self::ReadOnly { .. } => SandboxMode::ReadOnly,
            Self::WorkspaceWrite { .. } => SandboxMode::WorkspaceWrite,
            Self::DangerFullAccess => SandboxMode::DangerFullAccess,
        }
    }
}

/// Why a policy has no Codex form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodexPolicyError {
    /// The form would read what this policy denies.
    #[error("the codex form can't deny reading {path:?}; remove it from denyRead before converting")]
    DenyRead {
        /// The first denied path.
        path: PathBuf,
    },
}

impl SandboxPolicy {
    /// This policy in the Codex form. The workspace is implied there, so it is left out of `writable_roots`.
    ///
    /// # Errors
    /// When the form would be weaker than this policy, which is so for every denied path.
    pub fn to_codex(&self) -> Result<CodexPolicy, CodexPolicyError> {
        if let Some(path) = self.deny_read.first() {
            return Err(CodexPolicyError::DenyRead { path: path.clone() });
        }
        if let Some(pattern) = self.deny_read_patterns.first() {
            return Err(CodexPolicyError::DenyRead { path: pattern.to_string().into() });
        }
        let network_access = self.network != NetworkPolicy::None;
        Ok(match &self.write {
            WriteAccess::All => CodexPolicy::DangerFullAccess,
            WriteAccess::Roots(roots) if roots.contains(&self.workspace) => CodexPolicy::WorkspaceWrite {
                writable_roots: roots.iter().filter(|root| **root != self.workspace).cloned().collect(),
                network_access,
                exclude_tmpdir_env_var: true,
                exclude_slash_tmp: true,
            },
            WriteAccess::Roots(_) => CodexPolicy::ReadOnly { network_access },
        })
    }
}

impl SecurityProfile {
    /// The profile that a Codex policy means, as the table above says.
    ///
    /// # Errors
    /// When a writable root isn't absolute, or is one that no profile can hold.
    pub fn from_codex(policy: &CodexPolicy) -> Result<Self, ProfileError> {
        let (name, writable) = match policy {
            CodexPolicy::ReadOnly { network_access: false } => (ProfileName::Offline, &[][..]),
            CodexPolicy::ReadOnly { network_access: true } => (ProfileName::NetReadOnly, &[][..]),
            CodexPolicy::WorkspaceWrite { writable_roots, network_access: false, .. } => {
                (ProfileName::WorkspaceWrite, &writable_roots[..])
            }
            CodexPolicy::WorkspaceWrite { writable_roots, network_access: true, .. } => {
                (ProfileName::WorkspaceNet, &writable_roots[..])
            }
            CodexPolicy::DangerFullAccess => (ProfileName::Trusted, &[][..]),
        };
        for (index, root) in writable.iter().enumerate() {
            if !root.is_absolute() {
                return Err(ProfileError::Path {
                    key: format!("writable_roots[{index}]"),
                    path: root.clone(),
                    problem: PathProblem::Relative,
                });
            }
        }
        Self::with(name, ProfileInit { writable: writable.to_vec(), ..ProfileInit::default() })
    }
}

/// The Codex names of the three kinds of sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SandboxMode {
    /// `offline`.
    ReadOnly,
    /// `workspace-write`.
    WorkspaceWrite,
    /// `trusted`.
    DangerFullAccess,
}

impl SandboxMode {
    /// All modes, the strictest first.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::WorkspaceWrite, Self::DangerFullAccess];

    /// The name of the mode.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::WorkspaceWrite => "workspace-write",
            Self::DangerFullAccess => "danger-full-access",
        }
    }

    /// The profile that the mode means.
    #[must_use]
    pub const fn profile(self) -> ProfileName {
        match self {
            Self::ReadOnly => ProfileName::Offline,
            Self::WorkspaceWrite => ProfileName::WorkspaceWrite,
            Self::DangerFullAccess => ProfileName::Trusted,
        }
    }
}

/// A sandbox mode that is none of the three.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sandbox mode {name:?}; use read-only, workspace-write or danger-full-access")]
pub struct UnknownSandboxMode {
    /// The name that was given.
    pub name: String,
}

impl FromStr for SandboxMode {
    type Err = UnknownSandboxMode;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == name)
            .ok_or_else(|| UnknownSandboxMode { name: name.to_owned() })
    }
}

impl fmt::Display for SandboxMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

// serde passes a reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that skip_serializing_if calls")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
