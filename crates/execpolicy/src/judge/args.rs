//! Words as a program receives them, with what is known about them before the run.

use std::ops::Range;

use crate::shell::{Piece, SubKind, Word};

/// Words of a command in a verdict at most.
const MAX_SHOWN: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArgKind {
    /// Known to the last byte.
    Literal,
    /// A pattern: any number of file names.
    Glob,
    /// Depends on the run; `many` when it may be more or fewer words than one.
    Dynamic { many: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arg {
    /// The text; expansions are shown as `$name` or `$(…)`. A home directory in front is `~`.
    pub text: String,
    pub kind: ArgKind,
    /// Whether a `~` in front is the home directory rather than a character.
    pub home: bool,
    /// How many bytes in front are known.
    pub fixed: usize,
    /// Substitutions in the word: commands whose output or input it is.
    pub subs: Vec<(SubKind, Range<u32>)>,
}

impl Arg {
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { fixed: text.len(), text, kind: ArgKind::Literal, home: false, subs: Vec::new() }
    }

    /// A word that another program supplies, as xargs does.
    pub fn supplied() -> Self {
        Self { text: "…".into(), kind: ArgKind::Dynamic { many: true }, home: false, fixed: 0, subs: Vec::new() }
    }

    /// A path that find supplies: one word that begins with a starting point, so it is no option.
    pub fn supplied_path() -> Self {
        Self { text: "./…".into(), kind: ArgKind::Dynamic { many: false }, home: false, fixed: 2, subs: Vec::new() }
    }

    pub fn from_word(word: &Word) -> Self {
        let mut arg = Self { text: String::new(), kind: ArgKind::Literal, home: false, fixed: 0, subs: Vec::new() };
        let mut known = true;
        for piece in &word.pieces {
            match piece {
                Piece::Text { text, .. } => arg.text.push_str(text),
                Piece::Mark(c) => arg.text.push(*c),
                Piece::Glob(c) => {
                    arg.unknown(&mut known, ArgKind::Glob);
                    arg.text.push(*c);
                }
                Piece::Tilde(user) => {
                    arg.home |= arg.text.is_empty();
                    arg.text.push('~');
                    arg.text.push_str(user);
                }
                Piece::Var { name, .. } if name == "HOME" && arg.text.is_empty() => {
                    arg.home = true;
                    arg.text.push('~');
                }
                Piece::Var { name, quoted } => {
                    arg.unknown(&mut known, ArgKind::Dynamic { many: !quoted });
                    arg.text.push('$');
                    arg.text.push_str(name);
                }
                Piece::Dynamic { quoted } => {
                    arg.unknown(&mut known, ArgKind::Dynamic { many: !quoted });
                    arg.text.push_str("${…}");
                }
                Piece::Sub { kind, quoted, range } => {
                    let file = *kind != SubKind::Text;
                    arg.unknown(&mut known, ArgKind::Dynamic { many: !quoted && !file });
                    arg.text.push_str(match kind {
                        SubKind::Text => "$(…)",
                        SubKind::Input => "<(…)",
                        SubKind::Output => ">(…)",
                    });
                    arg.subs.push((*kind, range.clone()));
                }
            }
        }
        if known {
            arg.fixed = arg.text.len();
        }
        arg
    }

    fn unknown(&mut self, known: &mut bool, kind: ArgKind) {
        if std::mem::take(known) {
            self.fixed = self.text.len();
        }
        self.kind = match (self.kind, kind) {
            (ArgKind::Dynamic { many: a }, ArgKind::Dynamic { many: b }) => ArgKind::Dynamic { many: a || b },
            (ArgKind::Dynamic { .. }, ArgKind::Glob) => ArgKind::Dynamic { many: true },
            (ArgKind::Glob, ArgKind::Dynamic { .. }) => ArgKind::Dynamic { many: true },
            (_, new) => new,
        };
    }

    /// The text, when it is known to the last byte and has no home directory in front.
    pub fn exact(&self) -> Option<&str> {
        (self.kind == ArgKind::Literal && !self.home).then_some(self.text.as_str())
    }

    pub fn is_literal(&self) -> bool {
        self.kind == ArgKind::Literal
    }

    /// The text when it is known, the home directory written as `~`.
    pub fn known(&self) -> Option<&str> {
        self.is_literal().then_some(self.text.as_str())
    }

    pub fn many(&self) -> bool {
        matches!(self.kind, ArgKind::Glob | ArgKind::Dynamic { many: true })
    }

    /// Whether the word may turn out to begin with a dash.
    pub fn may_be_option(&self) -> bool {
        if self.home {
            return false;
        }
        // A process substitution is a path.
        if self.fixed == 0 && self.subs.first().is_some_and(|(k, _)| *k != SubKind::Text) && self.subs.len() == 1 {
            return false;
        }
        self.text.starts_with('-') || (!self.is_literal() && self.fixed == 0)
    }

    /// The part of the text from a byte on, as a word of its own.
    pub fn tail(&self, from: usize) -> Self {
        let text = self.text.get(from..).unwrap_or("").to_owned();
        // `of=$HOME/x`: nothing else in it depends on the run.
        let below = text.strip_prefix("$HOME").filter(|rest| rest.is_empty() || rest.starts_with('/'));
        if let Some(rest) = below.filter(|rest| !self.is_literal() && !rest.contains(['$', '*', '?', '['])) {
            return Self { home: true, ..Self::literal(format!("~{rest}")) };
        }
        let home = text.starts_with('~') && self.text.len() > from && !self.home;
        Self {
            fixed: self.fixed.saturating_sub(from).min(text.len()),
            text,
            kind: self.kind,
            home,
            subs: self.subs.clone(),
        }
    }
}

/// The words as text, for verdicts.
pub(crate) fn show(args: &[Arg]) -> Vec<String> {
    // A verdict is read by people: what is beyond this doesn't help them.
    args.iter().take(MAX_SHOWN).map(|a| a.text.clone()).collect()
}
