//! The file being written, by one writer: its handle, its lock, one append.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::sync::Arc;
use std::time::Instant;

use super::commit::COMMIT_DELAY;
use crate::store::{Access, Lock, Stat, Store, lock, stat};

/// A write that failed.
#[derive(Debug)]
pub(super) struct Torn {
    pub(super) source: io::Error,
    /// How many of its bytes are in the file all the same.
    pub(super) left: usize,
}

impl From<io::Error> for Torn {
    fn from(source: io::Error) -> Self {
        Self { source, left: 0 }
    }
}

/// The open file of a writer.
#[derive(Debug)]
pub(super) struct Segment {
    /// Nothing once the log is closed.
    file: Option<Arc<File>>,
    pub(super) name: String,
    pub(super) id: Stat,
    pub(super) size: u64,
    /// At this size, the file is known to end in a whole line.
    pub(super) whole_at: Option<u64>,
    pub(super) limit: u64,
    /// Since when the shared lock is held, if it is.
    pub(super) lease: Option<Instant>,
    pub(super) sync_failed: bool,
    /// Rotation is not tried again before this.
    pub(super) rotate_after: Option<Instant>,
    pub(super) buffer: Vec<u8>,
}

impl Segment {
    pub(super) fn open(store: &Store, name: String) -> io::Result<Self> {
        let file = store.dir.file(&name, Access::Append)?;
        let id = stat(&file)?;
        Ok(Self {
            file: Some(Arc::new(file)),
            name,
            id,
            size: id.size,
            whole_at: None,
            limit: u64::MAX,
            lease: None,
            sync_failed: false,
            rotate_after: None,
            buffer: Vec::with_capacity(1024),
        })
    }

    pub(super) fn replace(&mut self, file: File) -> io::Result<()> {
        self.release();
        self.id = stat(&file)?;
        self.size = self.id.size;
        self.whole_at = None;
        self.file = Some(Arc::new(file));
        Ok(())
    }

    /// The open file.
    pub(super) fn file(&self) -> io::Result<&Arc<File>> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the audit log was closed"))
    }

    /// Gives the lock back and lets go of the file.
    pub(super) fn close(&mut self) {
        self.release();
        self.file = None;
    }

    /// After a write: gives back a lock that keeps others from writing.
    pub(super) fn let_others_write(&mut self) {
        if self.limit != u64::MAX {
            self.release();
        }
    }

    /// Gives the lock back, so that another writer may rotate or mend.
    pub(super) fn release(&mut self) {
        if self.lease.take().is_some() {
            // A lock that can't be given back ends with the process at the latest.
            let _ = self.file().and_then(|file| lock(file, Lock::None));
        }
    }

    pub(super) fn is_lease_over(&self) -> bool {
        self.lease.is_some_and(|since| since.elapsed() >= COMMIT_DELAY)
    }

    /// One write in append mode. What a full disk leaves of it is taken back where nobody wrote behind it.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Torn> {
        if self.size.saturating_add(bytes.len() as u64) > self.limit {
            let limit = io::Error::new(io::ErrorKind::FileTooLarge, "the process's file size limit is reached");
            return Err(limit.into());
        }
        let file = Arc::clone(self.file()?);
        let mut file = &*file;
        let written = loop {
            match file.write(bytes) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if written == bytes.len() {
            self.size += written as u64;
            self.whole_at = Some(self.size);
            return Ok(());
        }
        let end = file.stream_position()?;
        // With the lock nobody can write behind it any more; who did already keeps it there. What ends in whole lines may
        // have been rotated before the lock came, and is not touched.
        let whole = bytes.get(..written).is_some_and(|part| part.ends_with(b"\n"));
        let taken_back = lock(file, Lock::Exclusive)
            .and_then(|()| stat(file))
            .is_ok_and(|now| !whole && now.size == end && file.set_len(end - written as u64).is_ok());
        self.lease = Some(Instant::now());
        self.release();
        let source = io::Error::new(
            io::ErrorKind::StorageFull,
            "only a part of the record fitted: the disk is full or the file-size limit is reached",
        );
        Err(Torn { source, left: if taken_back { 0 } else { written } })
    }
}
