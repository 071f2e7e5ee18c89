use std::{
    fs,
    path::{Path, PathBuf},
};

use codex_core::{ProfileInit, ProfileName, SandboxPolicy, SecurityProfile};
use tempfile::TempDir;

/// A home, and a workspace beside it, outside every private tmp: a test about `/tmp` makes its own.
pub struct Place {
    _dir: TempDir,
    pub root: PathBuf,
    pub home: PathBuf,
    pub workspace: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        Self::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    pub fn in_tmp() -> Self {
        Self::below(&std::env::temp_dir())
    }

    fn below(parent: &Path) -> Self {
        let dir = TempDir::new_in(parent).unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let (home, workspace) = (root.join("home"), root.join("workspace"));
        fs::create_dir(&home).unwrap();
        fs::create_dir(&workspace).unwrap();
        Self { _dir: dir, root, home, workspace }
    }

    pub fn dir(&self, name: &str) -> PathBuf {
        let path = self.root.join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    pub fn resolve(&self, profile: &SecurityProfile) -> SandboxPolicy {
        profile.resolve_with_home(&self.workspace, Some(&self.home)).unwrap()
    }

    pub fn policy(&self, name: ProfileName) -> SandboxPolicy {
        self.resolve(&SecurityProfile::named(name))
    }
}

pub fn with(name: ProfileName, init: ProfileInit) -> SecurityProfile {
    SecurityProfile::with(name, init).unwrap()
}

pub fn writable(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> ProfileInit {
    ProfileInit { writable: paths.into_iter().map(Into::into).collect(), ..ProfileInit::default() }
}

pub fn deny_read(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> ProfileInit {
    ProfileInit { deny_read: paths.into_iter().map(Into::into).collect(), ..ProfileInit::default() }
}
