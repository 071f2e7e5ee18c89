//! A source of characters: the line, the text of a backquote or the body of a here-document.

/// One source with a position. Positions only move forward.
#[derive(Debug)]
pub(crate) struct Input {
    text: String,
    pos: usize,
}

impl Input {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), pos: 0 }
    }

    pub fn pos(&self) -> usize {
        self.pos
    }

    /// The next byte after any line continuations, which bash removes before it looks at tokens.
    pub fn peek(&mut self) -> Option<u8> {
        while self.raw(0) == Some(b'\\') && self.raw(1) == Some(b'\n') {
            self.pos += 2;
        }
        self.raw(0)
    }

    /// The byte at a distance from the position, continuations not removed.
    pub fn raw(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.pos + ahead).copied()
    }

    /// Whether a line continuation stands at a distance from the position.
    pub fn continues(&self, ahead: usize) -> bool {
        self.raw(ahead) == Some(b'\\') && self.raw(ahead + 1) == Some(b'\n')
    }

    /// Moves over bytes that were looked at with [`Input::raw`].
    pub fn skip(&mut self, bytes: usize) {
        self.pos = (self.pos + bytes).min(self.text.len());
    }

    /// Takes the next whole character.
    pub fn take(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    /// Takes the longest prefix of bytes that satisfy the test. The test must refuse bytes beyond ASCII or accept all of
    /// them, so that characters stay whole.
    pub fn take_while(&mut self, test: impl Fn(u8) -> bool) -> &str {
        let len = self.rest().bytes().take_while(|b| test(*b)).count();
        let start = self.pos;
        self.pos += len;
        self.text.get(start..self.pos).unwrap_or("")
    }

    /// Takes everything up to a byte and the byte itself, which is not in the answer.
    pub fn take_until(&mut self, end: u8) -> Option<&str> {
        let len = self.rest().bytes().position(|b| b == end)?;
        let start = self.pos;
        self.pos += len + 1;
        self.text.get(start..start + len)
    }

    /// Takes a line without its newline; the flag says whether there was one.
    pub fn take_line(&mut self) -> Option<(&str, bool)> {
        if self.pos >= self.text.len() {
            return None;
        }
        let start = self.pos;
        let (len, newline) = match self.rest().bytes().position(|b| b == b'\n') {
            Some(len) => (len, true),
            None => (self.text.len() - start, false),
        };
        self.pos += len + usize::from(newline);
        Some((self.text.get(start..start + len).unwrap_or(""), newline))
    }

    pub fn rest(&self) -> &str {
        self.text.get(self.pos..).unwrap_or("")
    }
}
