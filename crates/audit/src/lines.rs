//! Reading a log file line by line, with bounded memory.

use std::io::{self, BufRead};

use crate::record::LONGEST_LINE;

/// One line of a file, without its newline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineInfo {
    /// Where it starts, in bytes.
    pub(crate) start: u64,
    /// Where the next one starts.
    pub(crate) end: u64,
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Whether a newline ends it.
    pub(crate) whole: bool,
}

/// Reads lines; of one that is longer than any record only the start is kept.
pub(crate) struct LineReader<R> {
    input: R,
    at: u64,
    number: u64,
}

impl<R: BufRead> LineReader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, at: 0, number: 0 }
    }

    /// The next line in `line`, or nothing at the end of the file.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<LineInfo>> {
        line.clear();
        let start = self.at;
        loop {
            let chunk = match self.input.fill_buf() {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            let newline = memchr::memchr(b'\n', chunk);
            let length = newline.unwrap_or(chunk.len());
            let room = (LONGEST_LINE + 1).saturating_sub(line.len());
            line.extend_from_slice(&chunk[..length.min(room)]);
            let used = length + usize::from(newline.is_some());
            let ended = newline.is_some() || chunk.is_empty();
            self.input.consume(used);
            self.at += used as u64;
            if ended {
                if self.at == start {
                    return Ok(None);
                }
                self.number += 1;
                return Ok(Some(LineInfo { start, end: self.at, number: self.number, whole: newline.is_some() }));
            }
        }
    }
}
