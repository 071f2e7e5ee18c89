//! Reading inside a word: quotes, escapes, globs, tildes and substitutions.

use super::ast::Piece;
use super::builder::{Mode, WordBuilder};
use super::heredoc::is_here_body;
use super::parser::{Kind, Parser, Refusal};

const UNTERMINATED: Refusal = "a quote isn't closed";

impl Parser {
    /// Reads one element of the word at the position.
    pub fn step_word(&mut self) -> Result<(), Refusal> {
        if self.word().too_long() {
            return Err("a word has too many pieces");
        }
        match self.word().mode() {
            None => self.step_plain(),
            Some(Mode::Double | Mode::HereDoc) => self.step_double(),
            Some(Mode::Param { quoted: true }) => self.step_param_quoted(),
            Some(Mode::Param { quoted: false }) => self.step_param(),
        }
    }

    /// The word that is being read.
    pub fn word(&mut self) -> &mut WordBuilder {
        self.level().word.get_or_insert_default()
    }

    fn step_plain(&mut self) -> Result<(), Refusal> {
        let Some(byte) = self.input.peek() else {
            return self.finish_word();
        };
        match byte {
            b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' => self.finish_word(),
            b'<' | b'>' => {
                if self.input.continues(1) {
                    return Err("a line continuation splits an operator");
                }
                if self.input.raw(1) == Some(b'(') && !matches!(self.level().kind, Kind::Condition { .. }) {
                    return self.begin_process_substitution();
                }
                self.finish_word()
            }
            b'*' | b'?' => {
                self.input.skip(1);
                self.word().push(Piece::Glob(char::from(byte)));
                Ok(())
            }
            b'[' => {
                if self.word().is_name() && self.may_assign() {
                    return Err("an array element is assigned or a command name is a pattern");
                }
                self.input.skip(1);
                // Alone it is the name of the test command.
                if self.word().is_empty() && matches!(self.input.peek(), None | Some(b' ' | b'\t' | b'\n')) {
                    self.word().text("[", false);
                } else {
                    self.word().push(Piece::Glob('['));
                }
                Ok(())
            }
            b'~' => self.tilde(),
            b'{' => {
                self.input.skip(1);
                let word = self.word();
                word.braces = true;
                word.push(Piece::Mark('{'));
                Ok(())
            }
            b',' | b'}' if self.word().braces => {
                self.input.skip(1);
                self.word().push(Piece::Mark(char::from(byte)));
                Ok(())
            }
            b'"' => {
                self.input.skip(1);
                self.word().text("", true);
                self.word().enter(Mode::Double);
                Ok(())
            }
            b'\'' | b'\\' | b'$' | b'`' => self.step_quoting(byte),
            _ => self.plain_text(),
        }
    }

    /// What quotes or expands in the same way inside and outside of `${…}`.
    fn step_quoting(&mut self, byte: u8) -> Result<(), Refusal> {
        match byte {
            b'\'' => {
                self.input.skip(1);
                let text = self.input.take_until(b'\'').ok_or(UNTERMINATED)?.to_owned();
                self.word().text(&text, true);
                Ok(())
            }
            b'\\' => {
                self.input.skip(1);
                let Some(c) = self.input.take() else {
                    return Err("a backslash ends the line");
                };
                self.word().text(c.encode_utf8(&mut [0; 4]), true);
                Ok(())
            }
            b'$' => self.dollar(),
            _ => self.backquote(),
        }
    }

    fn plain_text(&mut self) -> Result<(), Refusal> {
        let braces = self.word().braces;
        let text = self
            .input
            .take_while(|b| {
                let ends = matches!(b, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>');
                let begins = matches!(b, b'*' | b'?' | b'[' | b'~' | b'{' | b'"' | b'\'' | b'\\' | b'$' | b'`');
                let mark = braces && matches!(b, b',' | b'}');
                !ends && !begins && !mark
            })
            .to_owned();
        if !text.is_ascii() && crate::text::misleading_unquoted(&text) {
            self.note("a character outside of quotes looks like another one or like nothing");
        }
        self.word().text(&text, false);
        Ok(())
    }

    /// `~` expands at the front of a word, and behind `=` and `:` where an assignment may stand.
    fn tilde(&mut self) -> Result<(), Refusal> {
        self.input.skip(1);
        let word = self.word();
        if !word.is_empty() && !word.ends_with(&['=', ':']) {
            word.text("~", false);
            return Ok(());
        }
        let user =
            self.input.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+')).to_owned();
        let ends = matches!(
            self.input.peek(),
            None | Some(b'/' | b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' | b':')
        );
        if ends {
            self.word().push(Piece::Tilde(user));
        } else {
            // `~"x"` and `~$x`: whether it expands depends on rules that nobody needs.
            self.word().push(Piece::Dynamic { quoted: true });
        }
        Ok(())
    }

    fn step_double(&mut self) -> Result<(), Refusal> {
        let here = self.word().mode() == Some(Mode::HereDoc);
        let Some(byte) = self.input.peek() else {
            return if here { self.finish_here_body() } else { Err(UNTERMINATED) };
        };
        match byte {
            b'"' if !here => {
                self.input.skip(1);
                self.word().leave();
                Ok(())
            }
            b'\\' => {
                self.input.skip(1);
                let escaped = match self.input.raw(0) {
                    Some(b @ (b'$' | b'`' | b'\\')) => Some(b),
                    Some(b'"') if !here => Some(b'"'),
                    _ => None,
                };
                if let Some(b) = escaped {
                    self.input.skip(1);
                    self.word().text(char::from(b).encode_utf8(&mut [0; 4]), true);
                } else {
                    self.word().text("\\", true);
                }
                Ok(())
            }
            b'$' => self.dollar(),
            b'`' => self.backquote(),
            _ => {
                let text =
                    self.input.take_while(|b| !matches!(b, b'\\' | b'$' | b'`') && (here || b != b'"')).to_owned();
                self.word().text(&text, true);
                Ok(())
            }
        }
    }

    /// The word of a default inside double quotes, where quotes and escapes have rules of their own.
    fn step_param_quoted(&mut self) -> Result<(), Refusal> {
        match self.input.peek() {
            None => Err("a parameter expansion isn't closed"),
            Some(b'}') => {
                self.input.skip(1);
                self.word().leave();
                Ok(())
            }
            Some(b'"' | b'\'' | b'\\' | b'{' | b'\n') => Err("a quote or brace stands inside a quoted expansion"),
            Some(b'$') => self.dollar(),
            Some(b'`') => self.backquote(),
            Some(_) => {
                self.input.take_while(|b| !matches!(b, b'}' | b'"' | b'\'' | b'\\' | b'{' | b'$' | b'`' | b'\n'));
                Ok(())
            }
        }
    }

    fn step_param(&mut self) -> Result<(), Refusal> {
        match self.input.peek() {
            None => Err("a parameter expansion isn't closed"),
            Some(b'}') => {
                self.input.skip(1);
                self.word().leave();
                Ok(())
            }
            Some(b'"') => {
                self.input.skip(1);
                self.word().enter(Mode::Double);
                self.limit_modes()
            }
            Some(b @ (b'\'' | b'\\' | b'$' | b'`')) => self.step_quoting(b),
            Some(b'{' | b'\n' | b'(' | b')' | b'<' | b'>') => Err("a parameter expansion holds more than plain text"),
            Some(_) => {
                self.input.take_while(|b| {
                    !matches!(b, b'}' | b'"' | b'\'' | b'\\' | b'$' | b'`' | b'{' | b'\n' | b'(' | b')' | b'<' | b'>')
                });
                Ok(())
            }
        }
    }

    /// Modes nest only inside one word, so their number is bounded here and levels are in [`Parser::enter`].
    pub fn limit_modes(&mut self) -> Result<(), Refusal> {
        if self.word().modes.len() > super::MAX_DEPTH { Err("it is nested deeper than 64 levels") } else { Ok(()) }
    }

    fn may_assign(&mut self) -> bool {
        let level = self.level();
        level.redirect.is_none() && level.command.words.is_empty()
    }

    fn finish_word(&mut self) -> Result<(), Refusal> {
        let Some(word) = self.level().word.take() else {
            return Err("a word has no end");
        };
        if is_here_body(self.level().kind) {
            return Err("a word ends inside a here-document");
        }
        self.on_word(word.finish())
    }

    /// Backquotes: the text up to the closing one, with one layer of escapes removed, is read in its place.
    fn backquote(&mut self) -> Result<(), Refusal> {
        let quoted = self.word().quoted();
        self.input.skip(1);
        let mut text = String::new();
        loop {
            match self.input.take() {
                None => return Err("a backquote isn't closed"),
                Some('`') => break,
                Some('\\') => match self.input.take() {
                    Some(c @ ('`' | '\\' | '$')) => text.push(c),
                    Some('"') if quoted => {
                        return Err("a quote is escaped inside a quoted backquote");
                    }
                    Some(c) => {
                        text.push('\\');
                        text.push(c);
                    }
                    None => return Err("a backquote isn't closed"),
                },
                Some(c) => text.push(c),
            }
        }
        self.enter(Kind::Backquote { quoted })?;
        let outer = std::mem::replace(&mut self.input, super::input::Input::new(text));
        self.inputs.push(outer);
        Ok(())
    }
}
