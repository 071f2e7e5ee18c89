//! Rule files on disk, and who may write them.

use std::path::{Path, PathBuf};

use super::{Rule, parse_text};
use crate::error::PolicyError;
use crate::verdict::Decision;

/// The largest rules file that is read.
const MAX_BYTES: u64 = 4 << 20;

/// Who a rules file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The administrator of the machine: owned by root, writable by nobody else.
    Administrator,
    /// The user.
    User,
    /// The workspace: it may only tighten.
    Workspace,
}

/// A rules file to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySource {
    /// The file.
    pub path: PathBuf,
    /// Whose it is.
    pub tier: Tier,
}

impl PolicySource {
    /// A file of the user, or of the workspace when it lies in it.
    #[must_use]
    pub fn user(path: impl Into<PathBuf>, workspace: Option<&Path>) -> Self {
        let path = path.into();
        let real = |p: &Path| std::fs::canonicalize(p).unwrap_or_else(|_| p.to_owned());
        let inside = workspace.is_some_and(|w| real(&path).starts_with(real(w)) || path.starts_with(w));
        Self { path, tier: if inside { Tier::Workspace } else { Tier::User } }
    }

    /// A file of the administrator.
    #[must_use]
    pub fn administrator(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), tier: Tier::Administrator }
    }
}

/// Reads the rules of a file.
pub(crate) fn read(source: &PolicySource) -> Result<Vec<Rule>, PolicyError> {
    use std::io::Read;
    let failed = |e: std::io::Error| PolicyError::Read { path: source.path.clone(), source: e };
    let mut file = std::fs::File::open(&source.path).map_err(failed)?;
    if source.tier == Tier::Administrator {
        // The open file is looked at, not the path, which could lead elsewhere a moment later.
        let meta = file.metadata().map_err(failed)?;
        owned_by_root(&meta)
            .map_err(|cause| PolicyError::Untrusted { path: source.path.clone(), cause: cause.to_owned() })?;
    }
    let mut text = String::new();
    // The limit is on what is read, not on what the file claims: a device claims nothing and has no end.
    let read = file.by_ref().take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if read as u64 > MAX_BYTES {
        return Err(PolicyError::TooLarge { path: source.path.clone(), limit: MAX_BYTES });
    }
    let rules = parse_text(&text, &source.path.display().to_string())?;
    if source.tier == Tier::Workspace
        && let Some(rule) = rules.iter().find(|r| r.decision == Decision::Allow)
    {
        return Err(rule
            .error("a rules file inside the workspace may only tighten; move the `allow` rule to a file of the user"));
    }
    Ok(rules)
}

#[cfg(unix)]
fn owned_by_root(meta: &std::fs::Metadata) -> Result<(), &'static str> {
    use std::os::unix::fs::MetadataExt;
    if meta.uid() != 0 {
        return Err("its owner is not root");
    }
    if meta.mode() & 0o022 != 0 {
        return Err("others can write it");
    }
    Ok(())
}

#[cfg(not(unix))]
fn owned_by_root(_: &std::fs::Metadata) -> Result<(), &'static str> {
    Ok(())
}
