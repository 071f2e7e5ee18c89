//! What has to be taken back when this process is gone before it could.
//!
//! A journal is on the disk before the first grant is made, is held open by the process that made it, and is removed when
//! all is taken back. One that can be opened is abandoned.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// What was granted to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The name of the sandbox.
    pub container: String,
    /// Whose access lists name it.
    pub paths: Vec<PathBuf>,
    /// Whose own access lists name it, and nobody's below: the folders above those.
    #[serde(default)]
    pub above: Vec<PathBuf>,
    /// What else a restricted token needs; nothing else does.
    #[serde(default)]
    pub token: Option<OfToken>,
}

/// What a sandbox without a container changed and made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfToken {
    /// In which folders it put integrity labels.
    pub lowered: Vec<PathBuf>,
    /// Its private tmp.
    pub tmp: PathBuf,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Writes `record` to the disk. `folder` is made if it isn't there.
    pub fn begin(folder: &Path, record: &Record) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.json", record.container));
        let mut file = exclusive().create_new(true).open(&path)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        file.sync_all()?;
        Ok(Self { path, file })
    }

    /// All is taken back.
    pub fn end(self) -> io::Result<()> {
        drop(self.file);
        fs::remove_file(&self.path)
    }
}

/// The journals in `folder` whose processes are gone, each held so that nobody else takes back the same. One that is no
/// record was cut off before anything was granted, and is removed.
pub fn abandoned(folder: &Path) -> Vec<(Journal, Record)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(mut file) = exclusive().open(&path) else { continue };
        let mut text = Vec::new();
        if file.read_to_end(&mut text).is_err() {
            continue;
        }
        let journal = Journal { path, file };
        match serde_json::from_slice(&text) {
            Ok(record) => found.push((journal, record)),
            Err(_) => drop(journal.end()),
        }
    }
    found
}

/// Whoever has it open is the only one, until it is closed or its process is gone.
pub fn exclusive() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 0);
    options
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Journal, OfToken, Record, abandoned};

    fn record(name: &str) -> Record {
        let token = OfToken { lowered: vec!["C:\\work".into()], tmp: "C:\\tmp".into() };
        Record {
            container: name.to_owned(),
            paths: vec!["C:\\work".into(), "D:\\ü \u{1F600}".into()],
            above: vec!["C:\\".into()],
            token: Some(token),
        }
    }

    #[test]
    fn what_was_not_taken_back_is_found_and_what_was_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("not/there/yet");
        assert!(abandoned(&place).is_empty());
        Journal::begin(&place, &record("codex.1")).unwrap().end().unwrap();
        drop(Journal::begin(&place, &record("codex.2")).unwrap());
        let mut found = abandoned(&place);
        assert_eq!(found.len(), 1);
        let (journal, found) = found.remove(0);
        assert_eq!(found, record("codex.2"));
        journal.end().unwrap();
        assert!(abandoned(&place).is_empty());
    }

    #[test]
    fn what_an_earlier_version_wrote_down_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("codex.1.json"), r#"{"container":"codex.1","paths":["C:\\work"]}"#).unwrap();
        let (_, found) = abandoned(folder.path()).remove(0);
        let paths = vec!["C:\\work".into()];
        assert_eq!(found, Record { container: "codex.1".to_owned(), paths, above: Vec::new(), token: None });
    }

    #[test]
    fn two_sandboxes_have_two_journals() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Journal::begin(folder.path(), &record("codex.1")).unwrap();
        assert!(Journal::begin(folder.path(), &record("codex.1")).is_err());
        assert!(Journal::begin(folder.path(), &record("codex.2")).is_ok());
    }

    #[test]
    fn one_that_was_cut_off_is_removed_wherever_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let whole = serde_json::to_vec(&record("codex.1")).unwrap();
        for length in 0..whole.len() {
            let path = folder.path().join("codex.1.json");
            fs::write(&path, &whole[..length]).unwrap();
            assert!(abandoned(folder.path()).is_empty(), "{length}");
            assert!(!path.exists());
        }
    }
}
