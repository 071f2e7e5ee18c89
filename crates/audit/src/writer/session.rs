//! One writer's chain: its id, its next number, its hashes.

use crate::clock::{format_ms, now_ms};
use crate::event::{Event, EventKind};
use crate::hash::{GENESIS, Hash, hex};
use crate::log_note::LogNote;
use crate::note::{Checkpoint, Key};
use crate::record::{Place, RawLine, fields_of, push_line};
use crate::tree::Tree;

/// The chain of one writer, as far as it was written.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) seq: u64,
    prev: Hash,
    tree: Tree,
    /// How many records the last checkpoint covers.
    pub(super) signed: u64,
    /// Whether its `session.start` is written. A rotation at the open comes before it.
    pub(super) started: bool,
}

impl Session {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut random = [0; 10];
        getrandom::fill(&mut random)?;
        let time = now_ms().to_be_bytes();
        let id = format!("{}{}", hex(&time[2..]), hex(&random));
        Ok(Self { id, seq: 0, prev: GENESIS, tree: Tree::default(), signed: 0, started: false })
    }

    /// Appends the next record to `out`; [`Self::advance`] counts it.
    pub(super) fn line(&self, out: &mut Vec<u8>, fields: &[u8]) -> Hash {
        let place = Place { session: &self.id, seq: self.seq, time: format_ms(now_ms()), prev: &self.prev };
        push_line(out, &place, fields)
    }

    /// Moves on behind the record with this hash.
    pub(super) fn advance(&mut self, hash: Hash) {
        self.prev = hash;
        self.seq += 1;
        self.tree.push(&hash);
    }

    /// Appends the next record to `out` and moves on. Undo by keeping a copy of `self`.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, fields: &[u8]) {
        let hash = self.line(out, fields);
        self.advance(hash);
    }

    /// Moves on behind the whole lines in `bytes`: what is in the file of a write that failed.
    pub(super) fn follow(&mut self, bytes: &[u8]) {
        let whole = memchr::memrchr(b'\n', bytes).unwrap_or(0);
        for raw in bytes[..whole].split(|b| *b == b'\n').filter_map(|line| RawLine::parse(line).ok()) {
            self.advance(raw.hash);
            self.started |= raw.event == EventKind::SessionStart.name();
            if raw.event == EventKind::LogCheckpoint.name() {
                self.signed = self.seq;
            }
        }
    }

    /// A record of the log about itself.
    pub(super) fn push_note(&mut self, out: &mut Vec<u8>, kind: EventKind, note: LogNote) -> serde_json::Result<()> {
        let mut event = Event::new(kind);
        event.log = Some(Box::new(note));
        let fields = fields_of(&event, 0, 0)?;
        self.push(out, &fields);
        self.started |= kind == EventKind::SessionStart;
        Ok(())
    }

    /// A note that somebody else did something to what was in the log, if so.
    pub(super) fn push_missing(&mut self, out: &mut Vec<u8>, cause: Option<&str>) -> serde_json::Result<()> {
        let note = |cause: &str| LogNote { cause: Some(cause.to_owned()), ..LogNote::default() };
        cause.map_or(Ok(()), |cause| self.push_note(out, EventKind::LogRepair, note(cause)))
    }

    /// A signed tree head over the records so far, if there are new ones.
    pub(super) fn push_checkpoint(&mut self, out: &mut Vec<u8>, key: &Key) -> serde_json::Result<()> {
        if self.signed == self.seq {
            return Ok(());
        }
        let origin = format!("{}/{}", key.public().name(), self.id);
        let note = key.sign(&Checkpoint { origin, size: self.seq, root: self.tree.root(), extensions: Vec::new() });
        self.push_note(out, EventKind::LogCheckpoint, LogNote { note: Some(note), ..LogNote::default() })?;
        self.signed = self.seq;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_behind_what_a_failed_write_left() {
        let key = Key::from_seed(&[7; 32]);
        let before = Session::new().unwrap();
        let (mut whole, mut out, mut ends) = (before.clone(), Vec::new(), vec![(0, before.clone())]);
        for kind in [EventKind::SessionStart, EventKind::LogCheckpoint, EventKind::LogRepair] {
            if kind == EventKind::LogCheckpoint {
                whole.push_checkpoint(&mut out, &key).unwrap();
            } else {
                whole.push_note(&mut out, kind, LogNote::default()).unwrap();
            }
            ends.push((out.len(), whole.clone()));
        }
        for left in 0..=out.len() {
            let mut session = before.clone();
            session.follow(&out[..left]);
            let (_, expected) = ends.iter().rfind(|(end, _)| *end <= left).unwrap();
            assert_eq!(format!("{session:?}"), format!("{expected:?}"), "{left}");
        }
    }
}
