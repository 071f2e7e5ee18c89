//! The loop and its stack.

use super::ast::{
    Assignment, Command, CommandKind, Failure, Piece, Pipeline, Redirect, RedirectOp, Script, SubKind, Word,
};
use super::builder::WordBuilder;
use super::input::Input;
use super::{MAX_BYTES, MAX_DEPTH};

/// Parses a text. What can't be understood ends the parse and is told in [`Script::failure`].
pub(crate) fn parse(text: &str) -> Script {
    let mut parser = Parser::new(text);
    if text.len() > MAX_BYTES {
        parser.script.failure = Some(Failure { offset: MAX_BYTES, what: "it is longer than 64 KiB" });
        return parser.script;
    }
    while !parser.done {
        let step = if parser.level().word.is_some() { parser.step_word() } else { parser.step_command() };
        if let Err(what) = step {
            let offset = parser.inputs.first().unwrap_or(&parser.input).pos();
            parser.script.failure = Some(Failure { offset, what });
            break;
        }
    }
    parser.script
}

/// A refusal, in words that fit behind "not understood: ".
pub(crate) type Refusal = &'static str;

pub(crate) struct Parser {
    pub input: Input,
    /// Sources that wait while a backquote or a here-document body is read.
    pub inputs: Vec<Input>,
    pub levels: Vec<Level>,
    pub script: Script,
    /// Here-documents whose bodies begin at the next newline.
    pub heredocs: Vec<PendingHereDoc>,
    pub done: bool,
    /// Words that brace expansion made so far.
    pub expanded: usize,
}

/// One nesting level at which commands are read.
#[derive(Default)]
pub(crate) struct Level {
    pub kind: Kind,
    pub start: u32,
    pub command: Command,
    pub word: Option<WordBuilder>,
    pub redirect: Option<PendingRedirect>,
    /// Where the pipeline that is being read began.
    pub pipeline_start: u32,
    pub stages: Vec<u32>,
    /// A compound command was just closed: only redirections and operators may follow.
    pub after: bool,
    /// The current list has a command.
    pub any: bool,
    pub need: Need,
    pub function: Option<PendingFunction>,
    /// Here-documents of the enclosing text, which can't begin in here.
    pub outer_heredocs: Vec<PendingHereDoc>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Top,
    Sub {
        kind: SubKind,
        quoted: bool,
    },
    Backquote {
        quoted: bool,
    },
    HereBody {
        slot: u32,
    },
    Paren,
    Brace,
    If(IfPhase),
    Loop {
        body: bool,
    },
    For(ForPhase),
    Case(CasePhase),
    Condition {
        regex: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfPhase {
    Test,
    Then,
    Else,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForPhase {
    Name,
    In,
    Words,
    Do,
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CasePhase {
    Subject,
    In,
    /// Before a pattern; the flag says whether `(` or an earlier alternative was read.
    Pattern {
        begun: bool,
    },
    AfterPattern,
    Body,
}

/// What an operator left open.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    #[default]
    Nothing,
    /// After `&&`, `||` and `|` a command must come, newlines may come first.
    Command,
    /// After `!` a command must come on the same line.
    Negated,
}

pub(crate) struct PendingRedirect {
    pub fd: Option<u32>,
    pub named: bool,
    pub op: RedirectOp,
    /// `<<-`
    pub strip: bool,
}

pub(crate) struct PendingHereDoc {
    pub slot: u32,
    pub delimiter: String,
    pub strip: bool,
    pub quoted: bool,
}

pub(crate) enum PendingFunction {
    /// `function` was read.
    Name,
    /// The head was read; the body is a compound command.
    Body { name: String, start: u32 },
}

impl Parser {
    fn new(text: &str) -> Self {
        Self {
            input: Input::new(text),
            inputs: Vec::new(),
            levels: vec![Level::default()],
            script: Script::default(),
            heredocs: Vec::new(),
            done: false,
            expanded: 0,
        }
    }

    pub fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    pub fn count(&self) -> u32 {
        u32::try_from(self.script.commands.len()).unwrap_or(u32::MAX)
    }

    pub fn note(&mut self, what: &'static str) {
        if !self.script.notes.contains(&what) {
            self.script.notes.push(what);
        }
    }

    /// Begins a nested level.
    pub fn enter(&mut self, kind: Kind) -> Result<(), Refusal> {
        let depth = self.levels.iter().map(|l| 1 + l.word.as_ref().map_or(0, |w| w.modes.len())).sum::<usize>();
        if depth >= MAX_DEPTH {
            return Err("it is nested deeper than 64 levels");
        }
        let start = self.count();
        let outer_heredocs = match kind {
            Kind::Sub { .. } | Kind::Backquote { .. } | Kind::HereBody { .. } => std::mem::take(&mut self.heredocs),
            _ => Vec::new(),
        };
        self.levels.push(Level { kind, start, pipeline_start: start, outer_heredocs, ..Level::default() });
        Ok(())
    }

    /// Ends a substitution and gives its value to the word that holds it.
    pub fn leave_substitution(&mut self, kind: SubKind, quoted: bool) -> Result<(), Refusal> {
        if !self.heredocs.is_empty() {
            return Err("a here-document has no body inside its substitution");
        }
        let Some(level) = self.levels.pop() else {
            return Err("a parenthesis closes nothing");
        };
        self.heredocs = level.outer_heredocs;
        let range = level.start..self.count();
        if let Some(word) = &mut self.level().word {
            word.push(Piece::Sub { kind, quoted, range });
        }
        Ok(())
    }

    /// Ends a compound command.
    pub fn leave_compound(&mut self) {
        let Some(level) = self.levels.pop() else {
            return;
        };
        let end = self.count();
        if matches!(level.kind, Kind::Loop { .. } | Kind::For(_)) {
            self.script.repeated.push(level.start..end);
        }
        let parent = self.level();
        parent.after = true;
        parent.any = true;
        parent.need = Need::Nothing;
        if let Some(PendingFunction::Body { name, start }) = parent.function.take() {
            self.script.repeated.push(start..end);
            self.script.functions.push(super::ast::Function { name, body: start..end });
        }
    }

    /// Ends the command that is being read, if one is.
    pub fn finish_command(&mut self) -> Result<(), Refusal> {
        let level = self.level();
        if level.redirect.is_some() {
            return Err("a redirection has no target");
        }
        if matches!(level.function, Some(PendingFunction::Name)) {
            return Err("a function has no name");
        }
        let after = std::mem::take(&mut level.after);
        if level.command_is_empty() {
            return Ok(());
        }
        if level.function.is_some() {
            return Err("a function body isn't a compound command");
        }
        let mut command = std::mem::take(&mut level.command);
        if after {
            command.kind = CommandKind::Redirections;
        }
        level.any = true;
        level.need = Need::Nothing;
        if self.script.commands.len() >= super::MAX_COMMANDS {
            return Err("it holds more than 4096 commands");
        }
        self.script.commands.push(command);
        Ok(())
    }

    /// Ends the pipeline that is being read.
    pub fn finish_pipeline(&mut self, background: bool) {
        let end = self.count();
        let level = self.level();
        let start = std::mem::replace(&mut level.pipeline_start, end);
        let mut stages = std::mem::take(&mut level.stages);
        if stages.is_empty() {
            if !background {
                return;
            }
            stages.push(start);
        }
        self.script.pipelines.push(Pipeline { stages, end, background });
    }

    /// Stores the redirection whose target is this word.
    pub fn push_redirect(&mut self, pending: PendingRedirect, target: Word) -> Result<(), Refusal> {
        let mut op = pending.op;
        if let RedirectOp::HereDoc(_) = op {
            let Some(delimiter) = target.literal() else {
                return Err("a here-document has an expansion as delimiter");
            };
            let slot = u32::try_from(self.script.bodies.len()).unwrap_or(u32::MAX);
            if self.heredocs.len() >= MAX_DEPTH {
                return Err("it opens too many here-documents");
            }
            let quoted = target.pieces.iter().any(|p| matches!(p, Piece::Text { quoted: true, .. }));
            if delimiter.is_empty() || delimiter.contains('\n') {
                return Err("a here-document has an unusual delimiter");
            }
            self.script.bodies.push(Word::default());
            self.heredocs.push(PendingHereDoc { slot, delimiter, strip: pending.strip, quoted });
            op = RedirectOp::HereDoc(slot);
        }
        let redirect = Redirect { fd: pending.fd, named: pending.named, op, target };
        self.level().command.redirects.push(redirect);
        Ok(())
    }

    pub fn push_assignment(&mut self, name: &str, append: bool, value: Word) {
        self.level().command.assignments.push(Assignment { name: name.to_owned(), append, value });
    }
}

impl Level {
    pub fn command_is_empty(&self) -> bool {
        self.command.words.is_empty() && self.command.assignments.is_empty() && self.command.redirects.is_empty()
    }

    /// Whether a command may begin here, so that reserved words count.
    pub fn at_start(&self) -> bool {
        !self.after && self.redirect.is_none() && self.command_is_empty()
    }

    /// Whether a command has been read, so that an operator may follow.
    pub fn complete(&self) -> bool {
        self.redirect.is_none() && (self.after || !self.command_is_empty())
    }
}
