//! Control operators, parentheses and redirection operators.

use super::ast::{RedirectOp, SubKind};
use super::builder::{WordBuilder, is_name};
use super::parser::{CasePhase, Kind, Need, Parser, PendingFunction, PendingRedirect, Refusal};

const NO_COMMAND: Refusal = "an operator has no command in front of it";

impl Parser {
    pub fn semicolon(&mut self) -> Result<(), Refusal> {
        self.no_continuation(1)?;
        let ends_item = matches!(self.input.raw(1), Some(b';' | b'&'));
        if ends_item {
            return self.end_case_item();
        }
        self.separator(1, false)
    }

    pub fn ampersand(&mut self) -> Result<(), Refusal> {
        self.no_continuation(1)?;
        match self.input.raw(1) {
            Some(b'&') => self.connective(),
            Some(b'>') => {
                self.no_continuation(2)?;
                let append = self.input.raw(2) == Some(b'>');
                self.input.skip(if append { 3 } else { 2 });
                self.begin_redirect(None, false, RedirectOp::WriteBoth, false)
            }
            _ => self.separator(1, true),
        }
    }

    pub fn bar(&mut self) -> Result<(), Refusal> {
        self.no_continuation(1)?;
        let len = match self.input.raw(1) {
            Some(b'|') => return self.connective(),
            Some(b'&') => 2,
            _ => 1,
        };
        if !self.level().complete() {
            return Err(NO_COMMAND);
        }
        self.input.skip(len);
        self.finish_command()?;
        let next = self.count();
        let level = self.level();
        // The first stage began where the pipeline did, which is known from where the last one ended.
        if level.stages.is_empty() {
            let first = level.pipeline_start;
            level.stages.push(first);
        }
        level.stages.push(next);
        level.need = Need::Command;
        Ok(())
    }

    fn connective(&mut self) -> Result<(), Refusal> {
        if !self.level().complete() {
            return Err(NO_COMMAND);
        }
        self.input.skip(2);
        self.finish_command()?;
        self.finish_pipeline(false);
        self.level().need = Need::Command;
        Ok(())
    }

    fn separator(&mut self, len: usize, background: bool) -> Result<(), Refusal> {
        if !self.level().complete() {
            return Err(NO_COMMAND);
        }
        self.input.skip(len);
        self.finish_command()?;
        self.finish_pipeline(background);
        Ok(())
    }

    pub fn open_paren(&mut self) -> Result<(), Refusal> {
        let level = self.level();
        if level.redirect.is_some() || level.after {
            return Err("a parenthesis stands where none can");
        }
        if level.at_start() {
            if matches!(level.function, Some(PendingFunction::Name)) {
                return Err("a function has no name");
            }
            self.no_continuation(1)?;
            if self.input.raw(1) == Some(b'(') {
                return Err("an arithmetic command evaluates variables as code");
            }
            self.input.skip(1);
            return self.enter(Kind::Paren);
        }
        self.function_head()
    }

    /// `name ( )`, with the name already read as a word.
    fn function_head(&mut self) -> Result<(), Refusal> {
        let command = &self.level().command;
        let name = match command.words.as_slice() {
            [word] if command.assignments.is_empty() && command.redirects.is_empty() => word.bare().map(str::to_owned),
            _ => None,
        };
        let Some(name) = name.filter(|n| is_function_name(n)) else {
            return Err("a parenthesis stands inside a command");
        };
        self.input.skip(1);
        while matches!(self.input.peek(), Some(b' ' | b'\t')) {
            self.input.skip(1);
        }
        if self.input.peek() != Some(b')') {
            return Err("a parenthesis stands inside a command");
        }
        self.input.skip(1);
        if self.script.functions.len() >= super::MAX_FUNCTIONS {
            return Err("it defines too many functions");
        }
        let start = self.count();
        let level = self.level();
        level.command = Default::default();
        level.function = Some(PendingFunction::Body { name, start });
        self.note("it defines a function, which can stand in for any command");
        Ok(())
    }

    pub fn close_paren(&mut self) -> Result<(), Refusal> {
        let kind = self.level().kind;
        let empty_allowed = match kind {
            Kind::Sub { .. } => true,
            Kind::Paren => false,
            _ => return Err("a parenthesis closes nothing"),
        };
        self.finish_command()?;
        let level = self.level();
        if level.need != Need::Nothing || level.function.is_some() || !(level.any || empty_allowed) {
            return Err("a parenthesis closes an incomplete command");
        }
        self.finish_pipeline(false);
        self.input.skip(1);
        match kind {
            Kind::Sub { kind, quoted } => self.leave_substitution(kind, quoted),
            _ => {
                self.leave_compound();
                Ok(())
            }
        }
    }

    /// `<` or `>` outside a word: a redirection, or a process substitution as a word.
    pub fn angle(&mut self, fd: Option<u32>, named: bool) -> Result<(), Refusal> {
        self.no_continuation(1)?;
        let reads = self.input.raw(0) == Some(b'<');
        let next = self.input.raw(1);
        if next == Some(b'(') && fd.is_none() && !named {
            let level = self.level();
            if level.after {
                return Err("a word stands behind a compound command");
            }
            level.word = Some(WordBuilder::default());
            return Ok(());
        }
        if self.level().redirect.is_some() {
            return Err("a redirection has no target");
        }
        let (op, len, strip) = match (reads, next) {
            (true, Some(b'<')) => {
                self.no_continuation(2)?;
                match self.input.raw(2) {
                    Some(b'<') => (RedirectOp::HereString, 3, false),
                    Some(b'-') => (RedirectOp::HereDoc(0), 3, true),
                    _ => (RedirectOp::HereDoc(0), 2, false),
                }
            }
            (true, Some(b'>')) => (RedirectOp::ReadWrite, 2, false),
            (false, Some(b'>')) => (RedirectOp::Append, 2, false),
            (false, Some(b'|')) => (RedirectOp::Clobber, 2, false),
            (_, Some(b'&')) => (RedirectOp::Duplicate, 2, false),
            (true, _) => (RedirectOp::Read, 1, false),
            (false, _) => (RedirectOp::Write, 1, false),
        };
        self.input.skip(len);
        self.begin_redirect(fd, named, op, strip)
    }

    fn begin_redirect(&mut self, fd: Option<u32>, named: bool, op: RedirectOp, strip: bool) -> Result<(), Refusal> {
        let level = self.level();
        if level.redirect.is_some() {
            return Err("a redirection has no target");
        }
        if level.function.is_some() {
            return Err("a function body isn't a compound command");
        }
        level.redirect = Some(PendingRedirect { fd, named, op, strip });
        Ok(())
    }

    fn end_case_item(&mut self) -> Result<(), Refusal> {
        if self.level().kind != Kind::Case(CasePhase::Body) {
            return Err("a double semicolon stands outside of case");
        }
        let len = if self.input.raw(1) == Some(b';') {
            self.no_continuation(2)?;
            if self.input.raw(2) == Some(b'&') { 3 } else { 2 }
        } else {
            2
        };
        self.finish_command()?;
        if self.level().need != Need::Nothing || self.level().function.is_some() {
            return Err(NO_COMMAND);
        }
        self.finish_pipeline(false);
        self.input.skip(len);
        self.level().kind = Kind::Case(CasePhase::Pattern { begun: false });
        Ok(())
    }

    /// Operators that are split by a line continuation are refused, so that none is read differently.
    fn no_continuation(&self, ahead: usize) -> Result<(), Refusal> {
        if self.input.continues(ahead) { Err("a line continuation splits an operator") } else { Ok(()) }
    }

    pub fn begin_process_substitution(&mut self) -> Result<(), Refusal> {
        let kind = if self.input.raw(0) == Some(b'<') { SubKind::Input } else { SubKind::Output };
        self.input.skip(2);
        self.enter(Kind::Sub { kind, quoted: false })
    }
}

/// bash takes nearly any word as a function name; these are what anyone writes.
fn is_function_name(name: &str) -> bool {
    is_name(&name.replace(['-', '.', ':', '+', '@', ','], "_")) || name == ":"
}
