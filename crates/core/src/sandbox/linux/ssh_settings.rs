//! The settings of the machine that ssh takes only from files of root's or of its own user.
//!
//! In a user namespace with one user, root is nobody, and ssh ends at the first file that its settings include. Those that are
//! root's are therefore shown as the user's own.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::MetadataExt,
    },
    path::{Path, PathBuf},
};

/// Where ssh begins to read; what these include without a leading slash lies beside them.
const BEGINNINGS: [&str; 2] = ["/etc/ssh/ssh_config", "/usr/etc/ssh/ssh_config"];

/// More files than anybody has.
const MOST_FILES: usize = 100;

/// The files of root's that the settings of the machine include, free of symbolic links. Root itself sees them as its own.
pub fn of_root() -> Vec<Vec<u8>> {
    if rustix::process::geteuid().is_root() {
        return Vec::new();
    }
    included(BEGINNINGS.map(PathBuf::from).to_vec())
        .into_iter()
        .filter(|file| fs::metadata(file).is_ok_and(|found| found.is_file() && found.uid() == 0))
        .map(|file| file.into_os_string().into_vec())
        .collect()
}

fn included(mut unread: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    while let Some(file) = unread.pop() {
        let beside = BEGINNINGS.iter().map(Path::new).find(|beginning| file == **beginning).unwrap_or(&file);
        let directory = beside.parent().unwrap_or(Path::new("/")).to_path_buf();
        for pattern in patterns(&fs::read(&file).unwrap_or_default()) {
            for path in matches(&directory.join(pattern)) {
                let Ok(path) = fs::canonicalize(path) else {
                    continue;
                };
                if found.len() < MOST_FILES && !found.contains(&path) {
                    found.push(path.clone());
                    unread.push(path);
                }
            }
        }
    }
    found
}

/// What the `Include` lines of a file name.
fn patterns(text: &[u8]) -> Vec<OsString> {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"');
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.split(blank).filter(|word| !word.is_empty()));
    lines
        .filter_map(|mut words| words.next().filter(|word| word.eq_ignore_ascii_case(b"include")).map(|_| words))
        .flatten()
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect()
}

/// The files that a path with wildcards in its last part means.
fn matches(pattern: &Path) -> Vec<PathBuf> {
    let (Some(directory), Some(name)) = (pattern.parent(), pattern.file_name().map(OsStr::as_bytes)) else {
        return Vec::new();
    };
    if !name.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) {
        return vec![pattern.to_path_buf()];
    }
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.filter(|entry| is_meant(name, entry.file_name().as_bytes())).collect();
    found.sort_by_key(fs::DirEntry::file_name);
    found.into_iter().map(|entry| entry.path()).collect()
}

fn is_meant(pattern: &[u8], name: &[u8]) -> bool {
    (!name.starts_with(b".") || pattern.starts_with(b".")) && fast_glob::glob_match(pattern, name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::included;

    #[test]
    fn includes_are_followed_as_ssh_does() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        fs::create_dir(folder.join("conf.d")).unwrap();
        write("config", "# Include not\nHost a\n  include=\"conf.d/*.conf\" other\nInclude missing/*.conf none\n");
        write("conf.d/1.conf", "Include config\nINCLUDE ../third\n");
        write("conf.d/.hidden.conf", "");
        write("conf.d/2.txt", "");
        write("other", "");
        std::os::unix::fs::symlink(folder.join("other"), folder.join("conf.d/3.conf")).unwrap();
        let mut found = included(vec![folder.join("config")]);
        found.sort();
        assert_eq!(found, [folder.join("conf.d/1.conf"), folder.join("other")]);
        fs::write(folder.join("conf.d/1.conf"), format!("Include {}", folder.join("config").display())).unwrap();
        assert_eq!(included(vec![folder.join("config")]).len(), 3);
    }
}
