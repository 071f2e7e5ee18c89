//! Which program a name stands for.
//!
//! A name is only as good as where it leads: `ls` found in a system folder is known, `./ls` is anything. Folders of the
//! search path count as trusted when a sandboxed command can't have put a file there.

use std::path::{Path, PathBuf};

/// Where programs of the operating system are. They are owned by root on every system that is supported.
const SYSTEM: &[&str] = &[
    "/bin",
    "/usr/bin",
    "/usr/local/bin",
    "/sbin",
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
    "/run/current-system/sw/bin",
    "/nix/var/nix/profiles/default/bin",
    "/snap/bin",
];

/// Folders that every program can write.
const SHARED: &[&str] = &["/tmp", "/var/tmp", "/dev", "/private/tmp", "/private/var", "/run", "/proc"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The program of that name from a trusted folder, or no program at all.
    Trusted,
    /// A path outside of the trusted folders.
    Path,
    /// The search path finds another file of that name first.
    Shadowed,
}

/// The search path, sorted into trusted and other folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    path: Vec<(PathBuf, bool)>,
    extra: Vec<PathBuf>,
}

impl Programs {
    /// The search path of this process.
    #[must_use]
    pub fn from_env() -> Self {
        let path = std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect()).unwrap_or_default();
        Self::from_path(path)
    }

    /// A given search path.
    #[must_use]
    pub fn from_path(path: Vec<PathBuf>) -> Self {
        let path = path.into_iter().map(|dir| (dir.clone(), is_safe_dir(&dir))).collect();
        Self { path, extra: Vec::new() }
    }

    /// Trusts one more folder, for programs called by their path too.
    #[must_use]
    pub fn trusting(mut self, dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        for (path, trusted) in &mut self.path {
            *trusted |= *path == dir;
        }
        self.extra.push(dir);
        self
    }

    /// Where a command word leads. `workspace` is never trusted.
    pub(crate) fn trust(&self, word: &str, workspace: Option<&Path>) -> Trust {
        if word.contains('/') || word.contains('\\') {
            let dir = word.rfind('/').and_then(|i| word.get(..i)).unwrap_or("");
            let known = SYSTEM.contains(&dir) || self.extra.iter().any(|e| e.as_os_str() == dir);
            return if known { Trust::Trusted } else { Trust::Path };
        }
        if self.path.iter().all(|(dir, trusted)| *trusted && !inside(dir, workspace)) {
            return Trust::Trusted;
        }
        for (dir, trusted) in &self.path {
            let trusted = *trusted && !inside(dir, workspace);
            if dir.join(word).exists() {
                return if trusted { Trust::Trusted } else { Trust::Shadowed };
            }
        }
        Trust::Trusted
    }
}

fn inside(dir: &Path, workspace: Option<&Path>) -> bool {
    workspace.is_some_and(|w| w != Path::new("/") && dir.starts_with(w))
}

/// A folder named from the root, not shared, and writable by its owner at most.
fn is_safe_dir(dir: &Path) -> bool {
    if !dir.is_absolute() || SHARED.iter().any(|s| dir.starts_with(s)) {
        return false;
    }
    if SYSTEM.iter().any(|s| dir == Path::new(s)) {
        return true;
    }
    // A folder that doesn't exist may be made by anyone who can write its parent.
    std::fs::metadata(dir).is_ok_and(|meta| not_writable_by_others(&meta))
}

#[cfg(unix)]
fn not_writable_by_others(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn not_writable_by_others(_: &std::fs::Metadata) -> bool {
    true
}
