//! What a dollar sign begins.

use super::ast::{Piece, SubKind};
use super::builder::{Mode, is_name_byte};
use super::parser::{Kind, Parser, Refusal};

const ARITHMETIC: &str = "arithmetic evaluates the values of variables as code";
const NOT_PLAIN: Refusal = "a parameter expansion holds more than plain text";

impl Parser {
    pub fn dollar(&mut self) -> Result<(), Refusal> {
        if self.input.continues(1) {
            return Err("a line continuation splits an expansion");
        }
        let quoted = self.word().quoted();
        match self.input.raw(1) {
            Some(b'(') if self.input.continues(2) => Err("a line continuation splits an expansion"),
            Some(b'(') if self.input.raw(2) == Some(b'(') => self.arithmetic(quoted),
            Some(b'(') => {
                self.input.skip(2);
                self.enter(Kind::Sub { kind: SubKind::Text, quoted })
            }
            Some(b'{') => {
                self.input.skip(2);
                self.parameter(quoted)
            }
            Some(b'[') => Err("an old form of arithmetic is used"),
            Some(b'\'') if !quoted => {
                self.input.skip(2);
                self.ansi_c()
            }
            Some(b'"') if !quoted => Err("a string is translated by the locale"),
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                self.input.skip(1);
                // Line continuations may stand inside the name.
                let mut name = String::new();
                while self.input.peek().is_some_and(is_name_byte) {
                    name.push_str(self.input.take_while(is_name_byte));
                }
                self.word().push(Piece::Var { name, quoted });
                Ok(())
            }
            // Numbers, which are one word with or without quotes.
            Some(b'?' | b'#' | b'$') => {
                self.input.skip(2);
                self.word().push(Piece::Dynamic { quoted: true });
                Ok(())
            }
            Some(b'0'..=b'9' | b'!' | b'-') => {
                self.input.skip(2);
                self.word().push(Piece::Dynamic { quoted });
                Ok(())
            }
            Some(b'@' | b'*') => {
                self.input.skip(2);
                // `"$@"` is any number of words in spite of its quotes.
                self.word().push(Piece::Dynamic { quoted: false });
                Ok(())
            }
            _ => {
                self.input.skip(1);
                self.word().text("$", quoted);
                Ok(())
            }
        }
    }

    /// `$((…))` of numbers and operators; names in it are noted, anything else is refused.
    fn arithmetic(&mut self, quoted: bool) -> Result<(), Refusal> {
        self.input.skip(3);
        let (mut depth, mut names) = (0usize, false);
        loop {
            match self.input.peek() {
                None => return Err("arithmetic isn't closed"),
                Some(b'(') => depth += 1,
                Some(b')') if depth > 0 => depth -= 1,
                Some(b')') => {
                    if self.input.raw(1) != Some(b')') {
                        return Err("it may be arithmetic or a substitution");
                    }
                    self.input.skip(2);
                    break;
                }
                Some(b) if b.is_ascii_alphabetic() || matches!(b, b'_' | b'$') => names = true,
                Some(b'0'..=b'9' | b' ' | b'\t' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'!') => {}
                Some(b'&' | b'|' | b'^' | b'~' | b'?' | b':' | b',') => {}
                Some(_) => return Err("arithmetic holds more than numbers and operators"),
            }
            self.input.skip(1);
        }
        if names {
            self.note(ARITHMETIC);
        }
        self.word().push(Piece::Dynamic { quoted });
        Ok(())
    }

    /// `${…}` behind its opening brace.
    fn parameter(&mut self, quoted: bool) -> Result<(), Refusal> {
        let indirect = self.input.peek() == Some(b'!') && self.input.raw(1) != Some(b'}');
        let length = self.input.peek() == Some(b'#') && self.input.raw(1) != Some(b'}');
        if indirect || length {
            self.input.skip(1);
        }
        if indirect {
            self.note("an indirect expansion names a variable that isn't known");
        }
        let (name, special) = self.parameter_name()?;
        let many = special && matches!(name.as_str(), "@" | "*");
        if self.input.peek() == Some(b'[') {
            self.subscript()?;
            return self.parameter_operator(Piece::Dynamic { quoted: false }, quoted);
        }
        let piece = if special || indirect || length {
            Piece::Dynamic { quoted: quoted && !many }
        } else {
            Piece::Var { name, quoted }
        };
        if length {
            return match self.input.peek() {
                Some(b'}') => {
                    self.input.skip(1);
                    self.word().push(piece);
                    Ok(())
                }
                _ => Err(NOT_PLAIN),
            };
        }
        self.parameter_operator(piece, quoted)
    }

    fn parameter_name(&mut self) -> Result<(String, bool), Refusal> {
        match self.input.peek() {
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                Ok((self.input.take_while(is_name_byte).to_owned(), false))
            }
            Some(b'0'..=b'9') => Ok((self.input.take_while(|b| b.is_ascii_digit()).to_owned(), true)),
            Some(b @ (b'@' | b'*' | b'?' | b'$' | b'!' | b'-' | b'#')) => {
                self.input.skip(1);
                Ok((char::from(b).to_string(), true))
            }
            _ => Err("a parameter expansion has no name"),
        }
    }

    /// Subscripts are evaluated as arithmetic, which runs what stands in them; only constants pass.
    fn subscript(&mut self) -> Result<(), Refusal> {
        self.input.skip(1);
        let constant = match self.input.peek() {
            Some(b'@' | b'*') => {
                self.input.skip(1);
                true
            }
            _ => !self.input.take_while(|b| b.is_ascii_digit() || b == b'-').is_empty(),
        };
        if !constant || self.input.peek() != Some(b']') {
            return Err("a subscript is evaluated as code");
        }
        self.input.skip(1);
        Ok(())
    }

    fn parameter_operator(&mut self, piece: Piece, quoted: bool) -> Result<(), Refusal> {
        let dynamic = Piece::Dynamic { quoted: quoted && !matches!(piece, Piece::Dynamic { quoted: false }) };
        let Some(first) = self.input.peek() else {
            return Err("a parameter expansion isn't closed");
        };
        if self.input.continues(1) {
            return Err("a line continuation splits an expansion");
        }
        let second = self.input.raw(1);
        let default = matches!(second, Some(b'+' | b'-' | b'?' | b'='));
        let part = matches!(first, b'#' | b'%' | b'/' | b'^' | b',') || (first == b':' && !default);
        if part && matches!(&piece, Piece::Var { name, .. } if crate::knowledge::environment::secret(name)) {
            self.note("a variable that is changed may hold a secret");
        }
        let (skip, value) = match (first, second) {
            (b'}', _) => {
                self.input.skip(1);
                self.word().push(piece);
                return Ok(());
            }
            (b':', Some(b'-' | b'?')) => (2, piece),
            (b'-' | b'?', _) => (1, piece),
            (b':', Some(b'=')) | (b'=', _) => {
                self.note("an expansion assigns a variable");
                (if first == b':' { 2 } else { 1 }, dynamic)
            }
            (b':', Some(b'+')) => (2, dynamic),
            (b':', _) => return self.substring(dynamic),
            (b'@', _) => {
                self.note("an expansion may evaluate the value of a variable as code");
                (1, dynamic)
            }
            (b'+' | b'#' | b'%' | b'/' | b'^' | b',', _) => (1, dynamic),
            _ => return Err(NOT_PLAIN),
        };
        self.input.skip(skip);
        self.word().push(value);
        self.word().enter(Mode::Param { quoted });
        self.limit_modes()
    }

    /// `${name:offset:length}`, both evaluated as arithmetic.
    fn substring(&mut self, value: Piece) -> Result<(), Refusal> {
        let text = self.input.take_while(|b| is_name_byte(b) || matches!(b, b':' | b' ' | b'-' | b'+' | b'$' | b'#'));
        let names = text.bytes().any(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$' | b'#'));
        if self.input.peek() != Some(b'}') {
            return Err(NOT_PLAIN);
        }
        if names {
            self.note(ARITHMETIC);
        }
        self.input.skip(1);
        self.word().push(value);
        Ok(())
    }

    /// `$'…'`, decoded as bash does.
    fn ansi_c(&mut self) -> Result<(), Refusal> {
        let mut text = String::new();
        loop {
            let Some(c) = self.input.take() else {
                return Err("a quote isn't closed");
            };
            match c {
                '\'' => break,
                '\\' => {
                    let Some(e) = self.input.take() else {
                        return Err("a quote isn't closed");
                    };
                    let decoded = match e {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'a' => '\u{7}',
                        'b' => '\u{8}',
                        'e' | 'E' => '\u{1b}',
                        'f' => '\u{c}',
                        'v' => '\u{b}',
                        '\\' | '\'' | '"' | '?' => e,
                        'x' => self.number("", 16, 2)?,
                        'u' => self.number("", 16, 4)?,
                        'U' => self.number("", 16, 8)?,
                        '0'..='7' => self.number(e.encode_utf8(&mut [0; 4]), 8, 2)?,
                        'c' => return Err("a string holds a control character"),
                        other => {
                            text.push('\\');
                            other
                        }
                    };
                    text.push(decoded);
                }
                other => text.push(other),
            }
        }
        if text.chars().any(crate::text::is_hidden) {
            self.note("a string holds a control character");
        }
        self.word().text(&text, true);
        Ok(())
    }

    fn number(&mut self, first: &str, radix: u32, max: usize) -> Result<char, Refusal> {
        let mut digits = first.to_owned();
        while digits.len() < max + first.len() {
            match self.input.raw(0) {
                Some(b) if char::from(b).is_digit(radix) => digits.push(char::from(b)),
                _ => break,
            }
            self.input.skip(1);
        }
        let value = u32::from_str_radix(&digits, radix).map_err(|_| "an escape has no number")?;
        let byte_form = radix == 8 || max == 2;
        // A byte beyond ASCII is half of a character, and NUL ends the string.
        if value == 0 || (byte_form && value > 127) {
            return Err("an escape makes an unusual byte");
        }
        char::from_u32(value).ok_or("an escape makes an unusual byte")
    }
}
