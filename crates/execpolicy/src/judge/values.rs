//! What variables and printing substitutions stand for, where the line itself says so.
//!
//! A command is judged a second time with its words replaced: that can only make a verdict stricter.

use crate::shell::{Command, CommandKind, Piece, Script, SubKind, Word};

/// Values in one script at most, those of one variable that are tried, and how much is put in the place of one word.
const MAX_VALUES: usize = 64;
const MAX_TRIED: usize = 8;
const MAX_PIECES: usize = 32;
const MAX_TEXT: usize = 1024;

#[derive(Default)]
pub(super) struct Values(Vec<(String, Word)>);

impl Values {
    /// Remembers what a command sets, or a loop goes through.
    pub fn learn(&mut self, command: &Command, script: &Script) {
        let Some(first) = command.assignments.first() else { return };
        let looped = command.kind == CommandKind::Header;
        if looped {
            let words = command.words.iter().take(MAX_TRIED);
            self.0.extend(words.flat_map(|w| replaced(w, script, &|_| None).0).map(|w| (first.name.clone(), w)));
        } else if command.words.is_empty() {
            self.0.extend(command.assignments.iter().map(|a| (a.name.clone(), a.value.clone())));
        }
        self.0.retain(|(_, value)| short(&value.pieces));
        self.0.truncate(MAX_VALUES);
    }

    /// The command as it runs for each value of its variables, and whether it was only substitutions that were replaced.
    pub fn apply(&self, command: &Command, script: &Script) -> (Vec<Command>, bool) {
        let mut commands = Vec::new();
        let mut exact = true;
        let words = || command.words.iter().chain(command.redirects.iter().map(|r| &r.target));
        let stands = |piece: &Piece| match piece {
            Piece::Var { name, .. } => self.0.iter().any(|(n, _)| n == name),
            piece => matches!(piece, Piece::Sub { range, .. } if range.len() == 1),
        };
        if !words().flat_map(|w| &w.pieces).any(stands) {
            return (commands, exact);
        }
        for at in 0..MAX_TRIED {
            let of = |name: &str| {
                let mut values = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
                let last = values.clone().next_back();
                values.nth(at).or(last)
            };
            let mut other = Command { words: Vec::new(), ..command.clone() };
            for word in &command.words {
                let (words, _) = replaced(word, script, &of);
                other.words.extend(words);
            }
            for redirect in &mut other.redirects {
                redirect.target.pieces =
                    replaced(&redirect.target, script, &of).0.into_iter().flat_map(|w| w.pieces).collect();
            }
            if other == *command || commands.last() == Some(&other) {
                break;
            }
            exact &= !words().any(|w| replaced(w, script, &of).1);
            commands.push(other);
        }
        (commands, exact)
    }
}

/// The words that a word becomes, and whether a variable was in it.
fn replaced<'a>(word: &Word, script: &Script, of: &dyn Fn(&str) -> Option<&'a Word>) -> (Vec<Word>, bool) {
    let mut out = Word::default();
    let (mut split, mut variable) = (false, false);
    for piece in &word.pieces {
        if out.pieces.len() > MAX_PIECES {
            return (vec![word.clone()], variable);
        }
        match piece {
            Piece::Var { name, quoted } if of(name).is_some() => {
                out.pieces.extend(of(name).into_iter().flat_map(|w| w.pieces.iter().cloned()));
                (split, variable) = (!quoted, true);
            }
            Piece::Sub { kind: SubKind::Text, quoted, range } if range.len() == 1 => {
                match script.commands.get(range.start as usize).and_then(printed).map(|words| joined(&words).pieces) {
                    Some(pieces) if short(&pieces) => {
                        out.pieces.extend(pieces);
                        split = !quoted;
                    }
                    _ => out.pieces.push(piece.clone()),
                }
            }
            other => out.pieces.push(other.clone()),
        }
    }
    if !split {
        return (vec![out], variable);
    }
    let mut words = vec![Word::default()];
    for piece in out.pieces {
        match &piece {
            Piece::Text { text, quoted } if text.contains(char::is_whitespace) => {
                for (i, part) in text.split(char::is_whitespace).enumerate() {
                    if i > 0 {
                        words.push(Word::default());
                    }
                    if let (Some(last), false) = (words.last_mut(), part.is_empty()) {
                        last.pieces.push(Piece::Text { text: part.to_owned(), quoted: *quoted });
                    }
                }
            }
            _ => words.last_mut().into_iter().for_each(|w| w.pieces.push(piece.clone())),
        }
    }
    words.retain(|w| !w.pieces.is_empty());
    (words, variable)
}

fn joined(words: &[Word]) -> Word {
    let mut out = Word::default();
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            out.pieces.push(Piece::Text { text: " ".into(), quoted: false });
        }
        out.pieces.extend(word.pieces.iter().cloned());
    }
    out
}

/// Whether pieces are few and short enough to stand in many places.
fn short(pieces: &[Piece]) -> bool {
    let text = |p: &Piece| matches!(p, Piece::Text { text, .. } if text.len() > MAX_TEXT);
    pieces.len() <= MAX_PIECES && !pieces.iter().any(text)
}

/// What a command prints: the words of `echo` and `printf`, the places that `ls` and `find` begin at, and the names that others
/// look for.
pub(super) fn printed(command: &Command) -> Option<Vec<Word>> {
    let (name, rest) = command.words.split_first()?;
    let name = name.literal()?;
    let dashed = |w: &&Word| w.literal().is_some_and(|t| t.starts_with('-'));
    let format = |w: &&Word| name == "printf" && w.literal().is_some_and(|t| t.contains('%'));
    match name.as_str() {
        "echo" | "printf" | "ls" | "fd" | "pgrep" | "pidof" | "which" => {
            Some(rest.iter().skip_while(|w| dashed(w) || format(w)).filter(|w| !dashed(w)).cloned().collect())
        }
        "find" | "gfind" => Some(rest.iter().take_while(|w| !dashed(w)).cloned().collect()),
        _ => None,
    }
}

/// The text that a command prints.
pub(super) fn text(command: &Command) -> Option<String> {
    if !command.words.first().is_some_and(|w| matches!(w.literal().as_deref(), Some("echo" | "printf"))) {
        return None;
    }
    joined(&printed(command)?).literal().map(|t| t.replace("\\n", "\n"))
}
