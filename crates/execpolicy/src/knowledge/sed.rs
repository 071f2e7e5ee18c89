//! sed: `w` writes, `e` runs, `r` reads any file, and `s` takes flags that do the same.

use crate::judge::{Call, Options, Style};

const OPTIONS: Options = Options {
    short: "nErzsube:l:",
    long: "quiet silent regexp-extended null-data separate unbuffered expression= line-length= posix debug sandbox binary help version",
    refused: "in-place=? file= follow-symlinks",
    style: Style::Gnu,
};

pub(crate) fn check(call: &Call<'_>) -> Result<(), String> {
    let parsed = call.options(&OPTIONS)?;
    let mut scripts: Vec<_> = parsed.values('e', "expression").collect();
    let mut operands = parsed.operands.as_slice();
    if scripts.is_empty()
        && let Some((first, rest)) = operands.split_first()
    {
        scripts.push(first);
        operands = rest;
    }
    let _ = operands;
    // Several expressions are one script of several lines.
    let mut text = String::new();
    for script in scripts {
        let Some(exact) = script.exact() else {
            return Err(format!("its script `{}` isn't known before the run", script.text));
        };
        text.push_str(exact);
        text.push('\n');
    }
    Script { rest: &text }.check()
}

struct Script<'a> {
    rest: &'a str,
}

const UNKNOWN: &str = "its script isn't understood";

impl Script<'_> {
    fn check(mut self) -> Result<(), String> {
        loop {
            self.skip(|c| c.is_whitespace() || c == ';');
            if self.rest.is_empty() {
                return Ok(());
            }
            self.addresses()?;
            self.skip(|c| c == ' ' || c == '\t');
            let Some(command) = self.take() else {
                return Err(UNKNOWN.into());
            };
            match command {
                '{' | '}' | 'p' | 'P' | 'd' | 'D' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' | '=' | 'F' | 'z' => {}
                'l' | 'q' | 'Q' | 'L' => {
                    self.skip(|c| c == ' ');
                    self.skip(|c| c.is_ascii_digit());
                }
                '#' => self.line(),
                ':' | 'b' | 't' | 'T' => {
                    self.skip(|c| c == ' ');
                    self.skip(|c| c.is_ascii_alphanumeric() || c == '_');
                }
                'a' | 'i' | 'c' => self.text(),
                's' => self.substitute()?,
                'y' => {
                    let Some(delimiter) = self.take() else {
                        return Err(UNKNOWN.into());
                    };
                    self.part(delimiter)?;
                    self.part(delimiter)?;
                }
                'w' | 'W' => return Err("its script writes a file".into()),
                'r' | 'R' => return Err("its script reads a file of its own choice".into()),
                'e' => return Err("its script runs a command".into()),
                _ => return Err(UNKNOWN.into()),
            }
            self.skip(|c| c == ' ' || c == '\t');
            // A command ends here; anything directly behind it would be read as its flags by some version.
            if !self.rest.is_empty()
                && !self.rest.starts_with(['\n', ';', '}', '#', '{'])
                && command != '{'
                && command != '}'
            {
                return Err(UNKNOWN.into());
            }
        }
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or("");
        Some(c)
    }

    fn skip(&mut self, test: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(test);
    }

    fn line(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        self.rest = self.rest.get(end..).unwrap_or("");
    }

    /// The text of `a`, `i` and `c`: to the end of a line that doesn't end in a backslash.
    fn text(&mut self) {
        loop {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            let line = self.rest.get(..end).unwrap_or("");
            let goes_on = line.ends_with('\\') && end < self.rest.len();
            self.rest = self.rest.get(if goes_on { end + 1 } else { end }..).unwrap_or("");
            if !goes_on {
                return;
            }
        }
    }

    fn addresses(&mut self) -> Result<(), String> {
        loop {
            match self.rest.chars().next() {
                Some(c) if c.is_ascii_digit() || matches!(c, '$' | ',' | '~' | '+' | '!' | ' ') => {
                    self.take();
                }
                Some('/') => {
                    self.take();
                    self.part('/')?;
                    self.skip(|c| c == 'I' || c == 'M');
                }
                Some('\\') => {
                    self.take();
                    let Some(delimiter) = self.take() else {
                        return Err(UNKNOWN.into());
                    };
                    self.part(delimiter)?;
                    self.skip(|c| c == 'I' || c == 'M');
                }
                _ => return Ok(()),
            }
        }
    }

    /// Text up to a delimiter. Versions differ on delimiters in brackets, so an open bracket is refused.
    fn part(&mut self, delimiter: char) -> Result<(), String> {
        if delimiter == '\\' || delimiter == '\n' {
            return Err(UNKNOWN.into());
        }
        let mut open = false;
        loop {
            match self.take() {
                None => return Err(UNKNOWN.into()),
                Some(c) if c == delimiter => {
                    return if open { Err("a delimiter stands in brackets of its script".into()) } else { Ok(()) };
                }
                Some('\\') => {
                    self.take();
                }
                Some('[') => open = true,
                Some(']') => open = false,
                Some(_) => {}
            }
        }
    }

    fn substitute(&mut self) -> Result<(), String> {
        let Some(delimiter) = self.take() else {
            return Err(UNKNOWN.into());
        };
        self.part(delimiter)?;
        // Brackets mean nothing in the replacement.
        loop {
            match self.take() {
                None => return Err(UNKNOWN.into()),
                Some(c) if c == delimiter => break,
                Some('\\') => {
                    self.take();
                }
                Some(_) => {}
            }
        }
        loop {
            match self.rest.chars().next() {
                Some('g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9') => {
                    self.take();
                }
                Some('e') => return Err("its script runs a command".into()),
                Some('w') => return Err("its script writes a file".into()),
                _ => return Ok(()),
            }
        }
    }
}
