//! A folder and all in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Visits `root` and all below it, folders before what is in them, but for `spared` and all below that. Never goes through a
/// link, and visits none.
///
/// # Errors
/// What a visit failed with, and when there are more than `most`. What disappears meanwhile is no error.
pub fn walk(
    root: &Path,
    spared: &[PathBuf],
    most: usize,
    visit: &mut dyn FnMut(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let mut open = vec![root.to_path_buf()];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        if spared.contains(&path) {
            continue;
        }
        let Some(kind) = present(fs::symlink_metadata(&path))?.map(|metadata| metadata.file_type()) else { continue };
        if kind.is_symlink() {
            continue;
        }
        seen += 1;
        if seen > most {
            return Err(io::Error::other(format!("there are more than {most} files and folders in it")));
        }
        present(visit(&path))?;
        if kind.is_dir() {
            for entry in present(fs::read_dir(&path))?.into_iter().flatten() {
                open.push(entry?.path());
            }
        }
    }
    Ok(())
}

fn present<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs, io,
        path::{Path, PathBuf},
    };

    use super::walk;

    fn visited(root: &Path, spared: &[PathBuf], most: usize) -> io::Result<Vec<PathBuf>> {
        let mut visited = Vec::new();
        walk(root, spared, most, &mut |path| {
            visited.push(path.strip_prefix(root).unwrap().to_path_buf());
            Ok(())
        })?;
        visited.sort();
        Ok(visited)
    }

    #[test]
    fn all_is_visited_but_what_is_spared_and_what_links_lead_to() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for folder in ["a/b", "spared/in", "other"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        for file in ["a/file", "a/b/file", "spared/file", "spared/in/file", "key", "spared2"] {
            fs::write(at(file), "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("spared"), at("link")).unwrap();
        let found = visited(root.path(), &[at("spared"), at("key")], 100).unwrap();
        let expected = ["", "a", "a/b", "a/b/file", "a/file", "other", "spared2"].map(PathBuf::from);
        assert_eq!(found, expected);
        assert!(visited(root.path(), &[at("spared"), at("key")], 6).is_err());
        assert_eq!(visited(&at("a/file"), &[], 1).unwrap(), [PathBuf::new()]);
    }

    #[test]
    fn what_is_gone_is_no_error_and_what_fails_is() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(visited(&root.path().join("none"), &[], 1).unwrap(), Vec::<PathBuf>::new());
        let failing = walk(root.path(), &[], 9, &mut |_| Err(io::ErrorKind::PermissionDenied.into()));
        assert_eq!(failing.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(walk(root.path(), &[], 9, &mut |_| Err(io::ErrorKind::NotFound.into())).is_ok());
    }
}
