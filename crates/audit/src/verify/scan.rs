//! One pass over the files of a log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;

use super::chain::Chain;
use super::{FirstBad, Stop, Verdict, file_head, folder_tree, session_of};
use crate::event::EventKind;
use crate::hash::{hex, sha256};
use crate::lines::{LineInfo, LineReader};
use crate::log_note::{LogNote, Tie};
use crate::note::{Checkpoint, PublicKey, SignedCheckpoint};
use crate::record::{LONGEST_LINE, PREFIX, RawLine, Record, head, split_torn};
use crate::store::{Access, Store, last_line, stat};
use crate::tree::Tree;

/// Torn lines that may wait for their repair record.
const MOST_TORN: usize = 256;

/// The state of a pass.
pub(super) struct Scan<'a> {
    store: &'a Store,
    verdict: Verdict,
    chains: BTreeMap<String, Chain>,
    /// Over all records, in the order of the files. Unused for a folder.
    tree: Tree,
    first_base: u64,
    /// The whole-log checkpoint to compare with on the way, and whether it fitted.
    given: Option<Checkpoint>,
    fits: Option<bool>,
    /// In a folder: files that a session was tied to and that are not there; files that retention removed.
    missing: Vec<(String, FirstBad)>,
    removed: BTreeSet<String>,
}

/// A line that is no record, waiting for the record that explains it.
struct Torn {
    info: LineInfo,
    sha256: String,
}

/// Where in which file.
struct At<'a> {
    file: &'a str,
    handle: &'a File,
    info: LineInfo,
    /// This is the first line of the file.
    first: bool,
    /// Records before this file may be gone.
    cut: bool,
    nth: usize,
}

impl At<'_> {
    fn bad(&self, reason: impl Into<String>) -> Stop {
        Stop::Bad(FirstBad { file: self.file.to_owned(), line: self.info.number, reason: reason.into() })
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(store: &'a Store, given: Option<Checkpoint>) -> Self {
        Self {
            store,
            verdict: Verdict::default(),
            chains: BTreeMap::new(),
            tree: Tree::default(),
            first_base: 0,
            given,
            fits: None,
            missing: Vec::new(),
            removed: BTreeSet::new(),
        }
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Each session and how many records it has.
    pub(super) fn heads(&self) -> Vec<(String, u64)> {
        self.chains.iter().map(|(session, chain)| (session.clone(), chain.next)).collect()
    }

    pub(super) fn verdict(&mut self) -> Verdict {
        self.verdict.sessions = self.chains.len() as u64;
        self.verdict.open_sessions = self.chains.values().filter(|chain| !chain.ended).count() as u64;
        self.verdict.clock_steps = self.chains.values().map(|chain| chain.clock_steps).sum();
        self.verdict.clone()
    }

    /// Reads one file, the `nth` of `count`.
    pub(super) fn file(&mut self, name: &str, nth: usize, count: usize) -> Result<(), Stop> {
        let file = self.store.dir.file(name, Access::Read)?;
        let handle = self.store.dir.file(name, Access::Read)?;
        if nth == 0 && !self.store.is_folder() {
            self.tree = file_head(&handle)?.base;
            self.first_base = self.tree.count();
        }
        // A writer that was idle may come back in any file, long after retention took its first records.
        let cut = if self.store.is_folder() { name.contains('-') } else { self.first_base > 0 };
        let may_be_torn = self.store.is_folder() || nth + 1 == count;
        let mut torn: Vec<Torn> = Vec::new();
        let mut lines = LineReader::new(BufReader::with_capacity(1 << 18, file));
        let mut line = Vec::with_capacity(4096);
        self.compare_here();
        while let Some(info) = lines.next(&mut line)? {
            let at = At { file: name, handle: &handle, info, first: info.number == 1, cut, nth };
            match self.line(&at, &line, may_be_torn, &mut torn) {
                Ok(()) => {}
                // A line that is no record is the cause of what seems wrong behind it.
                Err(Stop::Bad(bad)) => {
                    return Err(Stop::Bad(torn.first().map_or(bad, |torn| unexplained(name, torn))));
                }
                Err(stop) => return Err(stop),
            }
        }
        match torn.first() {
            Some(torn) => Err(Stop::Bad(unexplained(name, torn))),
            None => Ok(()),
        }
    }

    fn line(&mut self, at: &At, line: &[u8], may_be_torn: bool, torn: &mut Vec<Torn>) -> Result<(), Stop> {
        if line.len() > LONGEST_LINE {
            return Err(at.bad("longer than any record"));
        }
        let (fragment, rest) = split_torn(line);
        match RawLine::parse(rest) {
            Ok(raw) if raw.computed() != raw.hash => Err(at.bad("the record was changed: its hash does not fit")),
            Ok(raw) => {
                if !fragment.is_empty() {
                    self.fragment(at, fragment)?;
                }
                if !at.info.whole && !may_be_torn {
                    return Err(at.bad("the end of the file is missing"));
                }
                self.record(at, &raw, torn)
            }
            Err(_) if !at.info.whole && may_be_torn => self.fragment(at, line),
            Err(reason) if torn.len() >= MOST_TORN || !at.info.whole => Err(at.bad(reason)),
            Err(_) => {
                torn.push(Torn { info: at.info, sha256: hex(&sha256(line)) });
                Ok(())
            }
        }
    }

    /// What writes that were cut off left: the starts of records that their sessions did not write otherwise.
    fn fragment(&mut self, at: &At, mut fragments: &[u8]) -> Result<(), Stop> {
        while !fragments.is_empty() {
            let next = memchr::memmem::find(&fragments[1..], PREFIX).map_or(fragments.len(), |at| at + 1);
            let (fragment, rest) = fragments.split_at(next);
            let starts = fragment.len() < PREFIX.len() && PREFIX.starts_with(fragment) || fragment.starts_with(PREFIX);
            let fits = head(fragment).is_none_or(|head| {
                let session = std::str::from_utf8(head.session).unwrap_or_default();
                self.chains.get(session).map_or(0, |chain| chain.next) == head.seq
            });
            // Of a whole record, only the newline can be cut off.
            let ends = memchr::memmem::find(fragment, b",\"hash\":\"").is_none_or(|hash| fragment.len() < hash + 75)
                || RawLine::parse(fragment).is_ok_and(|raw| raw.computed() == raw.hash);
            if !(starts && fits && ends) {
                return Err(at.bad("bytes that belong to no record"));
            }
            self.verdict.torn += 1;
            fragments = rest;
        }
        Ok(())
    }

    fn record(&mut self, at: &At, raw: &RawLine, torn: &mut Vec<Torn>) -> Result<(), Stop> {
        let Some(kind) = kind_of(raw.event) else {
            return Err(at.bad(format!("no event is called {:?}", raw.event)));
        };
        if self.store.is_folder() && session_of(at.file) != raw.session {
            return Err(at.bad(format!(
                "a record of session {} in another session's file: files were swapped or mixed",
                raw.session
            )));
        }
        if at.first && at.nth > 0 && !self.store.is_folder() && kind != EventKind::LogRotate {
            return Err(at.bad("the file does not begin with log.rotate: it or the one before it was replaced"));
        }
        let log = if kind.is_reserved() {
            Record::parse(raw.line).map_err(|e| at.bad(e.to_string()))?.event.log.unwrap_or_default()
        } else {
            Box::default()
        };
        if !self.chains.contains_key(raw.session) {
            let chain = Chain::begin(raw, at.cut).map_err(|reason| at.bad(reason))?;
            self.chains.insert(raw.session.to_owned(), chain);
        }
        let Some(chain) = self.chains.get_mut(raw.session) else {
            return Ok(());
        };
        chain.take(raw).map_err(|reason| at.bad(reason))?;
        if kind == EventKind::LogCheckpoint {
            chain.check(raw, &log).map_err(|reason| at.bad(reason))?;
        }
        chain.count(raw);
        match kind {
            EventKind::SessionStart => self.tie(at, log.tie.as_ref())?,
            EventKind::LogRotate => self.rotate(at, &log)?,
            EventKind::LogRepair => {
                self.verdict.lost += log.lost.unwrap_or(0);
                let explained = |torn: &Torn| {
                    log.at == Some(torn.info.start)
                        && log.bytes == Some(torn.info.end - torn.info.start - 1)
                        && log.sha256.as_deref() == Some(&torn.sha256)
                };
                let before = torn.len();
                torn.retain(|torn| !explained(torn));
                self.verdict.torn += (before - torn.len()) as u64;
            }
            _ => {}
        }
        self.verdict.records += 1;
        if !self.store.is_folder() {
            self.tree.push(&raw.hash);
            self.compare_here();
        }
        Ok(())
    }

    /// Whether the record that a session was tied to is still where it was.
    fn tie(&mut self, at: &At, tie: Option<&Tie>) -> Result<(), Stop> {
        let Some(tie) = tie.filter(|tie| tie.at > 0 && !tie.hash.is_empty()) else {
            return Ok(());
        };
        let gone = || {
            at.bad(format!(
                "what was in the log when session began is gone or changed: the record that ends at byte {}{}",
                tie.at,
                tie.file.as_ref().map(|file| format!(" of {file}")).unwrap_or_default()
            ))
        };
        let other;
        let handle = match &tie.file {
            None if tie.at > at.info.start => return Err(gone()),
            None => at.handle,
            Some(file) => match self.store.dir.stat(file)? {
                None => {
                    let Stop::Bad(bad) =
                        at.bad(format!("the file {file}, which was there when this session began, is missing"))
                    else {
                        return Ok(());
                    };
                    self.missing.push((file.clone(), bad));
                    return Ok(());
                }
                Some(_) => {
                    other = self.store.dir.file(file, Access::Read)?;
                    &other
                }
            },
        };
        if stat(handle)?.size < tie.at {
            return Err(gone());
        }
        let (_, line) = last_line(handle, tie.at)?;
        let found = RawLine::parse(split_torn(&line).1).is_ok_and(|raw| hex(&raw.hash) == tie.hash);
        if found { Ok(()) } else { Err(gone()) }
    }

    fn rotate(&mut self, at: &At, log: &LogNote) -> Result<(), Stop> {
        if self.store.is_folder() {
            self.removed.extend(log.removed_files.iter().cloned());
            return Ok(());
        }
        if !at.first {
            return Err(at.bad("log.rotate in the middle of a file: two files were joined"));
        }
        let roots: Vec<String> = self.tree.roots().iter().map(|root| hex(root)).collect();
        if log.base != Some(self.tree.count()) || log.frontier != roots {
            return Err(at.bad("the files before this one are not those that were closed: a record or a file is missing or was replaced"));
        }
        self.verdict.removed = log.removed.unwrap_or(0);
        Ok(())
    }

    /// Remembers whether the log fitted the given checkpoint when it had as many records.
    fn compare_here(&mut self) {
        if let Some(given) =
            self.given.as_ref().filter(|given| given.extensions.is_empty() && given.size == self.tree.count())
        {
            self.fits = Some(given.root == self.tree.root());
        }
    }

    /// What can be judged only when all files were read.
    pub(super) fn finish(&mut self, files: &[String], key: Option<&PublicKey>) -> Result<(), Stop> {
        let bad = |file: &str, reason: String| Stop::Bad(FirstBad { file: file.to_owned(), line: 1, reason });
        let first = files.first().map(String::as_str).unwrap_or_default();
        if self.first_base > self.verdict.removed {
            return Err(bad(
                first,
                format!(
                    "the records before it are missing: {} were removed by retention, but it begins with record {}",
                    self.verdict.removed, self.first_base
                ),
            ));
        }
        if let Some((_, bad)) = self.missing.iter().find(|(file, _)| !self.removed.contains(file)) {
            return Err(Stop::Bad(bad.clone()));
        }
        if let Some(key) = key {
            for (session, chain) in &self.chains {
                self.verdict.unsigned += chain
                    .unsigned(session, key)
                    .map_err(|reason| bad(if self.store.is_folder() { session } else { first }, reason))?;
            }
        }
        Ok(())
    }

    /// Compares the log with a checkpoint that was kept elsewhere.
    pub(super) fn compare(
        &self,
        note: &SignedCheckpoint,
        key: Option<&PublicKey>,
        files: &[String],
    ) -> Result<(), Stop> {
        let last = files.last().map(String::as_str).unwrap_or_default();
        let bad =
            |reason: String| Stop::Bad(FirstBad { file: last.to_owned(), line: self.verdict.records + 1, reason });
        if let Some(key) = key {
            note.verify(key).map_err(|error| bad(error.to_string()))?;
        }
        let given = &note.checkpoint;
        if self.store.is_folder() || !given.extensions.is_empty() {
            return self.compare_folder(given, files, &bad);
        }
        if given.size < self.first_base {
            return Err(bad(
                "the records that the checkpoint covers were removed by retention: use a newer checkpoint".to_owned(),
            ));
        }
        match self.fits {
            Some(true) => Ok(()),
            Some(false) => Err(bad(format!(
                "the first {} records are not those of the checkpoint: the log was rewritten",
                given.size
            ))),
            None => Err(bad(format!(
                "the log has {} records, but the checkpoint covers {}: the end of the log or a file is missing",
                self.tree.count(),
                given.size
            ))),
        }
    }

    fn compare_folder(&self, given: &Checkpoint, files: &[String], bad: &impl Fn(String) -> Stop) -> Result<(), Stop> {
        let mut heads = Vec::new();
        for line in &given.extensions {
            let head = line
                .split_once(' ')
                .and_then(|(session, count)| Some((session.to_owned(), count.parse::<u64>().ok()?)));
            let Some((session, count)) = head else {
                return Err(bad("the checkpoint is not one of a log folder".to_owned()));
            };
            match self.chains.get(&session).map(|chain| chain.next) {
                None => return Err(bad(format!("session {session} is missing"))),
                Some(next) if next < count => {
                    return Err(bad(format!(
                        "session {session} has {next} records, but the checkpoint covers {count}: its end is missing"
                    )));
                }
                Some(_) => heads.push((session, count)),
            }
        }
        let tree = folder_tree(self.store, files, &heads)?;
        if tree.count() == given.size && tree.root() == given.root {
            Ok(())
        } else {
            Err(bad("the records are not those of the checkpoint: the log was rewritten".to_owned()))
        }
    }
}

fn unexplained(file: &str, torn: &Torn) -> FirstBad {
    FirstBad {
        file: file.to_owned(),
        line: torn.info.number,
        reason: "not a record, and no log.repair record explains it".to_owned(),
    }
}

/// The kind of an event name; the common ones without a look into a table of all.
fn kind_of(name: &str) -> Option<EventKind> {
    [
        EventKind::ExecDecision,
        EventKind::ExecStart,
        EventKind::ExecExit,
        EventKind::FileRead,
        EventKind::FileWrite,
        EventKind::NetworkConnect,
        EventKind::Denial,
    ]
    .into_iter()
    .find(|kind| kind.name() == name)
    .or_else(|| EventKind::named(name))
}
