//! What variables and printing substitutions stand for, where the line itself says so.
//!
//! A command is written down once more with its words replaced, and judged again: that can only make a verdict stricter.

use super::args::Arg;
use crate::shell::{Command, CommandKind, Piece, RedirectOp, Script, SubKind, Word};

/// Values in one script at most, those of one variable that are tried, and how long they and what is made of them may be.
const MAX_VALUES: usize = 64;
const MAX_TRIED: usize = 8;
const MAX_VALUE: usize = 1024;
const MAX_TEXT: usize = 16 * 1024;
/// What stands for any text from the network.
const FETCHED: &str = "$(curl)";

#[derive(Default)]
pub(super) struct Values(Vec<(String, String)>);

impl Values {
    /// Remembers what a command sets, or a loop goes through; `fetched` says that a substitution in it uses the network.
    pub fn learn(&mut self, command: &Command, script: &Script, fetched: bool) {
        if command.kind != CommandKind::Header && !command.words.is_empty() {
            return;
        }
        for assignment in &command.assignments {
            let looped = command.kind == CommandKind::Header;
            let values = if looped { command.words.as_slice() } else { std::slice::from_ref(&assignment.value) };
            for value in values.iter().take(MAX_TRIED) {
                let printed = value.pieces.first().and_then(|p| printed_by(p, script));
                let text = if fetched { FETCHED.into() } else { printed.unwrap_or_else(|| Arg::from_word(value).text) };
                if text.len() <= MAX_VALUE && self.0.len() < MAX_VALUES {
                    self.0.push((assignment.name.clone(), text));
                }
            }
        }
    }

    /// The command as it runs for each value of its variables, and whether nothing but substitutions was replaced.
    pub fn apply(&self, command: &Command, script: &Script) -> (Vec<String>, bool) {
        let (mut texts, mut exact) = (Vec::new(), true);
        if matches!(command.kind, CommandKind::Header | CommandKind::Condition) {
            return (texts, exact);
        }
        let pieces = command.words.iter().chain(command.redirects.iter().map(|r| &r.target)).flat_map(|w| &w.pieces);
        let replaced = |p: &Piece| match p {
            Piece::Var { name, .. } => self.0.iter().any(|(n, _)| n == name),
            other => printed_by(other, script).is_some(),
        };
        if !pieces.clone().any(replaced) {
            return (texts, exact);
        }
        for piece in pieces {
            exact &= matches!(piece, Piece::Text { .. } | Piece::Tilde(_)) || printed_by(piece, script).is_some();
        }
        for at in 0..MAX_TRIED {
            let mut text = String::new();
            for word in &command.words {
                self.write(word, at, script, &mut text);
            }
            for redirect in &command.redirects {
                text.push_str(match redirect.op {
                    RedirectOp::Read => "<",
                    RedirectOp::Write | RedirectOp::Append | RedirectOp::Clobber | RedirectOp::WriteBoth => ">",
                    _ => continue,
                });
                self.write(&redirect.target, at, script, &mut text);
            }
            if text.len() > MAX_TEXT || texts.last() == Some(&text) {
                break;
            }
            texts.push(text);
        }
        (texts, exact)
    }

    fn write(&self, word: &Word, at: usize, script: &Script, out: &mut String) {
        for piece in &word.pieces {
            if out.len() > MAX_TEXT {
                return;
            }
            match piece {
                // In front of a tilde, even nothing would keep it from being a home.
                Piece::Text { text, .. } if text.is_empty() && word.pieces.len() > 1 => {}
                Piece::Text { text, .. } => quote(text, out),
                Piece::Mark(c) | Piece::Glob(c) => out.push(*c),
                Piece::Tilde(user) => out.extend(["~", user]),
                Piece::Var { name, quoted } => {
                    let mut values = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value);
                    let last = values.clone().next_back();
                    match values.nth(at).or(last) {
                        Some(value) => insert(value, *quoted, out),
                        None => out.extend(["\"$", name, "\""]),
                    }
                }
                Piece::Sub { quoted, .. } => match printed_by(piece, script) {
                    Some(text) => insert(&text, *quoted, out),
                    None => out.push_str("$_"),
                },
                Piece::Dynamic { .. } => out.push_str("$_"),
            }
        }
        out.push(' ');
    }
}

/// A value in the place of an expansion: with its blanks and patterns, unless quotes hold them together.
fn insert(value: &str, quoted: bool, out: &mut String) {
    if quoted && value.contains(char::is_whitespace) { quote(value, out) } else { out.push_str(value) }
}

pub(super) fn quote(text: &str, out: &mut String) {
    out.extend(["'", &text.replace('\'', "'\\''"), "'"]);
}

/// What a substitution of one printing command becomes.
pub(super) fn printed_by(piece: &Piece, script: &Script) -> Option<String> {
    let Piece::Sub { kind: SubKind::Text, range, .. } = piece else { return None };
    script.commands.get(range.start as usize).filter(|_| range.len() == 1).and_then(printed)
}

/// What a command prints: the words of `echo` and `printf`, the places that `ls` and `find` begin at, and the names that others
/// look for.
pub(super) fn printed(command: &Command) -> Option<String> {
    let mut words = command.words.iter().map(|w| Arg::from_word(w).text);
    let name = words.next()?;
    if !crate::knowledge::listed("echo printf ls fd find gfind pgrep pidof which", &name) {
        return None;
    }
    let mut text = String::new();
    for word in words {
        let skipped = word.starts_with('-') || (name == "printf" && text.is_empty() && word.contains('%'));
        if skipped && name.ends_with("find") {
            break;
        }
        if !skipped {
            text.extend([&word, " "]);
        }
    }
    text.truncate(text.trim_end().len());
    (text.len() <= MAX_VALUE).then_some(text)
}

/// The text that a command prints for others to run.
pub(super) fn text(command: &Command) -> Option<String> {
    let prints = command.words.first().is_some_and(|w| matches!(w.bare(), Some("echo" | "printf")));
    printed(command).filter(|_| prints).map(|t| t.replace("\\n", "\n"))
}
