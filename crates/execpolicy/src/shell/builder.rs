//! A word while it is read.

use super::ast::{Piece, Word};

/// What encloses the reading position inside a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Between double quotes.
    Double,
    /// In the body of a here-document whose delimiter isn't quoted.
    HereDoc,
    /// In the word of `${name:-word}`; the flag says whether double quotes are around it.
    Param { quoted: bool },
}

#[derive(Debug, Default)]
pub(crate) struct WordBuilder {
    pieces: Vec<Piece>,
    pub modes: Vec<Mode>,
    /// Whether an unquoted `{` was read, so that commas and closing braces matter.
    pub braces: bool,
    params: usize,
}

impl WordBuilder {
    pub fn mode(&self) -> Option<Mode> {
        self.modes.last().copied()
    }

    pub fn enter(&mut self, mode: Mode) {
        if matches!(mode, Mode::Param { .. }) {
            self.params += 1;
        }
        self.modes.push(mode);
    }

    pub fn leave(&mut self) {
        if let Some(Mode::Param { .. }) = self.modes.pop() {
            self.params = self.params.saturating_sub(1);
        }
    }

    /// Whether the position is inside double quotes or a here-document.
    pub fn quoted(&self) -> bool {
        match self.mode() {
            Some(Mode::Double | Mode::HereDoc) => true,
            Some(Mode::Param { quoted }) => quoted,
            None => false,
        }
    }

    pub fn text(&mut self, new: &str, quoted: bool) {
        // The word of a default is not what the outer word is made of; the expansion itself stands for it.
        if self.params > 0 {
            return;
        }
        if let Some(Piece::Text { text, quoted: q }) = self.pieces.last_mut()
            && *q == quoted
        {
            text.push_str(new);
            return;
        }
        self.pieces.push(Piece::Text { text: new.to_owned(), quoted });
    }

    pub fn push(&mut self, piece: Piece) {
        if self.params > 0 && !matches!(piece, Piece::Sub { .. }) {
            return;
        }
        self.pieces.push(piece);
    }

    pub fn too_long(&self) -> bool {
        self.pieces.len() > super::MAX_PIECES
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether all that was read so far is an unquoted variable name.
    pub fn is_name(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Text { text, quoted: false }] if is_name(text))
    }

    /// Whether the last character read was this one, unquoted.
    pub fn ends_with(&self, chars: &[char]) -> bool {
        matches!(self.pieces.last(), Some(Piece::Text { text, quoted: false }) if text.ends_with(chars))
    }

    pub fn finish(self) -> Word {
        Word { pieces: self.pieces }
    }
}

/// Whether a text is a variable name.
pub(crate) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_') && bytes.all(is_name_byte)
}

pub(crate) fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
