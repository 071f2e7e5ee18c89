//! The serialised form of a profile: what a file, JavaScript or the command line gives.

use std::{collections::BTreeMap, path::PathBuf};

use codex_document::{Mistake, Node};
use schemars::JsonSchema;
use serde::Serialize;

use super::{ProfileName, UnknownProfile};
use crate::policy::Limits;

/// A profile as it is written: the base, and what is added to it or taken from it. Unknown keys are errors.
///
/// The keys are the same in JSON and TOML. An empty document is the default profile, `offline`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProfileInit {
    /// The profile that this one starts from. Default: `offline`; in an extension, the profile that is extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,

    /// Directories that the run may write besides its workspace: absolute, `~/…`, or relative to the workspace.
    /// They must exist. One that names a carve-out of the workspace exactly, such as `.git/hooks` or `.vscode`, makes that
    /// writable, and need not exist. Only `workspace-write` and `workspace-net` can hold them. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writable: Vec<PathBuf>,

    /// Files and directories that the run may read although they are a secret, or lie in one, or below the private tmp:
    /// absolute, `~/…`, or relative to the workspace. They must exist. A path opens itself and what is below it; naming
    /// what lies above a secret doesn't open the secret. `denyRead` is stronger. Not in `trusted`. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readable: Vec<PathBuf>,

    /// Files and directories that the run may not read: absolute, `~/…`, or relative to the workspace. They need not exist.
    /// With `*`, `?`, `[…]` or `{a,b}`, in which `**` crosses directories, a path is a pattern: what it matches when the
    /// sandbox starts is hidden, and what appears later is not. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny_read: Vec<PathBuf>,

    /// Sockets of host services in the file system that the run may connect to: absolute, `~/…`, or relative to the
    /// workspace; literal, no globs. They must exist. Whoever reaches a service reaches what the service can do. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unix_sockets: Vec<PathBuf>,

    /// Narrows the network of the profile; it can't widen it. Default: what the profile has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkInit>,

    /// Which environment variables the run sees.
    #[serde(skip_serializing_if = "EnvironmentInit::is_empty")]
    pub environment: EnvironmentInit,

    /// How much a run may use. An extension can only lower what is set.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
}

/// How far the network of a profile reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkInit {
    /// A loopback of its own and nothing else.
    None,
    /// Outbound connections.
    Outbound,
}

/// Which environment variables a run sees. Unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EnvironmentInit {
    /// What the run starts from. Default: `inherit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<EnvironmentMode>,

    /// Names that are inherited although they look secret, inject code, or aren't in the minimal list. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,

    /// Names that the run never sees; stronger than `allow` and `set`. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,

    /// Variables that the run is given, whatever they are named. Default: none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// What the environment of a run starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EnvironmentMode {
    /// The caller's variables; all profiles but `trusted` leave out secrets and what injects code.
    Inherit,
    /// A short list that programs need to work: `PATH`, `HOME`, the locale, the terminal.
    Minimal,
}

impl EnvironmentInit {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ProfileInit {
    /// What a document says. `null` stands for a key that isn't there.
    pub(super) fn read(document: &Node) -> Result<Self, Mistake> {
        let mut init = Self::default();
        let known = ["profile", "writable", "readable", "denyRead", "unixSockets", "network", "environment", "limits"];
        document.table(&known, &mut |key, node| {
            match key {
                "profile" => init.profile = optional(node, name)?,
                "writable" => init.writable = node.list(path)?,
                "readable" => init.readable = node.list(path)?,
                "denyRead" => init.deny_read = node.list(path)?,
                "unixSockets" => init.unix_sockets = node.list(path)?,
                "network" => init.network = optional(node, network)?,
                "environment" => init.environment = EnvironmentInit::read(node)?,
                _ => init.limits = Limits::read(node)?,
            }
            Ok(())
        })?;
        Ok(init)
    }
}

impl EnvironmentInit {
    fn read(node: &Node) -> Result<Self, Mistake> {
        let mut init = Self::default();
        node.table(&["mode", "allow", "deny", "set"], &mut |key, node| {
            match key {
                "mode" => init.mode = optional(node, mode)?,
                "allow" => init.allow = node.list(text)?,
                "deny" => init.deny = node.list(text)?,
                _ => {
                    for entry in node.entries()? {
                        init.set.insert(entry.name.clone(), text(&entry.node)?);
                    }
                }
            }
            Ok(())
        })?;
        Ok(init)
    }
}

fn optional<T>(node: &Node, read: fn(&Node) -> Result<T, Mistake>) -> Result<Option<T>, Mistake> {
    if node.is_null() { Ok(None) } else { read(node).map(Some) }
}

fn text(node: &Node) -> Result<String, Mistake> {
    node.text().map(str::to_owned)
}

fn path(node: &Node) -> Result<PathBuf, Mistake> {
    node.text().map(PathBuf::from)
}

fn name(node: &Node) -> Result<ProfileName, Mistake> {
    node.text()?.parse().map_err(|error: UnknownProfile| node.mistake(error.to_string()))
}

fn network(node: &Node) -> Result<NetworkInit, Mistake> {
    match node.text()? {
        "none" => Ok(NetworkInit::None),
        "outbound" => Ok(NetworkInit::Outbound),
        other => Err(node.mistake(format!("unknown network {other:?}; use none or outbound"))),
    }
}

fn mode(node: &Node) -> Result<EnvironmentMode, Mistake> {
    match node.text()? {
        "inherit" => Ok(EnvironmentMode::Inherit),
        "minimal" => Ok(EnvironmentMode::Minimal),
        other => Err(node.mistake(format!("unknown mode {other:?}; use inherit or minimal"))),
    }
}
