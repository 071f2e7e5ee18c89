//! What an option or an argument means to the program it is given to: `mysql -p…`, `curl -u user:…`, `ssh bob@…`.

use std::ops::Range;

use super::bytes::{is_mixed, is_reference};
use super::identity::is_generic_user;
use super::keys::{is_scheme, is_secret_name};
use super::program_table::{
    Colon, Comma, Destination, Glued, Next, Owner, Pass, Percent, Program, Secret, Slash, User, Value, known,
};
use super::spans::{Kind, is_placeholder};

/// Marks what the words of one or more commands hide: the index of a word, the range in it, and what it is.
pub(super) fn scan(words: &[&str], found: &mut Vec<(usize, Range<usize>, Kind)>) {
    scan_across(words, found);
    let (mut from, mut before) = (0, 0..0);
    for at in 0..=words.len() {
        if at == words.len() || is_separator(words[at]) {
            scan_command(words, from..at, found);
            if from > 0 && words[from - 1].starts_with('|') && before.end + 1 == from {
                scan_input(words, before, from..at, found);
            }
            before = from..at;
            from = at + 1;
        }
    }
}

/// What a command that prints its arguments gives to one that reads a secret: `echo … | docker login --password-stdin`.
fn scan_input(
    words: &[&str],
    printing: Range<usize>,
    reading: Range<usize>,
    found: &mut Vec<(usize, Range<usize>, Kind)>,
) {
    let Some(print) = words[printing.clone()].iter().position(|word| matches!(basename(word), "echo" | "printf"))
    else {
        return;
    };
    let names = |name: &str| words[reading.clone()].iter().any(|word| basename(word) == name);
    let value = if names("chpasswd") {
        Colon
    } else if ["--password-stdin", "--with-token", "--stdin", "--passphrase-fd"].into_iter().any(names)
        || (names("sudo") && names("-S"))
    {
        Secret
    } else {
        return;
    };
    for (at, word) in words.iter().enumerate().take(printing.end).skip(printing.start + print + 1) {
        if !word.starts_with(['-', '%']) {
            mark(at, word, 0, value, found);
        }
    }
}

/// Headers and private keys that were torn apart at their spaces.
fn scan_across(words: &[&str], found: &mut Vec<(usize, Range<usize>, Kind)>) {
    let mut in_key = false;
    for (at, word) in words.iter().enumerate() {
        if in_key {
            found.push((at, 0..word.len(), Kind::Secret));
        }
        if in_key || has_five_dashes(word) {
            in_key = !word.contains("-----END") && (in_key || word.contains("-----BEGIN"));
        }
        if let Some(value) = value_in_words(words, at) {
            mark(value, words[value], 0, Secret, found);
        }
        let Some(name) = word.strip_suffix(':').filter(|name| is_secret_name(name)) else {
            continue;
        };
        let scheme = words.get(at + 1).is_some_and(|next| is_scheme(next));
        let value = at + 1 + usize::from(scheme && name.to_ascii_lowercase().ends_with("authorization"));
        if let Some(word) = words.get(value) {
            mark(value, word, 0, Secret, found);
        }
    }
}

/// The word that holds a password where only the words in front of it say so: in SQL, in a `.netrc`, after `nmcli`.
fn value_in_words(words: &[&str], at: usize) -> Option<usize> {
    let is = |at: Option<usize>, any: &[&str]| {
        at.and_then(|at| words.get(at)).is_some_and(|word| any.iter().any(|other| other.eq_ignore_ascii_case(word)))
    };
    let next = Some(at + 1).filter(|next| *next < words.len());
    if is(Some(at), &["by"]) && is(at.checked_sub(1), &["identified"]) {
        return next;
    }
    if !is(Some(at), &["password"]) {
        return None;
    }
    if is(next, &["("]) {
        return Some(at + 2).filter(|value| words.get(*value).is_some_and(|value| is_mixed(value)));
    }
    let announced = is(at.checked_sub(1), &["with", "encrypted"]) || is(at.checked_sub(2), &["login", "connect"]);
    next.filter(|_| announced)
}

fn has_five_dashes(word: &str) -> bool {
    let mut run = 0;
    word.bytes().any(|byte| {
        run = if byte == b'-' { run + 1 } else { 0 };
        run == 5
    })
}

fn may_take_a_value(word: &str) -> bool {
    word.starts_with('-') && word != "-"
}

fn is_separator(word: &str) -> bool {
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
        if wrapped && !word.starts_with('-') && !is_assignment(word) {
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
            }
            if !word.starts_with('-') && !program.after.contains(&word) {
                if let Some(value) = program.every {
                    mark(at, word, 0, value, found);
                } else if let Some(value) = program
                    .first
                    .filter(|value| !first_seen && (matches!(value, Owner | Slash) || !may_take_a_value(words[at - 1])))
                {
                    mark(at, word, 0, value, found);
                }
                // The value of an option is no argument.
                first_seen |= !may_take_a_value(words[at - 1]);
            }
        }
        skip = generic(words, at, next, found);
    }
}

/// Rules for any program. Returns whether the next word was a value.
fn generic(words: &[&str], at: usize, next: Option<&str>, found: &mut Vec<(usize, Range<usize>, Kind)>) -> bool {
    let word = words[at];
    if let Some(value) = word.strip_prefix("-p").filter(|value| value.len() >= 6 && is_mixed(value)) {
        if value.bytes().all(|b| b.is_ascii_alphanumeric() || b"!@#%^&*_+".contains(&b))
            && value.starts_with(|c: char| c.is_alphabetic() || c.is_ascii_digit())
        {
            mark(at, word, 2, Secret, found);
        }
        return false;
    }
    if let Some(value) = word.strip_prefix("-u").filter(|value| value.contains(':')) {
        let pair = value.trim_start();
        let offset = word.len() - pair.len();
        if is_login(pair) {
            mark(at, word, offset, Colon, found);
        }
        return false;
    }
    let Some(next) = next else { return false };
    if word == "-u" && is_login(next) {
        mark(at + 1, next, 0, Colon, found);
        return true;
    }
    // `--token VALUE`, and `config set some.token VALUE`
    let alone = !word.bytes().any(|b| matches!(b, b'=' | b' '));
    let option = alone && word.starts_with('-') && word.len() > 2;
    let setting = alone
        && !option
        && at > 0
        && matches!(words[at - 1], "set" | "config" | "add" | "put" | "--add" | "--global" | "--local" | "configure");
    if (option || setting)
        && !next.starts_with('-')
        && is_secret_name(word.trim_start_matches(['-', '/', ':']))
        && !is_reference(next)
    {
        mark(at + 1, next, 0, Secret, found);
        return true;
    }
    false
}

/// Whether `user:password` looks like a login and not like `1000:1000` or `www-data:www-data`.
fn is_login(pair: &str) -> bool {
    pair.split_once(':').is_some_and(|(user, password)| {
        !user.is_empty()
            && user != password
            && password.len() >= 3
            && !password.bytes().all(|b| b.is_ascii_digit())
            && !password.contains('/')
            && !is_generic_user(password)
    })
}

/// Marks the part of `word` from `from` on that `value` says is private.
fn mark(at: usize, word: &str, from: usize, value: Value, found: &mut Vec<(usize, Range<usize>, Kind)>) {
    let text = &word[from..];
    let mut add = |range: Range<usize>, kind: Kind| {
        let part = &text[range.clone()];
        let hide = !is_placeholder(part) && !is_reference(part) && (kind == Kind::Secret || !is_generic_user(part));
        if hide && !range.is_empty() {
            found.push((at, from + range.start..from + range.end, kind));
        }
    };
    let split = |mark: char| text.find(mark).map(|i| (0..i, i + 1..text.len()));
    match value {
        Secret => add(0..text.len(), Kind::Secret),
        User => add(0..text.find([':', '@']).unwrap_or(text.len()), Kind::User),
        Colon | Percent | Comma => {
            let mark = match value {
                Percent => '%',
                Comma => ',',
                _ => ':',
            };
            if let Some((user, password)) = split(mark) {
                // A certificate or a pair of paths is no login.
                if !text[user.clone()].contains(['/', '\\', '=']) {
                    add(user, Kind::User);
                    add(password, Kind::Secret);
                }
            } else {
                add(0..text.len(), Kind::User);
            }
        }
        Pass => {
            if let Some(rest) = text.strip_prefix("pass:") {
                add(text.len() - rest.len()..text.len(), Kind::Secret);
            }
        }
        Slash => {
            if let Some((user, rest)) = split('/') {
                let end = text[rest.start..].find('@').map_or(text.len(), |i| rest.start + i);
                add(user, Kind::User);
                add(rest.start..end, Kind::Secret);
            }
        }
        Owner => {
            let end = text.find([':', '.']).unwrap_or(text.len());
            if !text.contains(['/', '\\']) {
                add(0..end, Kind::User);
                if end < text.len() && text[end + 1..] == text[..end] {
                    add(end + 1..text.len(), Kind::User);
                }
            }
        }
        Destination => {
            if let Some((user, _)) = split('@').filter(|(user, _)| !text[user.clone()].contains(['/', ':', '='])) {
                add(user, Kind::User);
            }
        }
    }
}

fn is_assignment(word: &str) -> bool {
    let name = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    name > 0 && word.as_bytes().get(name) == Some(&b'=')
}

fn basename(word: &str) -> &str {
    let start = word.bytes().rposition(|b| matches!(b, b'/' | b'\\')).map_or(0, |at| at + 1);
    let name = &word[start..];
    name.strip_suffix(".exe").unwrap_or(name)
}
