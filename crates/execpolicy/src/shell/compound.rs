//! Where finished words go, reserved words, and the heads of compound commands.

use super::ast::{Assignment, Command, CommandKind, Piece, Word};
use super::brace;
use super::builder::{WordBuilder, is_name};
use super::parser::{CasePhase, ForPhase, IfPhase, Kind, Need, Parser, PendingFunction, Refusal};
use crate::knowledge::environment::injects;

const MISPLACED: Refusal = "a reserved word stands where none can";
const EMPTY: Refusal = "a compound command has no body";

impl Parser {
    pub fn on_word(&mut self, word: Word) -> Result<(), Refusal> {
        if let Some(pending) = self.level().redirect.take() {
            let mut words = brace::expand(word).into_iter();
            return match (words.next(), words.next()) {
                (Some(target), None) => self.push_redirect(pending, target),
                _ => Err("a redirection has several targets"),
            };
        }
        match self.level().kind {
            Kind::Condition { regex } => return self.on_condition_word(word, regex),
            Kind::Case(phase) if phase != CasePhase::Body => return self.on_case_word(word, phase),
            Kind::For(phase) if phase != ForPhase::Body => return self.on_for_word(word, phase),
            _ => {}
        }
        if let Some(PendingFunction::Name) = self.level().function {
            return self.function_name(&word);
        }
        let level = self.level();
        let closes_only = level.after;
        if (closes_only || level.at_start())
            && let Some(bare) = brace_free(&word)
            && self.reserved(&bare, closes_only)?
        {
            return Ok(());
        }
        if closes_only {
            return Err("a word stands behind a compound command");
        }
        if self.level().function.is_some() {
            return Err("a function body isn't a compound command");
        }
        self.plain_word(word)
    }

    fn plain_word(&mut self, word: Word) -> Result<(), Refusal> {
        if self.level().command.words.is_empty()
            && let Some((name, append, value)) = as_assignment(&word)
        {
            self.push_assignment(&name, append, value);
            return Ok(());
        }
        let words = brace::expand(word);
        if words.len() > 1 {
            self.expanded += words.len();
        }
        if self.expanded > super::MAX_EXPANDED {
            return Err("brace expansion makes too many words");
        }
        let all = &mut self.level().command.words;
        all.extend(words);
        if all.len() > super::MAX_WORDS {
            return Err("a command has more than 8192 words");
        }
        Ok(())
    }

    /// Handles a reserved word; false means that it is an ordinary one.
    fn reserved(&mut self, word: &str, closes_only: bool) -> Result<bool, Refusal> {
        let closes = matches!(word, "then" | "elif" | "else" | "fi" | "do" | "done" | "esac" | "}");
        if closes {
            self.finish_command()?;
            return self.closing(word).map(|()| true);
        }
        if closes_only {
            return Err("a word stands behind a compound command");
        }
        let body_expected = matches!(self.level().function, Some(PendingFunction::Body { .. }));
        match word {
            "if" => self.enter(Kind::If(IfPhase::Test))?,
            "while" | "until" => self.enter(Kind::Loop { body: false })?,
            "for" => self.enter(Kind::For(ForPhase::Name))?,
            "case" => self.enter(Kind::Case(CasePhase::Subject))?,
            "{" => self.enter(Kind::Brace)?,
            "[[" => self.enter(Kind::Condition { regex: false })?,
            "!" | "time" if !body_expected => {
                let level = self.level();
                if !level.stages.is_empty() {
                    return Err(MISPLACED);
                }
                level.need = Need::Negated;
                if word == "time" {
                    self.skip_time_option();
                }
            }
            "function" if !body_expected => self.level().function = Some(PendingFunction::Name),
            "in" | "select" | "coproc" => return Err("a construct of the shell isn't supported"),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `time -p`
    fn skip_time_option(&mut self) {
        while matches!(self.input.peek(), Some(b' ' | b'\t')) {
            self.input.skip(1);
        }
        let rest = self.input.rest().as_bytes();
        if rest.starts_with(b"-p") && matches!(rest.get(2), Some(b' ' | b'\t')) {
            self.input.skip(2);
        }
    }

    fn closing(&mut self, word: &str) -> Result<(), Refusal> {
        let level = self.level();
        if level.need != Need::Nothing || level.function.is_some() {
            return Err(MISPLACED);
        }
        // A list must end with `;` or a newline, except right behind a compound command.
        let any = std::mem::take(&mut level.any);
        let empty_ok = level.kind == Kind::Case(CasePhase::Body) && word == "esac";
        if !any && !empty_ok {
            return Err(EMPTY);
        }
        let next = match (level.kind, word) {
            (Kind::If(IfPhase::Test), "then") => Some(Kind::If(IfPhase::Then)),
            (Kind::If(IfPhase::Then), "elif") => Some(Kind::If(IfPhase::Test)),
            (Kind::If(IfPhase::Then), "else") => Some(Kind::If(IfPhase::Else)),
            (Kind::Loop { body: false }, "do") => Some(Kind::Loop { body: true }),
            (Kind::If(IfPhase::Then | IfPhase::Else), "fi")
            | (Kind::Loop { body: true } | Kind::For(ForPhase::Body), "done")
            | (Kind::Case(CasePhase::Body), "esac")
            | (Kind::Brace, "}") => None,
            _ => return Err(MISPLACED),
        };
        self.finish_pipeline(false);
        match next {
            Some(kind) => {
                let level = self.level();
                level.kind = kind;
                level.after = false;
            }
            None => self.leave_compound(),
        }
        Ok(())
    }

    fn function_name(&mut self, word: &Word) -> Result<(), Refusal> {
        let Some(name) = word.bare().filter(|n| is_name(&n.replace(['-', '.', ':', '+'], "_"))).map(str::to_owned)
        else {
            return Err("a function has an unusual name");
        };
        while matches!(self.input.peek(), Some(b' ' | b'\t')) {
            self.input.skip(1);
        }
        if self.input.peek() == Some(b'(') {
            let rest = self.input.rest();
            let inner = rest.get(1..).unwrap_or("");
            let blanks = inner.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
            // `function f (ls)` has a subshell as its body.
            if inner.as_bytes().get(blanks) == Some(&b')') {
                self.input.skip(blanks + 2);
            }
        }
        let start = self.count();
        self.level().function = Some(PendingFunction::Body { name, start });
        self.note("it defines a function, which can stand in for any command");
        Ok(())
    }

    pub fn step_for_head(&mut self, phase: ForPhase, byte: u8) -> Result<(), Refusal> {
        match (phase, byte) {
            (ForPhase::In | ForPhase::Do, b'\n') => {
                self.input.skip(1);
                self.read_heredocs()
            }
            (ForPhase::In, b';') => {
                self.input.skip(1);
                self.level().command = Command::default();
                self.level().kind = Kind::For(ForPhase::Do);
                Ok(())
            }
            (ForPhase::Words, b';' | b'\n') => {
                self.input.skip(1);
                let level = self.level();
                let mut command = std::mem::take(&mut level.command);
                level.kind = Kind::For(ForPhase::Do);
                command.kind = CommandKind::Header;
                self.script.commands.push(command);
                if byte == b'\n' { self.read_heredocs() } else { Ok(()) }
            }
            (_, b'#') => {
                self.comment();
                Ok(())
            }
            (_, b';' | b'&' | b'|' | b'(' | b')' | b'\n') => Err("the head of a loop isn't complete"),
            (_, b'<' | b'>') if self.input.raw(1) != Some(b'(') => Err("the head of a loop isn't complete"),
            _ => {
                self.level().word = Some(WordBuilder::default());
                Ok(())
            }
        }
    }

    fn on_for_word(&mut self, word: Word, phase: ForPhase) -> Result<(), Refusal> {
        match phase {
            ForPhase::Name => {
                let Some(name) = word.bare().filter(|n| is_name(n)) else {
                    return Err("a loop has no variable");
                };
                if injects(name) {
                    self.note("a loop sets a variable that can change what runs");
                }
                let variable = Assignment { name: name.to_owned(), append: false, value: Word::default() };
                let level = self.level();
                level.command.assignments.push(variable);
                level.kind = Kind::For(ForPhase::In);
            }
            ForPhase::In if word.bare() == Some("in") => self.level().kind = Kind::For(ForPhase::Words),
            ForPhase::In | ForPhase::Do if word.bare() == Some("do") => {
                let level = self.level();
                level.command = Command::default();
                level.kind = Kind::For(ForPhase::Body);
                level.any = false;
            }
            ForPhase::Words => {
                let words = brace::expand(word);
                self.level().command.words.extend(words);
            }
            _ => return Err("the head of a loop isn't complete"),
        }
        Ok(())
    }

    pub fn step_case_head(&mut self, phase: CasePhase, byte: u8) -> Result<(), Refusal> {
        match (phase, byte) {
            (CasePhase::In | CasePhase::Pattern { begun: false }, b'\n') => {
                self.input.skip(1);
                self.read_heredocs()
            }
            (CasePhase::In | CasePhase::Pattern { begun: false }, b'#') => {
                self.comment();
                Ok(())
            }
            (CasePhase::Pattern { begun: false }, b'(') => {
                self.input.skip(1);
                self.level().kind = Kind::Case(CasePhase::Pattern { begun: true });
                Ok(())
            }
            (CasePhase::AfterPattern, b'|') => {
                self.input.skip(1);
                self.level().kind = Kind::Case(CasePhase::Pattern { begun: true });
                Ok(())
            }
            (CasePhase::AfterPattern, b')') => {
                self.input.skip(1);
                let next = self.count();
                let level = self.level();
                level.kind = Kind::Case(CasePhase::Body);
                level.any = false;
                level.pipeline_start = next;
                Ok(())
            }
            (CasePhase::AfterPattern, _) | (_, b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' | b'\n' | b'#') => {
                Err("the head of a case isn't complete")
            }
            _ => {
                self.level().word = Some(WordBuilder::default());
                Ok(())
            }
        }
    }

    fn on_case_word(&mut self, word: Word, phase: CasePhase) -> Result<(), Refusal> {
        match phase {
            CasePhase::Subject => {
                let command = Command { kind: CommandKind::Header, words: vec![word], ..Command::default() };
                self.script.commands.push(command);
                self.level().kind = Kind::Case(CasePhase::In);
            }
            CasePhase::In if word.bare() == Some("in") => {
                self.level().kind = Kind::Case(CasePhase::Pattern { begun: false });
            }
            CasePhase::Pattern { begun: false } if word.bare() == Some("esac") => {
                self.finish_pipeline(false);
                self.leave_compound();
            }
            CasePhase::Pattern { .. } => self.level().kind = Kind::Case(CasePhase::AfterPattern),
            _ => return Err("the head of a case isn't complete"),
        }
        Ok(())
    }

    pub fn step_condition(&mut self, byte: u8) -> Result<(), Refusal> {
        let operator = match (byte, self.input.raw(1)) {
            (b'\n', _) => {
                self.input.skip(1);
                return self.read_heredocs();
            }
            (b'&', Some(b'&')) => "&&",
            (b'|', Some(b'|')) => "||",
            (b'<' | b'>', Some(b'(')) => return Err("a condition holds a process substitution"),
            (b'<', _) => "<",
            (b'>', _) => ">",
            (b'(', _) => "(",
            (b')', _) => ")",
            (b'&' | b'|' | b';' | b'#', _) => return Err("a condition isn't closed"),
            _ => {
                self.level().word = Some(WordBuilder::default());
                return Ok(());
            }
        };
        self.input.skip(operator.len());
        let piece = Piece::Text { text: operator.to_owned(), quoted: true };
        self.level().command.words.push(Word { pieces: vec![piece] });
        Ok(())
    }

    fn on_condition_word(&mut self, word: Word, regex: bool) -> Result<(), Refusal> {
        // In a regular expression parentheses and bars are no operators; only plain ones are read alike.
        if self.input.peek() == Some(b'(') || (regex && !matches!(self.input.peek(), Some(b' ' | b'\t' | b'\n'))) {
            return Err("a condition holds a pattern with parentheses");
        }
        if word.bare() == Some("]]") {
            let mut command = std::mem::take(&mut self.level().command);
            command.kind = CommandKind::Condition;
            if command.words.is_empty() {
                return Err("a condition is empty");
            }
            self.script.commands.push(command);
            self.leave_compound();
            return Ok(());
        }
        let regex = word.bare() == Some("=~");
        self.level().kind = Kind::Condition { regex };
        self.level().command.words.push(word);
        Ok(())
    }
}

/// The word when it has no quote; a lone brace is still a mark at this point.
fn brace_free(word: &Word) -> Option<String> {
    match word.pieces.as_slice() {
        [Piece::Text { text, quoted: false }] => Some(text.clone()),
        [Piece::Mark(c)] => Some(c.to_string()),
        // `[[` alone: two unquoted brackets.
        [Piece::Glob('['), Piece::Glob('[')] => Some("[[".to_owned()),
        _ => None,
    }
}

/// `name=value` or `name+=value`, with the name and the sign unquoted.
fn as_assignment(word: &Word) -> Option<(String, bool, Word)> {
    let Some(Piece::Text { text, quoted: false }) = word.pieces.first() else {
        return None;
    };
    let equals = text.find('=')?;
    let (mut name, value) = (text.get(..equals)?, text.get(equals + 1..)?);
    let append = name.ends_with('+');
    if append {
        name = name.get(..equals - 1)?;
    }
    if !is_name(name) {
        return None;
    }
    let mut pieces = Vec::with_capacity(word.pieces.len());
    if !value.is_empty() || word.pieces.len() == 1 {
        pieces.push(Piece::Text { text: value.to_owned(), quoted: false });
    }
    // Braces don't expand in assignments.
    pieces.extend(word.pieces.iter().skip(1).map(|p| match p {
        Piece::Mark(c) => Piece::Text { text: c.to_string(), quoted: false },
        other => other.clone(),
    }));
    Some((name.to_owned(), append, Word { pieces }))
}
