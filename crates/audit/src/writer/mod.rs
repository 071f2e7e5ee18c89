//! The writer: redact, chain, append.

mod append;
mod commit;
mod file;
mod options;
mod segment;
mod session;

use std::collections::VecDeque;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::event::{Decision, Event, EventKind};
use crate::keyfile;
use crate::log_note::LogNote;
use crate::note::{Key, PublicKey, SignedCheckpoint};
use crate::redact::Redactor;
use crate::store::{SEGMENT, Store};
pub use options::{AppendError, CheckpointError, KeySource, Level, OpenError, Options};
use segment::Segment;
use session::Session;

/// An open audit log. Clones share one session; every method may be called from any thread.
///
/// Dropping the last clone closes the log. A process that ends without that loses nothing that was acknowledged; its
/// session only lacks a `session.end`.
#[derive(Clone, Debug)]
pub struct AuditLog(Arc<Handle>);

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The session of the record.
    pub session: String,
    /// Its number in the session.
    pub seq: u64,
    /// Whether it is in the log. Never false at level strict, which gives an error instead.
    pub written: bool,
    /// What is wrong with the log, in words for people: show it loudly, once.
    pub warning: Option<String>,
}

impl Ack {
    /// `<session>:<seq>`, by which the record can be found.
    pub fn id(&self) -> String {
        format!("{}:{}", self.session, self.seq)
    }
}

#[derive(Debug)]
struct Handle {
    core: Arc<Core>,
}

#[derive(Debug)]
struct Core {
    store: Store,
    options: Options,
    redactor: Redactor,
    key: Option<Key>,
    state: Mutex<State>,
    /// Wakes the committer.
    dirty: Condvar,
    /// How many records are known to be on the disk; the lock makes one thread sync for all that wait.
    synced: Mutex<u64>,
    closed: AtomicBool,
}

#[derive(Debug)]
struct State {
    session: Session,
    segment: Segment,
    /// Records written so far, and how many of them a sync was started for.
    writes: u64,
    sync_started: u64,
    /// How many of them are known to be on the disk, as [`Core::synced`] has it.
    synced: u64,
    /// Those that a failed sync left in doubt, for the last such syncs.
    unsynced: VecDeque<RangeInclusive<u64>>,
    /// What is to be written with the next record, or when the committer next wakes.
    deferred: Vec<Vec<u8>>,
    /// Events that could not be written since the last that could.
    lost: u64,
    /// What somebody else did to records that were written, until that is written down: the cause of a `log.repair`.
    missing: Option<&'static str>,
    warning: Option<String>,
    last_checkpoint: Instant,
    committer: bool,
}

impl AuditLog {
    /// Opens a log, made with its folders where they are missing.
    ///
    /// A path that ends in a separator or is a folder gets one file per writer; any other path is one file that all
    /// writers share. Existing logs are continued, torn tails mended. At level standard, a signing key that can't be
    /// made is only warned of.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        if options.max_bytes == 0 || options.max_files < 2 {
            return Err(OpenError::Limits);
        }
        let io = |source: io::Error| OpenError::Io { path: path.display().to_string(), source };
        let store = Store::open(path, true).map_err(io)?;
        let mut redactor = Redactor::new(&options.identity)?;
        if let Some(key) = options.pseudonym_key {
            redactor = redactor.with_pseudonyms(key);
        }
        let (key, warning) = load_key(&store, &options)?;
        let session = Session::new().map_err(|e| io(io::Error::other(e.to_string())))?;
        let name = store.name.clone().unwrap_or_else(|| format!("{}{SEGMENT}", session.id));
        let segment = Segment::open(&store, name).map_err(io)?;
        let now = Instant::now();
        let state = State {
            session,
            segment,
            writes: 0,
            sync_started: 0,
            synced: 0,
            unsynced: VecDeque::new(),
            deferred: Vec::new(),
            lost: 0,
            missing: None,
            warning,
            last_checkpoint: now,
            committer: false,
        };
        let core = Arc::new(Core {
            store,
            options,
            redactor,
            key,
            state: Mutex::new(state),
            dirty: Condvar::new(),
            synced: Mutex::new(0),
            closed: AtomicBool::new(false),
        });
        core.start().map_err(io)?;
        Ok(Self(Arc::new(Handle { core })))
    }

    /// Redacts an event, chains it, and writes it.
    pub fn append(&self, mut event: Event) -> Result<Ack, AppendError> {
        self.0.core.append(&mut event)
    }

    /// Has an event written together with the next one, at the latest 10 ms from now: for what nobody waits for. It is
    /// not acknowledged, and a process that is killed meanwhile loses it. At level strict, it is written now.
    ///
    /// Returns what is wrong with the log, in words for people.
    pub fn append_soon(&self, mut event: Event) -> Result<Option<String>, AppendError> {
        let core = &self.0.core;
        match core.options.level {
            Level::Strict => core.append(&mut event).map(|ack| ack.warning),
            Level::Standard => core.defer(&mut event),
        }
    }

    /// Logs the judgement of a command given as one line.
    pub fn log_command_exec(&self, command: &str, decision: Decision) -> Result<Ack, AppendError> {
        self.append(Event {
            command: Some(command.to_owned()),
            decision: Some(decision),
            ..Event::new(EventKind::ExecDecision)
        })
    }

    /// Logs a file that was read, or whose reading was refused.
    pub fn log_file_read(&self, path: &str, decision: Decision) -> Result<Ack, AppendError> {
        self.append(Event { path: Some(path.to_owned()), decision: Some(decision), ..Event::new(EventKind::FileRead) })
    }

    /// Logs a file that was written, or whose writing was refused.
    pub fn log_file_write(&self, path: &str, decision: Decision) -> Result<Ack, AppendError> {
        self.append(Event { path: Some(path.to_owned()), decision: Some(decision), ..Event::new(EventKind::FileWrite) })
    }

    /// Logs a connection that was made, or refused. `host` may be `name:port`.
    pub fn log_network_access(&self, host: &str, decision: Decision) -> Result<Ack, AppendError> {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
            _ => (host, None),
        };
        let name = if port.is_some() { name } else { host };
        self.append(Event {
            host: Some(name.to_owned()),
            port,
            decision: Some(decision),
            ..Event::new(EventKind::NetworkConnect)
        })
    }

    /// This writer's session id.
    pub fn session(&self) -> String {
        self.0.core.lock().session.id.clone()
    }

    /// The log's path, as it was given.
    pub fn path(&self) -> &Path {
        &self.0.core.store.path
    }

    /// What an acknowledgement of this log promises.
    pub fn level(&self) -> Level {
        self.0.core.options.level
    }

    /// The public key that the checkpoints are signed with.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.0.core.key.as_ref().map(Key::public)
    }

    /// What is wrong with the log now, in words for people.
    pub fn warning(&self) -> Option<String> {
        self.0.core.lock().warning.clone()
    }

    /// A signed checkpoint over the whole log, to be kept elsewhere. Reads the whole log.
    pub fn checkpoint(&self) -> Result<String, CheckpointError> {
        let key = self.0.core.key.as_ref().ok_or(CheckpointError::NoKey)?;
        crate::verify::checkpoint(&self.0.core.store.path, key)
    }

    /// Reads a signed checkpoint of this log back; for tests and tools that keep them.
    pub fn parse_checkpoint(note: &str) -> Result<SignedCheckpoint, CheckpointError> {
        Ok(SignedCheckpoint::parse(note)?)
    }

    /// Waits until everything acknowledged so far is on the disk.
    pub fn sync(&self) -> Result<(), AppendError> {
        let core = &self.0.core;
        let writes = core.lock().writes;
        core.sync_to(writes).map_err(|source| core.error(source))
    }

    /// Ends the session: a `session.end`, a last checkpoint, a sync. Later appends are refused; closing twice is fine.
    pub fn close(&self) -> Result<(), AppendError> {
        self.0.core.close()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Nobody is left to tell of a failure; the session then simply has no end.
        let _ = self.core.close();
    }
}

/// The key, or a warning where the log can do without.
fn load_key(store: &Store, options: &Options) -> Result<(Option<Key>, Option<String>), OpenError> {
    let loaded = |(key, warning)| (Some(key), warning);
    match &options.key {
        KeySource::None => Ok((None, None)),
        KeySource::Given(key) => Ok((Some(key.clone()), None)),
        KeySource::File(path) => keyfile::load_or_create_at(path).map(loaded).map_err(Into::into),
        KeySource::Beside => match keyfile::load_or_create(&store.dir, &store.key_name()) {
            Ok(key) => Ok(loaded(key)),
            Err(error) if options.level == Level::Strict => Err(error.into()),
            Err(error) => Ok((None, Some(format!("audit checkpoints are not signed: {error}")))),
        },
    }
}

impl State {
    /// Notes that records which were written are gone from the log: it was removed, replaced or cut by somebody else.
    fn miss(&mut self, cause: &'static str, path: &Path) {
        self.missing = Some(cause);
        let path = path.display();
        self.warning = Some(format!(
            "the audit log {path} was {cause} by another program: records from before are missing, and it goes on \
             without them; keep others from it, and let it rotate by itself"
        ));
    }
}

impl Core {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, source: io::Error) -> AppendError {
        AppendError::Io { path: self.store.path.display().to_string(), source }
    }

    /// Writes `session.start` and the first checkpoint.
    fn start(&self) -> io::Result<()> {
        let mut state = self.lock();
        let tie = self.ready(&mut state, true)?;
        let note = LogNote {
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            level: Some(self.options.level.name().to_owned()),
            key: self.key.as_ref().map(|key| key.public().to_string()),
            tie,
            ..LogNote::default()
        };
        self.write(&mut state, |session, out| {
            // Where a torn tail was mended, the start was written with it.
            if !session.started {
                session.push_note(out, EventKind::SessionStart, note)?;
            }
            self.key.as_ref().map_or(Ok(()), |key| session.push_checkpoint(out, key))
        })?;
        let writes = state.writes;
        // Nobody may write for long, and no thread looks after the lock yet.
        if !self.store.is_folder() {
            state.segment.release();
        }
        drop(state);
        if self.options.level == Level::Strict {
            self.sync_to(writes)?;
            // The names of a new file and a new folder must last as well.
            let _ = self.store.dir.sync();
        }
        Ok(())
    }

    fn close(&self) -> Result<(), AppendError> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let mut state = self.lock();
        // Where somebody took the file away meanwhile, the end of the session must not go with it.
        state.segment.release();
        self.write_deferred(&mut state);
        let result = self.ready(&mut state, false).and_then(|_| {
            let missing = state.missing;
            self.write(&mut state, |session, out| {
                session.push_missing(out, missing)?;
                session.push_note(out, EventKind::SessionEnd, LogNote::default())?;
                self.key.as_ref().map_or(Ok(()), |key| session.push_checkpoint(out, key))
            })
        });
        let writes = state.writes;
        state.segment.release();
        drop(state);
        self.dirty.notify_all();
        let result = result.and_then(|()| self.sync_to(writes)).map_err(|source| self.error(source));
        self.lock().segment.close();
        self.store.dir.close();
        result
    }
}
