//! What an option or an argument means to the program it is given to: `mysql -p…`, `curl -u user:…`, `ssh bob@…`.

use std::ops::Range;

use super::mark::mark;
use super::program_table::{Both, Glued, Next, Owner, Program, Slash, User, Value, known};
use super::spans::Kind;
use super::{across, input, options};

/// Marks what the words of one or more commands hide: the index of a word, the range in it, and what it is.
pub(super) fn scan(words: &[&str], found: &mut Vec<(usize, Range<usize>, Kind)>) {
    across::scan(words, found);
    // Where the command starts, and the pipeline that it belongs to.
    let (mut from, mut pipeline) = (0, 0);
    for at in 0..=words.len() {
        if at == words.len() || is_separator(words[at]) {
            if from > 0 && !matches!(words[from - 1], "|" | "|&") {
                pipeline = from;
            }
            scan_command(words, from..at, found);
            input::scan(words, pipeline..from, from..at, found);
            from = at + 1;
        }
    }
}

fn may_take_a_value(word: &str) -> bool {
    word.starts_with('-') && word != "-"
}

pub(super) fn is_separator(word: &str) -> bool {
    matches!(word, "|" | "||" | "&&" | ";" | "&" | "|&" | "(" | ")" | "{" | "}" | "do" | "then" | "else")
}

fn scan_command(words: &[&str], command: Range<usize>, found: &mut Vec<(usize, Range<usize>, Kind)>) {
    let mut program: Option<&Program> = None;
    // Whether a word stood in front after which the program's rules hold.
    let mut holds = false;
    let mut wrapped = true;
    let mut named = false;
    let mut first_seen = false;
    let mut skip = false;
    for at in command.clone() {
        let word = words[at];
        if let Some(program) = program.filter(|_| at > command.start) {
            holds |= program.after.contains(&words[at - 1]);
        }
        if skip {
            skip = false;
            continue;
        }
        let next = (at + 1 < command.end).then(|| words[at + 1]);
        if wrapped && !word.starts_with('-') && !is_assignment(word) && !is_prompt(word) {
            let known = known(basename(word).as_bytes());
            let wraps = known.is_some_and(|known| known.wraps);
            if let Some(rules) = known.and_then(|known| known.rules) {
                program = Some(rules);
                holds =
                    rules.after.is_empty() || words[command.start..at].iter().any(|word| rules.after.contains(word));
                first_seen = false;
                named = true;
                wrapped = wraps;
                continue;
            }
            if !named || !wraps {
                wrapped = wraps || named;
            }
            named = true;
        }
        if let Some(program) = program.filter(|_| holds) {
            if let Some((option, place, value)) = program
                .options
                .iter()
                .filter(|(option, ..)| word.starts_with(option))
                .max_by_key(|(option, ..)| option.len())
            {
                let rest = word.len() - option.len();
                if rest == 0 && *place != Glued {
                    if let Some(next) = next {
                        mark(at + 1, next, 0, *value, found);
                        skip = !matches!(value, User);
                        continue;
                    }
                } else if rest > 0 && (*place != Next || word[option.len()..].starts_with('=')) {
                    let equals = usize::from(word[option.len()..].starts_with('='));
                    mark(at, word, option.len() + equals, *value, found);
                    continue;
                }
            } else if let (Some(value), Some(next)) = (combined(program, word), next) {
                mark(at + 1, next, 0, value, found);
                skip = !matches!(value, User);
                continue;
            }
            if let Some(value) = value_behind(program, &words[command.start..at], word) {
                mark(at, word, 0, value, found);
            }
            if !word.starts_with(['-', '<', '>']) && !program.after.contains(&word) {
                if let Some(value) = program.every {
                    mark(at, word, 0, value, found);
                } else if let Some(value) = program
                    .first
                    .filter(|value| !first_seen && (matches!(value, Owner | Slash) || !may_take_a_value(words[at - 1])))
                {
                    mark(at, word, 0, value, found);
                }
                if let Some(value) = program.last.filter(|_| at + 1 == command.end && at > command.start) {
                    mark(at, word, 0, value, found);
                }
                // The value of an option is no argument.
                first_seen |= !may_take_a_value(words[at - 1]);
            }
        }
        skip = options::scan(words, at, next, found);
    }
}

/// What a word holds that stands behind one of those that the program has rules for: `snyk auth TOKEN`.
fn value_behind(program: &Program, before: &[&str], word: &str) -> Option<Value> {
    if program.then.is_empty() || word.starts_with(['-', '<', '>', '/']) || word.ends_with(':') {
        return None;
    }
    let is = |other: &str, after: &str| other == after || (after.ends_with('.') && other.starts_with(after));
    let (_, value) = program.then.iter().find(|(after, _)| before.iter().any(|other| is(other, after)))?;
    (!word.contains("://") && !word.starts_with("\\\\")).then_some(*value)
}

/// What the next word holds when `word` is several short options in one, of which the last takes a value: `curl -sSu`.
fn combined(program: &Program, word: &str) -> Option<Value> {
    let letters = word.strip_prefix('-').filter(|letters| (2..=5).contains(&letters.len()))?;
    let last = letters.chars().next_back().filter(|_| letters.bytes().all(|b| b.is_ascii_alphabetic()))?;
    let is_last = |option: &str| option.len() == 2 && option.ends_with(last);
    program.options.iter().find(|(option, place, _)| *place == Both && is_last(option)).map(|(.., value)| *value)
}

/// What a shell writes in front of a command.
fn is_prompt(word: &str) -> bool {
    matches!(word, "$" | "#" | "%" | "+" | "++" | "+++")
}

fn is_assignment(word: &str) -> bool {
    let name = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    name > 0 && word.as_bytes().get(name) == Some(&b'=')
}

pub(super) fn basename(word: &str) -> &str {
    let start = word.bytes().rposition(|b| matches!(b, b'/' | b'\\')).map_or(0, |at| at + 1);
    let name = &word[start..];
    name.strip_suffix(".exe").unwrap_or(name)
}
