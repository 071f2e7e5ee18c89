//! Patterns of paths that a run may not read, and what they match when a sandbox starts.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Component, Path, PathBuf},
};

use fast_glob::glob_match;
use serde::{Serialize, Serializer};

/// How many directory entries are looked at for all patterns below one directory.
const MAX_ENTRIES: usize = 200_000;
/// How many paths the patterns may match: each takes a mount.
const MAX_MATCHES: usize = 1_000;

/// A pattern: a directory, and what is denied in it. `*` and `?` stay within a name, `**` crosses directories; `[…]`,
/// `{a,b}` and `\\` work as in a shell.
#[derive(Debug, Clone)]
pub struct DenyPattern {
    base: PathBuf,
    below: PathBuf,
    glob: String,
}

/// Why what a pattern matches can't be denied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandError {
    /// Too much to look at.
    #[error("{} holds more than {MAX_ENTRIES} entries to hold against denyRead; name a deeper directory", base.display())]
    TooManyEntries {
        /// Where the patterns begin.
        base: PathBuf,
    },
    /// Too many matches.
    #[error(
        "the denyRead patterns below {} match more than {MAX_MATCHES} paths; name the directories that hold them",
        base.display()
    )]
    TooManyMatches {
        /// Where the patterns begin.
        base: PathBuf,
    },
    /// A directory that can't be looked into.
    #[error("{} can't be looked into for denyRead: {source}", path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// Whether a path is meant as a pattern.
pub(crate) fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[]{}".contains(byte))
}

/// Splits a path into the directory before the first part with a wildcard, and the rest.
fn split(path: &Path) -> (PathBuf, PathBuf) {
    let literal = path.components().take_while(|part| !is_pattern(Path::new(part)));
    let base: PathBuf = literal.collect();
    let below = path.strip_prefix(&base).unwrap_or(path).to_path_buf();
    (base, below)
}

/// The part with wildcards as it is matched; `None` when it is no valid pattern, or leads upwards.
fn glob(below: &Path) -> Option<String> {
    let upwards = below.components().any(|part| matches!(part, Component::ParentDir));
    let text = below.to_str().filter(|_| !upwards)?;
    fast_glob::validate(text).ok()?;
    // In a name, `!` is a letter like others; in front of a pattern it would turn its meaning around.
    Some(if text.starts_with('!') { format!("\\{text}") } else { text.to_owned() })
}

impl DenyPattern {
    /// Whether a path is a valid pattern.
    pub(crate) fn is_valid(path: &Path) -> bool {
        glob(&split(path).1).is_some()
    }

    /// The pattern of a path; `land` finds where the directory before the first wildcard is. `None` as for `is_valid`.
    pub(crate) fn new<E>(path: &Path, land: impl FnOnce(&Path) -> Result<PathBuf, E>) -> Result<Option<Self>, E> {
        let (base, below) = split(path);
        let base = land(if base.as_os_str().is_empty() { Path::new(".") } else { &base })?;
        Ok(glob(&below).map(|glob| Self { base, below, glob }))
    }

    /// The directory, and what is denied in it, as [`fast_glob`] reads it.
    #[cfg(any(target_os = "macos", all(test, unix)))]
    pub(crate) fn parts(&self) -> (&Path, &str) {
        (&self.base, &self.glob)
    }

    /// Whether the pattern denies a path that it matches, or one below that.
    #[must_use]
    pub fn denies(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.base) else {
            return false;
        };
        below.ancestors().any(|above| !above.as_os_str().is_empty() && self.matches(above))
    }

    /// Whether a path below the base fits.
    fn matches(&self, below: &Path) -> bool {
        glob_match(&self.glob, below.as_os_str().as_encoded_bytes())
    }

    /// The deepest level at which it can match.
    fn depth(&self) -> usize {
        let parts: Vec<_> = self.below.components().collect();
        let crosses = self.below.as_os_str().as_encoded_bytes().windows(2).any(|pair| pair == b"**");
        if crosses || self.below.as_os_str().as_encoded_bytes().contains(&b'{') { usize::MAX } else { parts.len() }
    }
}

impl fmt::Display for DenyPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.base.join(&self.below).display())
    }
}

impl PartialEq for DenyPattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.base, &self.below) == (&other.base, &other.below)
    }
}

impl Eq for DenyPattern {}

impl Serialize for DenyPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What the patterns match now; a directory stands for all below it. Links are matched by their name and not followed.
pub(crate) fn expand(patterns: &[DenyPattern]) -> Result<Vec<PathBuf>, ExpandError> {
    let mut by_base: BTreeMap<&Path, Vec<&DenyPattern>> = BTreeMap::new();
    for pattern in patterns {
        by_base.entry(&pattern.base).or_default().push(pattern);
    }
    let mut matches = Vec::new();
    for (base, patterns) in by_base {
        expand_below(base, &patterns, &mut matches)?;
    }
    Ok(matches)
}

fn expand_below(base: &Path, patterns: &[&DenyPattern], matches: &mut Vec<PathBuf>) -> Result<(), ExpandError> {
    let deepest = patterns.iter().map(|pattern| pattern.depth()).max().unwrap_or(0);
    let mut looked_at = 0;
    let mut directories = vec![(base.to_path_buf(), 1)];
    while let Some((directory, depth)) = directories.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            // What isn't there, or can't be reached by this user, needs no cover.
            Err(error) if is_out_of_reach(&error) => continue,
            Err(source) => return Err(ExpandError::Unreadable { path: directory, source }),
        };
        for entry in entries {
            let entry = entry.map_err(|source| ExpandError::Unreadable { path: directory.clone(), source })?;
            looked_at += 1;
            if looked_at > MAX_ENTRIES {
                return Err(ExpandError::TooManyEntries { base: base.to_path_buf() });
            }
            let path = entry.path();
            let below = path.strip_prefix(base).unwrap_or(&path);
            if patterns.iter().any(|pattern| pattern.matches(below)) {
                if matches.len() == MAX_MATCHES {
                    return Err(ExpandError::TooManyMatches { base: base.to_path_buf() });
                }
                matches.push(path);
            } else if depth < deepest && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                directories.push((path, depth + 1));
            }
        }
    }
    Ok(())
}

fn is_out_of_reach(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, path::Path};

    use super::DenyPattern;

    fn pattern(base: &Path, text: &str) -> DenyPattern {
        DenyPattern::new(&base.join(text), |path| Ok::<_, Infallible>(path.to_path_buf())).unwrap().unwrap()
    }

    #[test]
    fn matches_what_a_shell_would_and_whatever_is_below() {
        let base = Path::new("/base");
        for (text, path, denied) in [
            ("*.pem", "a.pem", true),
            ("*.pem", "a/b.pem", false),
            ("**/.env", ".env", true),
            ("**/.env", "a/b/.env", true),
            ("**/.env", "a/.env.example", false),
            ("**/.env*", "a/.env.local", true),
            ("secret?", "secret1/deep/file", true),
            ("{a,b}/x", "b/x", true),
            ("[ab]", "c", false),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("!(*)", "!(x)", true),
            ("!*", "a", false),
        ] {
            assert_eq!(pattern(base, text).denies(&base.join(path)), denied, "{text} {path}");
        }
        assert!(!pattern(base, "*").denies(Path::new("/other")));
        assert!(!pattern(base, "*").denies(base));
    }

    // Windows lets administrators alone make links.
    #[cfg(unix)]
    #[test]
    fn finds_what_is_there_and_follows_no_link() {
        use std::fs;

        use super::expand;

        let dir = tempfile::tempdir().unwrap();
        let base = dir.path();
        fs::create_dir_all(base.join("a/b")).unwrap();
        for file in [".env", "a/.env", "a/b/.env", "a/b/key.pem", "top.pem"] {
            fs::write(base.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("..", base.join("a/up")).unwrap();
        let mut found = expand(&[pattern(base, "**/.env"), pattern(base, "*.pem")]).unwrap();
        found.sort_unstable();
        assert_eq!(found, [".env", "a/.env", "a/b/.env", "top.pem"].map(|file| base.join(file)));
        assert!(expand(&[pattern(&base.join("missing"), "*")]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["a[", "{a", "*/../x"] {
            assert!(!DenyPattern::is_valid(Path::new(text)), "{text}");
        }
        assert!(DenyPattern::is_valid(Path::new("/a/**/b[0-9].{x,y}")));
    }
}
