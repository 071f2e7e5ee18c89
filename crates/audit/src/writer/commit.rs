//! Syncing: one thread per log at level standard, group commit at level strict.

use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Core, State};

/// How long a record may wait for a sync to start, how long after the start of one the next starts at the earliest, so that
/// a flood of records costs no flood of syncs, and how long a writer keeps its lock.
pub(super) const COMMIT_DELAY: Duration = Duration::from_millis(10);
/// How many records may wait for a sync to start, unless one started a moment ago.
const COMMIT_RECORDS: u64 = 100;
/// How many failed syncs are remembered for those who still wait for one.
const MOST_UNSYNCED: usize = 64;
/// How long records may wait for a checkpoint.
const CHECKPOINT_DELAY: Duration = Duration::from_secs(1);

impl Core {
    /// Makes sure that what was just written is synced soon, and what was deferred is written. `waited`: how much there
    /// was to do before.
    pub(super) fn schedule(self: &Arc<Self>, mut state: MutexGuard<'_, State>, waited: u64) {
        if !state.committer {
            let core = Arc::clone(self);
            // Without the thread, the lock is given back now and the kernel writes when it likes.
            state.committer = std::thread::Builder::new()
                .name("codex-audit".to_owned())
                .stack_size(128 * 1024)
                .spawn(move || core.commit_until_closed())
                .is_ok();
            if !state.committer {
                self.write_deferred(&mut state);
                state.segment.release();
            }
            return;
        }
        let waiting = state.waiting();
        // The committer finds the lock free when it wakes.
        drop(state);
        if (waited == 0 && waiting > 0) || (waited < COMMIT_RECORDS && waiting >= COMMIT_RECORDS) {
            self.dirty.notify_all();
        }
    }

    /// The committer: syncs, gives the lock back, and makes checkpoints, until the log is closed.
    fn commit_until_closed(&self) {
        let mut state = self.lock();
        let mut last_sync = Instant::now();
        while !self.closed.load(std::sync::atomic::Ordering::Acquire) {
            if state.waiting() == 0 {
                // Without a next record nothing ends the lease, and others could neither rotate nor mend. A folder's file is
                // only ours; its lock tells retention that it is in use.
                if !self.store.is_folder() {
                    state.segment.release();
                }
                let unsigned = self.key.is_some() && state.session.seq > state.session.signed;
                let pause = if unsigned {
                    CHECKPOINT_DELAY.saturating_sub(state.last_checkpoint.elapsed())
                } else {
                    Duration::from_secs(3600)
                };
                if pause.is_zero() {
                    self.write_checkpoint(&mut state);
                    state.last_checkpoint = Instant::now();
                    continue;
                }
                state = self.dirty.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let due = Instant::now() + COMMIT_DELAY;
            while !self.closed.load(std::sync::atomic::Ordering::Acquire) {
                let due = if state.waiting() < COMMIT_RECORDS { due } else { due.min(last_sync + COMMIT_DELAY) };
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                state = self.dirty.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
            self.write_deferred(&mut state);
            let writes = state.writes;
            drop(state);
            last_sync = Instant::now();
            let failed = self.sync_to(writes).is_err();
            state = self.lock();
            state.sync_started = state.sync_started.max(writes);
            if !self.store.is_folder() && (failed || state.segment.is_lease_over()) {
                state.segment.release();
            }
        }
        state.segment.release();
    }

    /// Waits until the first `writes` writes are on the disk. Of those who wait, one syncs for all.
    ///
    /// After a failed sync the kernel may have dropped the pages and marked them clean, so a second sync would lie. It
    /// is never retried: the next record goes to a new file.
    pub(super) fn sync_to(&self, writes: u64) -> io::Result<()> {
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, covers) = {
            let mut state = self.lock();
            if state.unsynced.iter().any(|lost| lost.contains(&writes)) {
                return Err(io::Error::other("a sync failed when the record was not yet on the disk"));
            }
            if *synced >= writes {
                return Ok(());
            }
            state.sync_started = state.writes;
            (Arc::clone(state.segment.file()?), state.writes)
        };
        if let Err(error) = file.sync_data() {
            self.lock().doubt(&error);
            return Err(error);
        }
        *synced = covers;
        self.lock().synced = covers;
        Ok(())
    }
}

impl State {
    /// How many records wait for a sync, or to be written.
    pub(super) fn waiting(&self) -> u64 {
        self.writes - self.sync_started + self.deferred.len() as u64
    }

    /// Notes that a sync of the file being written failed: what no sync had reached is in doubt for good, and the next
    /// record goes to another file.
    pub(super) fn doubt(&mut self, error: &io::Error) {
        self.segment.sync_failed = true;
        self.unsynced.push_back(self.synced + 1..=self.writes);
        if self.unsynced.len() > MOST_UNSYNCED {
            self.unsynced.pop_front();
        }
        self.warning = Some(format!(
            "a sync of the audit log failed ({error}): records of the last moments may not be on the disk; a new file is begun"
        ));
    }
}
