//! The secrets, and what the patterns of `denyRead` match, when a launcher starts.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use super::pinned::PinnedPath;
use crate::{
    policy::{SandboxPolicy, deny_pattern, secrets::leads_to_device},
    sandbox::SandboxError,
};

/// Pins each secret that is there and that the policy doesn't open. What the user can't reach needs no cover.
///
/// # Errors
/// When a secret turns out to hold a directory that the run needs: a cover would take that away.
pub fn secrets(policy: &SandboxPolicy) -> Result<Vec<PinnedPath>, SandboxError> {
    let mut pinned = Vec::new();
    for place in policy.secrets.keys().filter(|place| policy.secret(place).is_some()) {
        let Some(landed) = landing(place).map_err(SandboxError::host("look for secrets"))? else {
            continue;
        };
        if landed != *place && policy.roots().any(|root| root.starts_with(&landed)) {
            let reason = format!("holds what the run needs, and the secret {} leads there", place.display());
            return Err(SandboxError::Directory { path: landed, reason });
        }
        pinned.extend(PinnedPath::existing(&landed)?);
    }
    Ok(pinned)
}

/// Pins each path that a pattern denies.
///
/// # Errors
/// When there is more to look at or to hide than the bounds allow, and when a match holds what the run needs.
pub fn pattern_matches(policy: &SandboxPolicy) -> Result<Vec<PinnedPath>, SandboxError> {
    let matches = deny_pattern::expand(&policy.deny_read_patterns)
        .map_err(|error| SandboxError::DenyRead { reason: error.to_string() })?;
    let mut pinned = Vec::new();
    for path in matches {
        let Some(landed) = landing(&path).map_err(SandboxError::host("look for what denyRead names"))? else {
            continue;
        };
        let needed = policy.writable_roots().chain([&policy.workspace]).find(|root| root.starts_with(&landed));
        if let Some(needed) = needed {
            let (path, needed) = (path.display(), needed.display());
            let reason =
                format!("denyRead matches {path}, which holds {needed}, and the run must read that; narrow it");
            return Err(SandboxError::DenyRead { reason });
        }
        pinned.extend(PinnedPath::existing(&landed)?);
    }
    Ok(pinned)
}

/// Where a place of the policy lands now: a link may have been put there since.
fn landing(place: &Path) -> io::Result<Option<PathBuf>> {
    let unreachable = |error: &io::Error| {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
        // A link that leads to itself leads to nothing that could be read.
        let loops = Errno::from_io_error(error) == Some(Errno::LOOP);
        loops || matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
    };
    match fs::symlink_metadata(place) {
        // None of the machine's is in a sandbox, but for a few that are to be had.
        Ok(_) if leads_to_device(place) => Ok(None),
        Ok(found) if !found.is_symlink() => Ok(Some(place.to_path_buf())),
        Ok(_) => match fs::canonicalize(place) {
            Ok(landed) => Ok(Some(landed)),
            Err(error) if unreachable(&error) => Ok(None),
            Err(error) => Err(error),
        },
        Err(error) if unreachable(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
