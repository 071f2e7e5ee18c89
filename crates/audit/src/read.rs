//! Reading records: from the start or from a moment on, filtered, and followed as they come.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;

use crate::clock::{format_ms, now_ms, parse_ms, parse_span_ms};
use crate::lines::LineReader;
use crate::query::Query;
use crate::record::{Record, Shape, split_torn};
use crate::store::{Access, Store, stat};

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Only records from this moment on, in milliseconds since the epoch; see [`parse_since`].
    pub since_ms: Option<i64>,
    /// Only records that fit.
    pub filter: Option<Query>,
}

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The log can't be opened or read.
    #[error("the audit log {path} can't be read: {source}")]
    Io {
        /// The log.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// The moment that `text` names: an RFC 3339 time, a date, or a span before now such as `15m` or `7d`.
pub fn parse_since(text: &str) -> Option<i64> {
    parse_ms(text).or_else(|| now_ms().checked_sub(parse_span_ms(text.trim_start_matches('-'))?))
}

/// The records of a log in the order of its files. Memory is bounded by one record.
///
/// As an iterator it ends at the end of the log. To follow a log, call [`Records::next_line`] again later: it goes on
/// with what was written meanwhile, over rotations and in new files of a folder. Lines that are no records are skipped;
/// only [`verify`](crate::verify) judges them.
pub struct Records {
    store: Store,
    options: ReadOptions,
    since: Option<[u8; 24]>,
    /// How far each file was read, by what identifies it.
    done: HashMap<FileKey, u64>,
    queue: VecDeque<String>,
    current: Option<Current>,
    /// The line that was read last.
    line: String,
}

/// The file being read.
struct Current {
    key: FileKey,
    /// Where reading began in it, and how far whole lines were read.
    base: u64,
    done: u64,
    lines: LineReader<BufReader<File>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum FileKey {
    Id(u64, u64),
    Name(String),
}

/// Opens a log for reading.
pub fn records(path: &Path, options: ReadOptions) -> Result<Records, ReadError> {
    let io = |source| ReadError::Io { path: path.display().to_string(), source };
    let store = Store::open(path, false).map_err(io)?;
    let queue: VecDeque<String> = store.files().map_err(io)?.into();
    if queue.is_empty() && !store.is_folder() {
        return Err(io(crate::store::no_log(&store)));
    }
    let since = options.since_ms.map(format_ms);
    Ok(Records { store, options, since, done: HashMap::new(), queue, current: None, line: String::new() })
}

impl Records {
    /// The next record that fits, as its line of JSON; nothing when there is none now.
    pub fn next_line(&mut self) -> Result<Option<&str>, ReadError> {
        let found =
            self.advance().map_err(|source| ReadError::Io { path: self.store.path.display().to_string(), source })?;
        Ok(found.map(|from| &self.line[from..]))
    }

    /// Moves to the next line that fits; returns where the record starts in it.
    fn advance(&mut self) -> io::Result<Option<usize>> {
        let mut looked = false;
        loop {
            let Some(current) = &mut self.current else {
                match self.queue.pop_front() {
                    Some(name) => self.open(&name)?,
                    None if looked => return Ok(None),
                    None => {
                        looked = true;
                        self.queue = self.store.files()?.into();
                    }
                }
                continue;
            };
            let mut line = std::mem::take(&mut self.line).into_bytes();
            match current.lines.next(&mut line)? {
                Some(info) if info.whole => {
                    current.done = current.base + info.end;
                    let from = split_torn(&line).0.len();
                    // The start of a torn line may be no text; the record behind it is looked at alone.
                    let (text, from) = match String::from_utf8(line) {
                        Ok(text) => (text, from),
                        Err(error) => match String::from_utf8(error.as_bytes()[from..].to_vec()) {
                            Ok(text) => (text, 0),
                            Err(_) => continue,
                        },
                    };
                    self.line = text;
                    if self.fits(&self.line[from..]) {
                        return Ok(Some(from));
                    }
                }
                // An unfinished line is read again when it is whole.
                _ => {
                    if let Some(Current { key, done, .. }) = self.current.take() {
                        self.done.insert(key, done);
                    }
                }
            }
        }
    }

    fn fits(&self, record: &str) -> bool {
        let Some(shape) = Shape::of_record(record.as_bytes()) else {
            return false;
        };
        let recent = self.since.as_ref().is_none_or(|since| shape.time >= since.as_slice());
        recent && self.options.filter.as_ref().is_none_or(|filter| filter.fits(record))
    }

    fn open(&mut self, name: &str) -> io::Result<()> {
        let mut file = match self.store.dir.file(name, Access::Read) {
            Ok(file) => file,
            // Retention removed it meanwhile.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e),
        };
        let now = stat(&file)?;
        let key = now.id.map_or_else(|| FileKey::Name(name.to_owned()), |(dev, ino)| FileKey::Id(dev, ino));
        let mut from = self.done.get(&key).copied().unwrap_or(0);
        if from > now.size {
            from = 0;
        }
        if from < now.size {
            file.seek(SeekFrom::Start(from))?;
            let lines = LineReader::new(BufReader::with_capacity(1 << 18, file));
            self.current = Some(Current { key, base: from, done: from, lines });
        }
        Ok(())
    }
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_line() {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(line)) => {
                    if let Ok(record) = Record::parse(line.as_bytes()) {
                        return Some(Ok(record));
                    }
                }
            }
        }
    }
}
