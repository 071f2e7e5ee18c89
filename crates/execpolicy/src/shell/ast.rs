//! What a parsed line is: flat lists of commands, and index ranges over them for everything that nests.

use std::ops::Range;

/// A parsed script. Commands stand in the order in which they were completed: those inside a substitution come before
/// the command that holds it, so a range of indices covers a construct and all within it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Script {
    pub commands: Vec<Command>,
    pub pipelines: Vec<Pipeline>,
    pub functions: Vec<Function>,
    /// Bodies of loops and of functions: what stands in them may run again after what follows it.
    pub repeated: Vec<Range<u32>>,
    /// Texts of here-documents, by the slot that a redirection names.
    pub bodies: Vec<Word>,
    /// Constructs that are understood but can't be judged: each makes the line a question.
    pub notes: Vec<&'static str>,
    /// Why parsing stopped early; what came before is in the lists.
    pub failure: Option<Failure>,
}

/// The place and the cause of a refusal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub offset: usize,
    pub what: &'static str,
}

/// Commands joined by `|`: where each stage begins, and where the last one ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pipeline {
    pub stages: Vec<u32>,
    pub end: u32,
    pub background: bool,
}

impl Pipeline {
    /// The command indices of each stage.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        let ends = self.stages.iter().skip(1).copied().chain(std::iter::once(self.end));
        self.stages.iter().zip(ends).map(|(start, end)| *start..end)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Function {
    pub name: String,
    pub body: Range<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CommandKind {
    #[default]
    Simple,
    /// `[[ … ]]`; the words stand between the brackets.
    Condition,
    /// The words of a `for … in` or `case … in` header: expanded, not run.
    Header,
    /// The redirections behind a compound command.
    Redirections,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Command {
    pub kind: CommandKind,
    pub assignments: Vec<Assignment>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assignment {
    pub name: String,
    pub append: bool,
    pub value: Word,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectOp {
    Read,
    Write,
    Append,
    Clobber,
    ReadWrite,
    /// `>&` or `<&` with a number or `-`.
    Duplicate,
    /// `&>`, `&>>` and `>&FILE`.
    WriteBoth,
    HereString,
    /// The slot in [`Script::bodies`], known when the body has been read.
    HereDoc(u32),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Redirect {
    /// The descriptor in front of the operator, when one is written.
    pub fd: Option<u32>,
    /// `{name}>file`: the shell stores the descriptor in a variable.
    pub named: bool,
    pub op: RedirectOp,
    pub target: Word,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Word {
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubKind {
    /// `$(…)` or backquotes: the output becomes text.
    Text,
    /// `<(…)`: a file that reads the output.
    Input,
    /// `>(…)`: a file that feeds the command.
    Output,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text {
        text: String,
        quoted: bool,
    },
    /// An unquoted `*`, `?` or `[`.
    Glob(char),
    /// `~` or `~user` at a place where it expands.
    Tilde(String),
    /// `$name`, or `${name}` with at most a default.
    Var {
        name: String,
        quoted: bool,
    },
    /// Any other expansion; unquoted ones may become any number of words.
    Dynamic {
        quoted: bool,
    },
    Sub {
        kind: SubKind,
        quoted: bool,
        range: Range<u32>,
    },
    /// An unquoted `{`, `,` or `}` that brace expansion may use; gone once the word is finished.
    Mark(char),
}

impl Word {
    /// The word as the shell passes it on, when nothing in it depends on the run.
    pub fn literal(&self) -> Option<String> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text { text, .. } => out.push_str(text),
                _ => return None,
            }
        }
        Some(out)
    }

    /// The word when it was written without any quote or escape: only such words are reserved words.
    pub fn bare(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }
}
