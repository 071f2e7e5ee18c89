//! Where a path really lands.
//!
//! Windows resolves paths to a form that begins with `\\?\`. Where it says nothing more, the usual form is taken: programs don't
//! start well in a directory of the other one (`cmd.exe` starts elsewhere), and two paths are compared in the same form.

use std::{
    ffi::OsString,
    fs, io,
    path::{Component, Path, PathBuf},
};

#[cfg(unix)]
use once_cell::sync::OnceCell;

use super::{DirectoryProblem, PathProblem};

/// More links than the kernel follows in one path.
const MAX_LINKS: usize = 40;

/// The absolute path that `path` leads to, with `~`, relative paths, `.`, `..` and symbolic links resolved, also a link
/// to what doesn't exist. What doesn't exist, or can't be looked at, is kept as it is written.
pub(crate) fn land(path: &Path, workspace: &Path, home: Option<&Path>) -> Result<PathBuf, PathProblem> {
    let absolute = expand(path, workspace, home)?;
    let mut pending: Vec<OsString> = reversed(&absolute);
    let mut landed = root_of(&absolute);
    let mut links = 0;
    while let Some(part) = pending.pop() {
        if part == ".." {
            landed.pop();
            continue;
        }
        landed.push(&part);
        // A failed look-up (nothing there, no permission) is no link to follow.
        let Ok(target) = fs::read_link(&landed) else {
            continue;
        };
        links += 1;
        if links > MAX_LINKS {
            return Err(PathProblem::LinkLoop);
        }
        landed.pop();
        if target.has_root() {
            landed = root_of(&target);
        }
        pending.extend(reversed(&target));
    }
    Ok(landed)
}

/// The home directory of this user, resolved.
pub(crate) fn home() -> Option<PathBuf> {
    let home = std::env::home_dir().filter(|home| home.is_absolute())?;
    Some(dunce::canonicalize(&home).unwrap_or(home))
}

/// The home directory that the user database has for this user, resolved, where it has one. Asked once.
#[cfg(unix)]
pub(super) fn account_homes() -> Vec<PathBuf> {
    static HOME: OnceCell<Option<PathBuf>> = OnceCell::new();
    let home = HOME.get_or_init(|| {
        let home = crate::sandbox::account_home().filter(|home| home.is_absolute() && home.parent().is_some())?;
        Some(dunce::canonicalize(&home).unwrap_or(home))
    });
    home.iter().cloned().collect()
}

/// There is no backend that would hide anything.
#[cfg(not(unix))]
pub(super) fn account_homes() -> Vec<PathBuf> {
    Vec::new()
}

/// A file or directory that exists, resolved.
pub(super) fn existing(path: &Path) -> Result<PathBuf, DirectoryProblem> {
    dunce::canonicalize(path).map_err(directory_problem)
}

/// A directory that exists, resolved.
pub(super) fn directory(path: &Path) -> Result<PathBuf, DirectoryProblem> {
    let canonical = existing(path)?;
    if !fs::metadata(&canonical).map_err(directory_problem)?.is_dir() {
        return Err(DirectoryProblem::NotADirectory);
    }
    Ok(canonical)
}

fn directory_problem(error: io::Error) -> DirectoryProblem {
    match error.kind() {
        io::ErrorKind::NotFound => DirectoryProblem::Missing,
        io::ErrorKind::NotADirectory => DirectoryProblem::NotADirectory,
        _ => DirectoryProblem::Io(error),
    }
}

/// The path made absolute, links not yet followed.
pub(super) fn expand(path: &Path, workspace: &Path, home: Option<&Path>) -> Result<PathBuf, PathProblem> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        return Err(PathProblem::Empty);
    }
    if bytes.contains(&0) {
        return Err(PathProblem::Nul);
    }
    match path.strip_prefix("~") {
        Ok(below) => home.map(|home| home.join(below)).ok_or(PathProblem::NoHome),
        Err(_) => Ok(workspace.join(path)),
    }
}

fn root_of(path: &Path) -> PathBuf {
    path.components().take_while(|part| matches!(part, Component::Prefix(_) | Component::RootDir)).collect()
}

/// The names in a path, the last first, without `.`.
fn reversed(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}
