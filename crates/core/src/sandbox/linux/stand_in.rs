//! A directory on the host that stands in for the private tmp where there are no mounts.

use std::path::Path;

use codex_launcher::removal::remove_tree;
use rustix::fs::CWD;
use tempfile::TempDir;

/// The directory, removed when it is dropped: whatever a run made of it.
#[derive(Debug)]
pub struct StandIn {
    directory: TempDir,
}

impl StandIn {
    /// Makes one.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> std::io::Result<Self> {
        tempfile::Builder::new().prefix("codex-tmp-").tempdir().map(|directory| Self { directory })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // What removes it otherwise calls itself for each level, however many a run made.
        let _ = remove_tree(CWD, self.path());
    }
}
