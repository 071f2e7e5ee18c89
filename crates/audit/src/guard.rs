//! Whether a log could be changed by what it logs.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Whether `path` lies in one of `roots`, or is one of them, however both are spelled.
///
/// Symlinks, `..` and, on Unix, bind mounts are seen through; a path that does not exist yet is judged by its deepest
/// existing parent. A log for which this is true must be refused: the audited program could rewrite it.
pub fn is_inside(path: &Path, roots: &[PathBuf]) -> io::Result<bool> {
    let path = resolve(path)?;
    for root in roots {
        let root = resolve(root)?;
        if path.starts_with(&root) || path.ancestors().any(|parent| is_same_dir(parent, &root)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The folder that holds a log and all that belongs to it, by its real path.
///
/// # Errors
/// When a part of the path can't be followed.
pub fn folder_of(log: &Path) -> io::Result<PathBuf> {
    let is_folder = log.as_os_str().as_encoded_bytes().ends_with(b"/") || log.is_dir();
    let real = resolve(log)?;
    Ok(if is_folder { real } else { real.parent().map_or_else(|| real.clone(), Path::to_path_buf) })
}

/// The real path of the deepest existing parent, with the rest appended.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let mut missing = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        match dunce::canonicalize(existing) {
            Ok(mut real) => {
                for name in missing.iter().rev() {
                    match name {
                        Component::ParentDir => drop(real.pop()),
                        name => real.push(name),
                    }
                }
                return Ok(real);
            }
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            Err(e) => {
                missing.push(existing.components().next_back().ok_or(e)?);
                existing = existing.parent().ok_or(io::ErrorKind::NotFound)?;
            }
        }
    }
}

#[cfg(unix)]
fn is_same_dir(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_dir(_: &Path, _: &Path) -> bool {
    false
}
