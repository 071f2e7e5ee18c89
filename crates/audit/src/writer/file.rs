//! The file being written, among several writers: which one it is, its mending, its rotation.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use super::session::Session;
use super::{Core, State};
use crate::event::EventKind;
use crate::hash::{hex, sha256};
use crate::log_note::{LogNote, Tie};
use crate::record::RawLine;
use crate::store::{Access, Lock, SEGMENT, Store, last_line, lock, read_before, size_limit, stat};
use crate::verify::{FileHead, file_head, tree_of};

/// Bytes below which a torn tail is hashed for its repair record.
const LONGEST_TORN: u64 = 16 << 20;

impl Core {
    /// Makes the segment ready for one append: the right file, with the lock, ending in a newline, not too large.
    /// With `tie`, also returns what the session's first record is to be tied to.
    pub(super) fn ready(&self, state: &mut State, mut tie: bool) -> io::Result<Option<Tie>> {
        if state.segment.lease.is_some()
            && !tie
            && !state.segment.sync_failed
            && state.segment.size < self.options.max_bytes
        {
            if !state.segment.is_lease_over() || self.renew(state)? {
                return Ok(None);
            }
            state.segment.release();
        }
        let mut rotated = false;
        for _ in 0..64 {
            let segment = &mut state.segment;
            segment.release();
            segment.limit = size_limit();
            // At a limit, the size must be known to the byte: who writes beyond it is ended by a signal.
            lock(segment.file()?, if segment.limit == u64::MAX { Lock::Shared } else { Lock::Exclusive })?;
            segment.lease = Some(Instant::now());
            let Some(now) = self.store.dir.stat(&segment.name)?.filter(|now| now.is_same(&segment.id)) else {
                // Another writer rotated it, or somebody who is none took it away.
                let file = self.store.dir.file(&segment.name, Access::Append)?;
                let rotated = file_head(&file)?.rotated;
                segment.replace(file)?;
                if !rotated {
                    state.miss("removed", &self.store.path);
                }
                continue;
            };
            // At least so much of it was there after the last write.
            if segment.whole_at.is_some_and(|at| now.size < at) {
                segment.whole_at = None;
                state.miss("cut", &self.store.path);
            }
            let segment = &mut state.segment;
            segment.size = now.size;
            // Before rotation: what is closed must end in a whole line.
            let whole = now.size == 0 || segment.whole_at == Some(now.size);
            if !whole && read_before(segment.file()?, now.size, 1)? != b"\n" {
                segment.release();
                tie &= !self.mend(state, tie)?;
                continue;
            }
            // A file that holds nothing yet but its head is as small as it gets.
            let full = (now.size >= self.options.max_bytes && !rotated) || segment.sync_failed;
            if full && now.size > 0 && segment.rotate_after.is_none_or(|at| at <= Instant::now()) {
                segment.release();
                if let Err(error) = self.rotate(state) {
                    // A folder that can't be written to must not stop the log: the file grows on.
                    state.segment.rotate_after = Instant::now().checked_add(std::time::Duration::from_secs(60));
                    state.warning = Some(format!("the audit log can't be rotated: {error}; it grows beyond its limit"));
                }
                rotated = true;
                continue;
            }
            return if tie { self.tie(state).map(Some) } else { Ok(None) };
        }
        Err(io::Error::other("another program keeps replacing the log file"))
    }

    /// Keeps the lock of a folder's file, which is only ours, if the file is still there.
    fn renew(&self, state: &mut State) -> io::Result<bool> {
        let segment = &mut state.segment;
        let stays = self.store.is_folder()
            && self
                .store
                .dir
                .stat(&segment.name)?
                .is_some_and(|now| now.is_same(&segment.id) && now.size >= segment.size);
        if stays {
            segment.lease = Some(Instant::now());
        }
        Ok(stays)
    }

    /// What was last in the log when this session began.
    fn tie(&self, state: &State) -> io::Result<Tie> {
        let at = state.segment.size;
        if !self.store.is_folder() {
            return tie_in(state.segment.file()?, at, None);
        }
        let other = self.store.files()?.into_iter().rfind(|name| *name != state.segment.name);
        let Some(name) = other else {
            return Ok(Tie { file: None, at: 0, hash: String::new() });
        };
        let file = self.store.dir.file(&name, Access::Read)?;
        let end = whole_lines_end(&file, stat(&file)?.size)?;
        tie_in(&file, end, Some(name))
    }

    /// Ends a torn line, and writes down what was torn. Returns whether the session's first records were written with it.
    fn mend(&self, state: &mut State, starts: bool) -> io::Result<bool> {
        let file = Arc::clone(state.segment.file()?);
        lock(&file, Lock::Exclusive)?;
        state.segment.lease = Some(Instant::now());
        let here = self.store.dir.stat(&state.segment.name)?.is_some_and(|now| now.is_same(&state.segment.id));
        let size = stat(&file)?.size;
        if !here || size == 0 || read_before(&file, size, 1)? == b"\n" {
            state.segment.release();
            return Ok(false);
        }
        state.segment.size = size;
        let at = whole_lines_end(&file, size)?;
        let torn = if size - at <= LONGEST_TORN { read_before(&file, size, size - at)? } else { Vec::new() };
        let repair = LogNote {
            cause: Some("torn".to_owned()),
            at: Some(at),
            bytes: Some(size - at),
            sha256: Some(hex(&sha256(&torn))),
            ..LogNote::default()
        };
        let tie = if starts && !state.session.started { Some(tie_in(&file, at, None)?) } else { None };
        // The newline and the records are one write, so that no other writer gets between them.
        let mut session = state.session.clone();
        let mut out = vec![b'\n'];
        if let Some(tie) = tie {
            let start = LogNote {
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                level: Some(self.options.level.name().to_owned()),
                key: self.key.as_ref().map(|key| key.public().to_string()),
                tie: Some(tie),
                ..LogNote::default()
            };
            session.push_note(&mut out, EventKind::SessionStart, start)?;
        }
        session.push_note(&mut out, EventKind::LogRepair, repair)?;
        self.sign_first(&mut session, &mut out)?;
        // With the exclusive lock, what is torn here is taken back.
        state.segment.append(&out).map_err(|torn| torn.source)?;
        state.writes += session.seq - state.session.seq;
        state.session = session;
        // Not turned into a shared lock: between the two, somebody may rotate the file.
        state.segment.release();
        Ok(starts && state.session.started)
    }

    /// Signs a session with its first records, so that no crash leaves it without a signature.
    fn sign_first(&self, session: &mut Session, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match &self.key {
            Some(key) if session.signed == 0 => session.push_checkpoint(out, key),
            _ => Ok(()),
        }
    }

    /// Closes the current file under a number and begins a new one that starts with a `log.rotate` record.
    fn rotate(&self, state: &mut State) -> io::Result<()> {
        let old = Arc::clone(state.segment.file()?);
        lock(&old, Lock::Exclusive)?;
        let result = self.rotate_locked(state, &old);
        lock(&old, Lock::None)?;
        if let Some(file) = result? {
            state.segment.replace(file)?;
            state.segment.sync_failed = false;
        }
        Ok(())
    }

    fn rotate_locked(&self, state: &mut State, old: &File) -> io::Result<Option<File>> {
        let dir = &self.store.dir;
        let name = state.segment.name.clone();
        let Some(now) = dir.stat(&name)?.filter(|now| now.is_same(&state.segment.id)) else {
            return Ok(None);
        };
        let torn = now.size > 0 && read_before(old, now.size, 1)? != b"\n";
        if torn || (now.size < self.options.max_bytes && !state.segment.sync_failed) {
            return Ok(None);
        }
        // What is closed is on the disk before its successor speaks of it. A failed sync stays failed.
        if !state.segment.sync_failed
            && let Err(error) = old.sync_data()
        {
            state.doubt(&error);
        }
        let cause = if state.segment.sync_failed { "sync-failed" } else { "size" };
        let mut note = LogNote { cause: Some(cause.to_owned()), ..LogNote::default() };
        let (next, remove) = if self.store.is_folder() {
            let part = name
                .strip_suffix(SEGMENT)
                .and_then(|stem| stem.rsplit_once('-'))
                .and_then(|(_, n)| n.parse::<u32>().ok())
                .unwrap_or(0);
            note.previous = Some(name.clone());
            let remove = self.old_segments(&name)?;
            note.removed_files.clone_from(&remove);
            (format!("{}-{:06}{SEGMENT}", state.session.id, part + 1), remove)
        } else {
            let rotated = dir_free_name(&self.store, &name)?;
            let FileHead { base, removed, .. } = file_head(old)?;
            let tree = tree_of(old, base)?;
            note.base = Some(tree.count());
            note.frontier = tree.roots().iter().map(|root| hex(root)).collect();
            note.previous = Some(rotated.clone());
            let files = self.store.files()?;
            let keep_from = (files.len() + 1).saturating_sub(self.options.max_files);
            let first_kept = files.get(keep_from).filter(|_| keep_from > 0);
            note.removed = match first_kept {
                Some(kept) => Some(file_head(&dir.file(kept, Access::Read)?)?.base.count()),
                None => Some(removed),
            };
            let remove = files[..keep_from.min(files.len().saturating_sub(1))].to_vec();
            (rotated, remove)
        };
        let mut session = state.session.clone();
        let mut out = Vec::new();
        session.push_note(&mut out, EventKind::LogRotate, note)?;
        self.sign_first(&mut session, &mut out)?;
        let file = if self.store.is_folder() {
            let mut file = dir.file(&next, Access::New)?;
            file.write_all(&out)?;
            state.segment.name = next;
            file
        } else {
            // The path never stands empty: another writer that opens it finds the old file or the finished new one.
            let draft = format!(".{name}.{}", session.id);
            let mut file = dir.file(&draft, Access::New)?;
            let placed =
                file.write_all(&out).and_then(|()| file.sync_data()).and_then(|()| match dir.link(&name, &next) {
                    Err(e) if matches!(e.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
                        dir.rename(&name, &next)
                    }
                    other => other,
                });
            let placed = placed.and_then(|()| dir.rename(&draft, &name));
            if let Err(error) = placed {
                // The draft is of no use to anybody.
                let _ = dir.remove(&draft);
                return Err(error);
            }
            file
        };
        state.writes += session.seq - state.session.seq;
        state.session = session;
        for name in remove {
            // A file that stays is only kept longer.
            let _ = dir.remove(&name);
        }
        let _ = dir.sync();
        Ok(Some(file))
    }

    /// The oldest segments of a folder that retention takes, without those that are being written.
    fn old_segments(&self, current: &str) -> io::Result<Vec<String>> {
        let files = self.store.files()?;
        let excess = (files.len() + 1).saturating_sub(self.options.max_files);
        let idle = |name: &String| {
            name != current
                && self.store.dir.file(name, Access::Append).is_ok_and(|file| lock(&file, Lock::TryExclusive).is_ok())
        };
        Ok(files.into_iter().filter(idle).take(excess).collect())
    }
}

/// A number that is free, after a crash between the two steps of a rotation is undone.
fn dir_free_name(store: &Store, name: &str) -> io::Result<String> {
    let next = store.next_rotated(name)?;
    let current = store.dir.stat(name)?;
    for file in store.dir.names()? {
        if crate::store::rotation_number(name, &file).is_some()
            && store
                .dir
                .stat(&file)?
                .is_some_and(|stat| stat.id.is_some() && current.is_some_and(|now| now.is_same(&stat)))
        {
            store.dir.remove(&file)?;
        }
    }
    Ok(next)
}

/// A tie to the last whole line in front of `end`.
fn tie_in(file: &File, end: u64, name: Option<String>) -> io::Result<Tie> {
    if end == 0 {
        return Ok(Tie { file: name, at: 0, hash: String::new() });
    }
    let (_, line) = last_line(file, end)?;
    let (_, record) = crate::record::split_torn(&line);
    let hash = RawLine::parse(record).map(|raw| hex(&raw.hash)).unwrap_or_default();
    Ok(Tie { file: name, at: end, hash })
}

/// Where the whole lines end: behind the last newline in front of `size`.
fn whole_lines_end(file: &File, size: u64) -> io::Result<u64> {
    if size == 0 || read_before(file, size, 1)? == b"\n" {
        return Ok(size);
    }
    let mut end = size;
    while end > 0 {
        let bytes = read_before(file, end, 64 * 1024)?;
        if let Some(at) = memchr::memrchr(b'\n', &bytes) {
            return Ok(end - (bytes.len() - at - 1) as u64);
        }
        if bytes.is_empty() {
            break;
        }
        end -= bytes.len() as u64;
    }
    Ok(0)
}
