//! One session's chain, as the verifier follows it.

use crate::event::EventKind;
use crate::hash::{GENESIS, Hash};
use crate::log_note::LogNote;
use crate::note::{PublicKey, SignedCheckpoint};
use crate::record::RawLine;
use crate::tree::Tree;

/// What is known of a session so far.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) next: u64,
    prev: Hash,
    tree: Tree,
    /// Its first records were removed by retention, so its tree can't be rebuilt.
    partial: bool,
    pub(super) ended: bool,
    time: String,
    /// The last checkpoint and how many records it covers.
    pub(super) note: Option<SignedCheckpoint>,
    pub(super) covered: u64,
    /// Whether the last record is the checkpoint that covers all before it.
    pub(super) sealed: bool,
    pub(super) clock_steps: u64,
}

impl Chain {
    /// The chain whose first record is `raw`. `cut`: earlier ones may have been removed by retention.
    pub(super) fn begin(raw: &RawLine, cut: bool) -> Result<Self, String> {
        if raw.seq == 0 {
            return match () {
                () if raw.prev != GENESIS => Err("the first record of a session names a previous one".to_owned()),
                // A writer that opens a full file rotates it first.
                () if raw.event != EventKind::SessionStart.name() && raw.event != EventKind::LogRotate.name() => {
                    Err("a session does not begin with session.start".to_owned())
                }
                () => Ok(Self { prev: GENESIS, ..Self::default() }),
            };
        }
        if cut {
            return Ok(Self { next: raw.seq, prev: raw.prev, partial: true, ..Self::default() });
        }
        Err(format!("records 0 to {} of session {} are missing", raw.seq - 1, raw.session))
    }

    /// Takes the next record.
    pub(super) fn take(&mut self, raw: &RawLine) -> Result<(), String> {
        if raw.seq != self.next {
            return Err(match raw.seq > self.next {
                true => format!("record {} of session {} is missing before this one", self.next, raw.session),
                false => format!("record {} of session {} comes again, or out of order", raw.seq, raw.session),
            });
        }
        if raw.prev != self.prev {
            return Err(format!("the record before it in session {} was changed or replaced", raw.session));
        }
        if self.ended && raw.event != EventKind::LogCheckpoint.name() {
            return Err(format!("session {} had ended", raw.session));
        }
        if raw.time < self.time.as_str() {
            self.clock_steps += 1;
        }
        raw.time.clone_into(&mut self.time);
        self.prev = raw.hash;
        self.ended |= raw.event == EventKind::SessionEnd.name();
        self.sealed = false;
        Ok(())
    }

    /// Adds the taken record to the tree.
    pub(super) fn count(&mut self, raw: &RawLine) {
        self.next += 1;
        if !self.partial {
            self.tree.push(&raw.hash);
        }
    }

    /// Compares a checkpoint record with the records before it. Call between `take` and `count`.
    pub(super) fn check(&mut self, raw: &RawLine, log: &LogNote) -> Result<(), String> {
        let note = SignedCheckpoint::parse(log.note.as_deref().unwrap_or_default()).map_err(|e| e.to_string())?;
        if note.checkpoint.size != raw.seq || !note.checkpoint.origin.ends_with(raw.session) {
            return Err("the checkpoint is of another place in the log".to_owned());
        }
        if !self.partial && note.checkpoint.root != self.tree.root() {
            return Err("the checkpoint does not fit the records before it: the log was rewritten".to_owned());
        }
        self.covered = note.checkpoint.size;
        self.note = Some(note);
        self.sealed = true;
        Ok(())
    }

    /// How many records no checkpoint signed by `key` covers; an error when none of them is covered,
    /// unless it is the start alone.
    pub(super) fn unsigned(&self, session: &str, key: &PublicKey) -> Result<u64, String> {
        match &self.note {
            // Of its start and the first checkpoint, a full disk or a crash can leave the start alone.
            None if self.next == 1 => Ok(1),
            None => Err(format!("no record of session {session} is signed")),
            Some(note) => match note.verify(key) {
                Ok(()) => Ok(self.next - self.covered - u64::from(self.sealed)),
                Err(error) => Err(format!("session {session}: {error}")),
            },
        }
    }
}
