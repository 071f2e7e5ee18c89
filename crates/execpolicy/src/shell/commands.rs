//! Reading between words: blanks, newlines, comments, and where words begin.

use super::builder::{WordBuilder, is_name_byte};
use super::parser::{CasePhase, ForPhase, Kind, Need, Parser, PendingFunction, Refusal};

impl Parser {
    pub fn step_command(&mut self) -> Result<(), Refusal> {
        while matches!(self.input.peek(), Some(b' ' | b'\t')) {
            self.input.skip(1);
        }
        let Some(byte) = self.input.peek() else {
            return self.end_of_input();
        };
        match self.level().kind {
            Kind::Condition { .. } => return self.step_condition(byte),
            Kind::Case(phase) if phase != CasePhase::Body => {
                return self.step_case_head(phase, byte);
            }
            Kind::For(phase) if phase != ForPhase::Body => return self.step_for_head(phase, byte),
            _ => {}
        }
        match byte {
            b'\n' => self.newline(),
            b'#' => {
                self.comment();
                Ok(())
            }
            b';' => self.semicolon(),
            b'&' => self.ampersand(),
            b'|' => self.bar(),
            b'(' => self.open_paren(),
            b')' => self.close_paren(),
            b'<' | b'>' => self.angle(None, false),
            b'0'..=b'9' => self.digits(),
            b'{' => self.open_brace(),
            _ => self.begin_word(),
        }
    }

    pub fn comment(&mut self) {
        // A backslash at the end of a comment doesn't continue it.
        self.input.take_while(|b| b != b'\n');
    }

    pub fn begin_word(&mut self) -> Result<(), Refusal> {
        let level = self.level();
        if level.after && level.redirect.is_none() {
            // `then`, `}` and the like close what is around, also right behind a compound command only after `;`.
            return self.word_after_compound();
        }
        level.word = Some(WordBuilder::default());
        Ok(())
    }

    /// bash takes reserved words directly behind a compound command: `{ (ls) }`, `if (ls) then`.
    fn word_after_compound(&mut self) -> Result<(), Refusal> {
        let level = self.level();
        if level.command.redirects.is_empty() {
            level.word = Some(WordBuilder::default());
            return Ok(());
        }
        Err("a word stands behind a compound command")
    }

    /// A number directly in front of `<` or `>` is a descriptor.
    fn digits(&mut self) -> Result<(), Refusal> {
        let len = self.input.rest().bytes().take_while(u8::is_ascii_digit).count();
        if !matches!(self.input.raw(len), Some(b'<' | b'>')) {
            return self.begin_word();
        }
        let Ok(fd) = self.input.take_while(|b| b.is_ascii_digit()).parse() else {
            return Err("a descriptor number is too large");
        };
        self.angle(Some(fd), false)
    }

    /// `{name}` directly in front of `<` or `>` stores the descriptor in a variable.
    fn open_brace(&mut self) -> Result<(), Refusal> {
        let rest = self.input.rest().as_bytes();
        let name = rest.iter().skip(1).take_while(|b| is_name_byte(**b)).count();
        let ends = rest.get(name + 1) == Some(&b'}') && matches!(rest.get(name + 2), Some(b'<' | b'>'));
        if name == 0 || !ends {
            return self.begin_word();
        }
        self.input.skip(name + 2);
        self.angle(None, true)
    }

    pub fn newline(&mut self) -> Result<(), Refusal> {
        self.input.skip(1);
        let level = self.level();
        match level.need {
            Need::Negated if level.at_start() => return Err("an exclamation mark has no command"),
            _ => {}
        }
        let waits = level.at_start() && (level.need == Need::Command || level.function.is_some());
        if matches!(level.function, Some(PendingFunction::Name)) {
            return Err("a function has no name");
        }
        if !waits {
            self.finish_command()?;
            self.finish_pipeline(false);
        }
        self.read_heredocs()
    }

    /// The end of the line, of a backquote or of a here-document body.
    fn end_of_input(&mut self) -> Result<(), Refusal> {
        let kind = self.level().kind;
        if !matches!(kind, Kind::Top | Kind::Backquote { .. }) {
            return Err(match kind {
                Kind::Sub { .. } | Kind::Paren => "a parenthesis isn't closed",
                _ => "a compound command isn't closed",
            });
        }
        self.finish_command()?;
        if self.level().need != Need::Nothing || self.level().function.is_some() {
            return Err("it ends where a command must follow");
        }
        if !self.heredocs.is_empty() {
            return Err("a here-document has no body");
        }
        self.finish_pipeline(false);
        if let Kind::Backquote { quoted } = kind {
            if let Some(outer) = self.inputs.pop() {
                self.input = outer;
            }
            return self.leave_substitution(super::ast::SubKind::Text, quoted);
        }
        self.done = true;
        Ok(())
    }
}
