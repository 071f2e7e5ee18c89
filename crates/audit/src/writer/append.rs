//! From an event to its line in the file.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use super::segment::Torn;
use super::session::Session;
use super::{Ack, AppendError, Core, Level, State};
use crate::event::{Event, EventKind};
use crate::limit::{command_of, leave_out, shorten};
use crate::log_note::LogNote;
use crate::record::fields_of;

/// A record between two checkpoints of a session, at most.
const RECORDS_PER_CHECKPOINT: u64 = 1024;

impl Core {
    /// The fields of an event as they are to be written.
    fn fields(&self, event: &mut Event) -> Result<Vec<u8>, AppendError> {
        if event.event.is_reserved() {
            return Err(AppendError::Reserved(event.event.name()));
        }
        event.log = None;
        let mut left_out = leave_out(event);
        let redacted = self.redactor.event(event);
        if event.event == EventKind::ExecDecision && event.command.is_none() && !event.argv.is_empty() {
            let line = self.redactor.text(&command_of(&event.argv, &mut left_out)).text.into_owned();
            event.command = Some(line);
        }
        let cut = shorten(event, &left_out);
        Ok(fields_of(event, redacted, cut)?)
    }

    /// The state of a log that is still open.
    fn lock_open(&self) -> Result<MutexGuard<'_, State>, AppendError> {
        let state = self.lock();
        // With the lock, so that nothing gets behind the end of the session.
        if self.closed.load(Ordering::Acquire) { Err(AppendError::Closed) } else { Ok(state) }
    }

    pub(super) fn defer(self: &Arc<Self>, event: &mut Event) -> Result<Option<String>, AppendError> {
        let fields = self.fields(event)?;
        let mut state = self.lock_open()?;
        let waited = state.waiting();
        state.deferred.push(fields);
        let warning = state.warning.clone();
        self.schedule(state, waited);
        Ok(warning)
    }

    pub(super) fn append(self: &Arc<Self>, event: &mut Event) -> Result<Ack, AppendError> {
        let fields = self.fields(event)?;
        let mut state = self.lock_open()?;
        let waited = state.waiting();
        let result = self.ready(&mut state, false).and_then(|_| match (state.lost, state.missing, &*state.deferred) {
            (0, None, []) => self.write_one(&mut state, &fields),
            _ => self.write_all(&mut state, Some(&fields)),
        });
        if let Err(source) = result {
            state.lost += 1;
            self.lose(&mut state, &source);
            let ack = Ack {
                session: state.session.id.clone(),
                seq: state.session.seq,
                written: false,
                warning: state.warning.clone(),
            };
            return if self.options.level == Level::Strict { Err(self.error(source)) } else { Ok(ack) };
        }
        let ack = Ack {
            session: state.session.id.clone(),
            seq: state.session.seq - 1,
            written: true,
            warning: state.warning.clone(),
        };
        if state.session.seq - state.session.signed >= RECORDS_PER_CHECKPOINT {
            self.write_checkpoint(&mut state);
        }
        let writes = state.writes;
        match self.options.level {
            Level::Strict => {
                if !self.store.is_folder() {
                    state.segment.release();
                }
                drop(state);
                self.sync_to(writes).map_err(|source| self.error(source))?;
            }
            Level::Standard => self.schedule(state, waited),
        }
        Ok(ack)
    }

    /// Writes what waits to be written.
    pub(super) fn write_deferred(&self, state: &mut State) {
        if state.deferred.is_empty() {
            return;
        }
        let written = self.ready(state, false).and_then(|_| self.write_all(state, None));
        if let Err(source) = written {
            self.lose(state, &source);
        }
    }

    /// Gives up what waits to be written, as the log can't be.
    fn lose(&self, state: &mut State, source: &io::Error) {
        state.lost += state.deferred.len() as u64;
        state.deferred.clear();
        state.segment.release();
        state.warning = Some(self.error(io::Error::new(source.kind(), source.to_string())).to_string());
    }

    /// A checkpoint that can't be written is made up for by the next.
    pub(super) fn write_checkpoint(&self, state: &mut State) {
        if let Some(key) = &self.key {
            let written = self
                .ready(state, false)
                .and_then(|_| self.write(state, |session, out| session.push_checkpoint(out, key)));
            if written.is_ok() {
                state.last_checkpoint = Instant::now();
            }
        }
    }

    /// Writes the records that `build` pushes, all in one write. Where that fails, the session goes on behind those that
    /// are in the log all the same.
    pub(super) fn write(
        &self,
        state: &mut State,
        build: impl FnOnce(&mut Session, &mut Vec<u8>) -> serde_json::Result<()>,
    ) -> io::Result<()> {
        let mut session = state.session.clone();
        let mut out = std::mem::take(&mut state.segment.buffer);
        out.clear();
        let result = build(&mut session, &mut out).map_err(|error| Torn::from(io::Error::from(error)));
        let result = result.and_then(|()| state.segment.append(&out)).map_err(|torn| {
            session = state.session.clone();
            session.follow(&out[..torn.left]);
            torn.source
        });
        state.segment.buffer = out;
        state.writes += session.seq - state.session.seq;
        state.session = session;
        if !self.store.is_folder() {
            state.segment.let_others_write();
        }
        result
    }

    /// Writes what was lost, what waits, and `last`.
    fn write_all(&self, state: &mut State, last: Option<&[u8]>) -> io::Result<()> {
        let (lost, missing, first) = (state.lost, state.missing, state.session.seq);
        let mut deferred = std::mem::take(&mut state.deferred);
        let result = self.write(state, |session, out| {
            session.push_missing(out, missing)?;
            if lost > 0 {
                let note = LogNote { cause: Some("lost".to_owned()), lost: Some(lost), ..LogNote::default() };
                session.push_note(out, EventKind::LogRepair, note)?;
            }
            for fields in deferred.iter().map(Vec::as_slice).chain(last) {
                session.push(out, fields);
            }
            Ok(())
        });
        let mut written = usize::try_from(state.session.seq - first).unwrap_or(usize::MAX);
        if missing.is_some() && written > 0 {
            written -= 1;
            state.missing = None;
        }
        if lost > 0 && written > 0 {
            written -= 1;
            state.lost = 0;
        }
        if result.is_err() {
            deferred.drain(..written.min(deferred.len()));
            state.deferred = deferred;
        } else if lost > 0 && missing.is_none() {
            state.warning = None;
        }
        result
    }

    /// [`Self::write`] for one record, which needs no copy of the session to be undone.
    fn write_one(&self, state: &mut State, fields: &[u8]) -> io::Result<()> {
        let mut out = std::mem::take(&mut state.segment.buffer);
        out.clear();
        let hash = state.session.line(&mut out, fields);
        let result = state.segment.append(&out);
        state.segment.buffer = out;
        // A part of one record is none.
        result.map_err(|torn| torn.source)?;
        state.session.advance(hash);
        state.writes += 1;
        if !self.store.is_folder() {
            state.segment.let_others_write();
        }
        Ok(())
    }
}
