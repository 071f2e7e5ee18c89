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
    if scripts.is_empty() {
        scripts.extend(parsed.operands.first().copied());
    }
    // Where `-l` takes no value, the word behind it is the script.
    if parsed.values('l', "line-length").any(|l| !l.exact().is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()))) {
        return Err("`-l` isn't followed by a number".into());
    }
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

    fn skip_one(&mut self, c: char) {
        self.rest = self.rest.strip_prefix(c).unwrap_or(self.rest);
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
            // An even number of backslashes is that of escaped ones.
            let backslashes = line.bytes().rev().take_while(|b| *b == b'\\').count();
            let goes_on = backslashes % 2 == 1 && end < self.rest.len();
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
        if matches!(delimiter, '\\' | '\n' | '[' | ']' | '^') {
            return Err(UNKNOWN.into());
        }
        let mut open = false;
        loop {
            let taken = self.take();
            // Where brackets are seen, one that closes right behind `[` or `[^` stands for itself, and a class ends none.
            if open && taken == Some('[') && self.rest.starts_with([':', '.', '=']) {
                let end = self.rest.find(']').map_or(self.rest.len(), |e| e + 1);
                let (class, rest) = self.rest.split_at(end);
                if class.contains(delimiter) || class.contains('\\') {
                    return Err("a delimiter stands in brackets of its script".into());
                }
                self.rest = rest;
                continue;
            }
            match taken {
                None => return Err(UNKNOWN.into()),
                Some(c) if c == delimiter => {
                    return if open { Err("a delimiter stands in brackets of its script".into()) } else { Ok(()) };
                }
                Some('\\') => {
                    self.take();
                }
                Some('[') if !open => {
                    open = true;
                    self.skip_one('^');
                    self.skip_one(']');
                }
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
