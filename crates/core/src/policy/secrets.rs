//! Where the user's secrets lie: one table, each entry with its reason.
//!
//! Folders are named rather than the files in them wherever that is possible: what appears in a folder later is covered
//! as well, and so is a file that a program of the host replaces.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::secret_places::{Place, secrets};

/// The secrets of these home directories and of the system, each with why it is one.
///
/// A path that exists is given by where it lands, so that a link to somewhere else hides what it leads to; one that does
/// not exist as it is written.
pub(crate) fn locate(homes: &[PathBuf]) -> BTreeMap<PathBuf, &'static str> {
    let mut located = BTreeMap::new();
    for secret in secrets() {
        match secret.place {
            Place::Home(below) => {
                for home in homes {
                    located.insert(landed(&home.join(below)), secret.reason);
                }
            }
            Place::System(path) => {
                located.insert(landed(Path::new(path)), secret.reason);
            }
        }
    }
    located
}

/// One look at the file system for what isn't there, which is most of the table.
pub(super) fn landed(path: &Path) -> PathBuf {
    match fs::symlink_metadata(path) {
        Err(_) => path.to_path_buf(),
        Ok(_) if leads_to_device(path) => path.to_path_buf(),
        Ok(_) => dunce::canonicalize(path)
            .or_else(|_| crate::profile::land(path, Path::new("/"), None).map_err(std::io::Error::other))
            .unwrap_or_else(|_| path.to_path_buf()),
    }
}

/// Whether a path leads to a device. One such as `/dev/null`, to which people link a history that is not to be kept, holds
/// nothing, and every program needs it.
#[cfg(unix)]
pub(crate) fn leads_to_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device() || found.file_type().is_block_device())
}

#[cfg(windows)]
pub(crate) fn leads_to_device(_path: &Path) -> bool {
    false
}

/// The table in words: each reason once, with the places that it stands for, as a user would write them.
pub(crate) fn by_reason() -> Vec<(&'static str, Vec<String>)> {
    let mut groups: Vec<(&'static str, Vec<String>)> = Vec::new();
    for secret in secrets() {
        let place = match secret.place {
            Place::Home(below) => format!("~/{below}"),
            Place::System(path) => path.to_owned(),
        };
        match groups.iter_mut().find(|(reason, _)| *reason == secret.reason) {
            Some((_, places)) => places.push(place),
            None => groups.push((secret.reason, vec![place])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::{Place, by_reason, secrets};

    #[test]
    fn each_place_is_named_once_and_plainly() {
        let mut seen = BTreeSet::new();
        for secret in secrets() {
            let (text, absolute) = match secret.place {
                Place::Home(below) => (below, false),
                Place::System(path) => (path, true),
            };
            assert!(seen.insert(text), "{text} stands twice");
            assert_eq!(Path::new(text).is_absolute(), absolute, "{text}");
            assert!(Path::new(text).components().all(|part| part.as_os_str() != ".."), "{text}");
            assert!(!secret.reason.is_empty());
        }
        assert_eq!(by_reason().iter().map(|(_, places)| places.len()).sum::<usize>(), secrets().count());
    }

    #[test]
    fn no_place_lies_in_another() {
        for one in secrets() {
            for other in secrets() {
                if let (Place::Home(one), Place::Home(other)) = (one.place, other.place) {
                    assert!(one == other || !Path::new(one).starts_with(other), "{one} lies in {other}");
                }
            }
        }
    }

    // Windows lets administrators alone make links.
    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_what_is_absent_is_kept() {
        use std::fs;

        use super::locate;

        let dir = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(dir.path()).unwrap();
        fs::create_dir(home.join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", home.join(".aws")).unwrap();
        std::os::unix::fs::symlink("nowhere", home.join(".kube")).unwrap();
        let located = locate(std::slice::from_ref(&home));
        for there in ["elsewhere", "nowhere", ".ssh"] {
            assert!(located.contains_key(&home.join(there)), "{there}");
        }
        assert!(!located.contains_key(&home.join(".aws")));
        std::os::unix::fs::symlink("/dev/null", home.join(".bash_history")).unwrap();
        let located = locate(std::slice::from_ref(&home));
        assert!(located.contains_key(&home.join(".bash_history")) && !located.contains_key(Path::new("/dev/null")));
        assert!(located.contains_key(Path::new("/etc/shadow")));
    }
}
