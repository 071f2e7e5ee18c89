//! The verifier: whether a log is what its writers wrote, and where it is not.

mod chain;
mod scan;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;

use serde::Serialize;

use crate::hash::from_hex;
use crate::lines::LineReader;
use crate::note::{Checkpoint, Key, NoteError, PublicKey, SignedCheckpoint};
use crate::record::{RawLine, Record, split_torn};
use crate::store::{Access, SEGMENT, Store};
use crate::tree::Tree;
use crate::writer::CheckpointError;
use scan::Scan;

/// What a log is compared with, besides itself.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// A checkpoint of the whole log that was kept elsewhere: detects a cut tail and missing files.
    pub checkpoint: Option<String>,
    /// The public key that signed the log: detects a log that was rewritten as a whole.
    pub public_key: Option<PublicKey>,
}

/// What the verifier found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether the log holds.
    pub ok: bool,
    /// How many records were read and hold.
    pub records: u64,
    /// The first that does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<FirstBad>,
    /// How many sessions wrote them, and how many of those have no `session.end`: running, killed, or cut.
    pub sessions: u64,
    /// Sessions without a `session.end`.
    pub open_sessions: u64,
    /// Records that a crash or a full disk left unfinished. None of them was acknowledged.
    pub torn: u64,
    /// Events that could not be written, as the log itself reports.
    pub lost: u64,
    /// Records that retention removed, as the log itself reports.
    pub removed: u64,
    /// With a public key: records behind the last checkpoint of their session, which only the chain protects.
    pub unsigned: u64,
    /// How often the clock was set back within a session.
    pub clock_steps: u64,
}

/// The first record that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirstBad {
    /// The name of its file.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// What is wrong, in words for people.
    pub reason: String,
}

/// Why a log could not be verified at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The log can't be read.
    #[error("the audit log {path} can't be read: {source}")]
    Io {
        /// The log.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The checkpoint given is none.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Verifies a log file with its rotated predecessors, or a log folder.
pub fn verify(path: &Path, options: &VerifyOptions) -> Result<Verdict, VerifyError> {
    let io = |source| VerifyError::Io { path: path.display().to_string(), source };
    let store = Store::open(path, false).map_err(io)?;
    let files = store.files().map_err(io)?;
    if files.is_empty() && options.checkpoint.is_none() {
        return Err(io(crate::store::no_log(&store)));
    }
    let given = options.checkpoint.as_deref().map(SignedCheckpoint::parse).transpose()?;
    let mut scan = Scan::new(&store, given.as_ref().map(|note| note.checkpoint.clone()));
    let mut result = files.iter().enumerate().try_for_each(|(at, file)| scan.file(file, at, files.len()));
    if result.is_ok() {
        result = scan.finish(&files, options.public_key.as_ref());
    }
    if let (Ok(()), Some(note)) = (&result, &given) {
        result = scan.compare(note, options.public_key.as_ref(), &files);
    }
    let mut verdict = scan.verdict();
    match result {
        Ok(()) => verdict.ok = true,
        Err(Stop::Bad(bad)) => verdict.first_bad = Some(bad),
        Err(Stop::Io(source)) => return Err(io(source)),
    }
    Ok(verdict)
}

/// A checkpoint over the whole log, signed with `key`. A log that does not hold is not signed.
pub fn checkpoint(path: &Path, key: &Key) -> Result<String, CheckpointError> {
    let store = Store::open(path, false)?;
    let files = store.files()?;
    let mut scan = Scan::new(&store, None);
    let result = files.iter().enumerate().try_for_each(|(at, file)| scan.file(file, at, files.len()));
    match result.and_then(|()| scan.finish(&files, None)) {
        Ok(()) => {}
        Err(Stop::Io(error)) => return Err(error.into()),
        Err(Stop::Bad(FirstBad { file, line, reason })) => {
            return Err(CheckpointError::Broken { file, line, reason });
        }
    }
    let (tree, extensions) = if store.is_folder() {
        let heads: Vec<(String, u64)> = scan.heads();
        let tree = folder_tree(&store, &files, &heads)?;
        (tree, heads.iter().map(|(session, count)| format!("{session} {count}")).collect())
    } else {
        (scan.tree().clone(), Vec::new())
    };
    Ok(key.sign(&Checkpoint {
        origin: key.public().name().to_owned(),
        size: tree.count(),
        root: tree.root(),
        extensions,
    }))
}

/// Why a scan ended early.
enum Stop {
    Bad(FirstBad),
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What the first record of a file says about the files before it.
pub(crate) struct FileHead {
    /// The tree over all earlier records.
    pub(crate) base: Tree,
    /// How many of them retention had removed.
    pub(crate) removed: u64,
    /// Whether it begins as a rotation makes it.
    pub(crate) rotated: bool,
}

/// Reads what a file says about its predecessors; a first file says nothing.
pub(crate) fn file_head(mut file: &File) -> io::Result<FileHead> {
    file.rewind()?;
    let mut line = Vec::new();
    LineReader::new(BufReader::new(file)).next(&mut line)?;
    let none = FileHead { base: Tree::default(), removed: 0, rotated: false };
    if !RawLine::parse(&line).is_ok_and(|raw| raw.event == "log.rotate") {
        return Ok(none);
    }
    let Some(log) = Record::parse(&line).ok().and_then(|record| record.event.log) else {
        return Ok(none);
    };
    let roots: Option<Vec<_>> = log.frontier.iter().map(|root| from_hex(root.as_bytes())).collect();
    let base = log.base.zip(roots).and_then(|(count, roots)| Tree::resume(count, roots)).unwrap_or_default();
    Ok(FileHead { base, removed: log.removed.unwrap_or(0), rotated: true })
}

/// The tree over all records up to the end of a file, given the tree before it.
pub(crate) fn tree_of(mut file: &File, base: Tree) -> io::Result<Tree> {
    file.rewind()?;
    let mut tree = base;
    let mut line = Vec::new();
    let mut lines = LineReader::new(BufReader::with_capacity(1 << 18, file));
    while lines.next(&mut line)?.is_some() {
        if let Ok(raw) = RawLine::parse(split_torn(&line).1) {
            tree.push(&raw.hash);
        }
    }
    Ok(tree)
}

/// The tree over the first records of each session of a folder, in the order of `heads`.
fn folder_tree(store: &Store, files: &[String], heads: &[(String, u64)]) -> io::Result<Tree> {
    let mut by_session: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for file in files {
        by_session.entry(session_of(file)).or_default().push(file);
    }
    let mut tree = Tree::default();
    let mut line = Vec::new();
    for (session, count) in heads {
        for file in by_session.get(session.as_str()).into_iter().flatten() {
            let mut lines = LineReader::new(BufReader::with_capacity(1 << 18, store.dir.file(file, Access::Read)?));
            while lines.next(&mut line)?.is_some() {
                match RawLine::parse(split_torn(&line).1) {
                    Ok(raw) if raw.seq < *count => tree.push(&raw.hash),
                    _ => {}
                }
            }
        }
    }
    Ok(tree)
}

/// The session that a segment file's name says it holds.
fn session_of(file: &str) -> &str {
    let stem = file.strip_suffix(SEGMENT).unwrap_or(file);
    stem.split_once('-').map_or(stem, |(session, _)| session)
}
