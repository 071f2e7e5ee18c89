//! Bodies of here-documents.

use super::ast::{Piece, Word};
use super::builder::{Mode, WordBuilder};
use super::input::Input;
use super::parser::{Kind, Parser, PendingHereDoc, Refusal};

/// Whether this level reads the body of a here-document.
pub(crate) fn is_here_body(kind: Kind) -> bool {
    matches!(kind, Kind::HereBody { .. })
}

impl Parser {
    /// Reads the bodies that begin at the newline just read. One that expands is queued as a level of its own, and the
    /// rest wait until it is done.
    pub fn read_heredocs(&mut self) -> Result<(), Refusal> {
        let crossing = self.levels.iter().rev().take_while(|l| !is_boundary(l.kind)).count();
        let boundary = self.levels.len().checked_sub(crossing + 1).and_then(|i| self.levels.get(i));
        if boundary.is_some_and(|l| !l.outer_heredocs.is_empty() && !matches!(l.kind, Kind::HereBody { .. })) {
            return Err("a here-document begins inside a substitution");
        }
        while !self.heredocs.is_empty() {
            let pending = self.heredocs.remove(0);
            let body = self.here_text(&pending)?;
            if pending.quoted || !body.contains(['$', '`', '\\']) {
                self.store_body(pending.slot, Word { pieces: vec![Piece::Text { text: body, quoted: true }] });
                continue;
            }
            self.enter(Kind::HereBody { slot: pending.slot })?;
            let outer = std::mem::replace(&mut self.input, Input::new(body));
            self.inputs.push(outer);
            let mut word = WordBuilder::default();
            word.enter(Mode::HereDoc);
            self.level().word = Some(word);
            break;
        }
        Ok(())
    }

    /// Ends the body of a here-document that expands.
    pub fn finish_here_body(&mut self) -> Result<(), Refusal> {
        let Some(level) = self.levels.pop() else {
            return Err("a here-document isn't closed");
        };
        let Kind::HereBody { slot } = level.kind else {
            return Err("a here-document isn't closed");
        };
        if let Some(outer) = self.inputs.pop() {
            self.input = outer;
        }
        self.heredocs = level.outer_heredocs;
        let body = level.word.map(WordBuilder::finish).unwrap_or_default();
        self.store_body(slot, body);
        self.read_heredocs()
    }

    fn store_body(&mut self, slot: u32, body: Word) {
        if let Some(place) = self.script.bodies.get_mut(slot as usize) {
            *place = body;
        }
    }

    fn here_text(&mut self, pending: &PendingHereDoc) -> Result<String, Refusal> {
        let mut body = String::new();
        loop {
            let Some((line, newline)) = self.input.take_line() else {
                return Err("a here-document isn't closed");
            };
            let line = if pending.strip { line.trim_start_matches('\t') } else { line };
            if line == pending.delimiter {
                return Ok(body);
            }
            // bash joins such lines before it looks for the delimiter.
            let backslashes = line.bytes().rev().take_while(|b| *b == b'\\').count();
            if !pending.quoted && backslashes % 2 == 1 {
                return Err("a here-document continues a line");
            }
            body.push_str(line);
            body.push('\n');
            if !newline {
                return Err("a here-document isn't closed");
            }
        }
    }
}

fn is_boundary(kind: Kind) -> bool {
    matches!(kind, Kind::Top | Kind::Sub { .. } | Kind::Backquote { .. } | Kind::HereBody { .. })
}
