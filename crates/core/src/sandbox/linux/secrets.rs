//! The secrets that exist when a launcher starts.

use std::{fs, io, path::Path};

use super::pinned::PinnedPath;
use crate::{policy::SandboxPolicy, sandbox::SandboxError};

/// Pins each secret that is there and that the policy doesn't open. What the user can't reach needs no cover.
///
/// # Errors
/// When a secret turns out to hold a directory that the run needs: a cover would take that away.
pub fn pin(policy: &SandboxPolicy) -> Result<Vec<PinnedPath>, SandboxError> {
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

/// Where a place of the policy lands now: a link may have been put there since.
fn landing(place: &Path) -> io::Result<Option<std::path::PathBuf>> {
    let unreachable = |error: &io::Error| {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
        matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
    };
    match fs::symlink_metadata(place) {
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
