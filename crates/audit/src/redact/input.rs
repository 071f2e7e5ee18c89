//! What a command reads: `echo … | docker login --password-stdin`, `kinit bob <<< …`, a here-document.

use std::ops::Range;

use super::mark::mark;
use super::program_table::{Colon, Secret, Value};
use super::programs::basename;
use super::spans::Kind;

/// Options that say that a secret comes in.
const OPTIONS: [&str; 9] = [
    "--password-stdin",
    "--with-token",
    "--stdin",
    "--passphrase-fd",
    "--pass-stdin",
    "--token-stdin",
    "--password=-",
    "--key-file=-",
    "--vault-password-file=/dev/stdin",
];

/// Programs that read one, alone or with a word among their arguments.
const READERS: [(&str, &str); 18] = [
    ("kinit", ""),
    ("cryptsetup", ""),
    ("passwd", "--stdin"),
    ("gh", "secret"),
    ("wrangler", "secret"),
    ("gcloud", "secrets"),
    ("docker", "secret"),
    ("podman", "secret"),
    ("fly", "secrets"),
    ("flyctl", "secrets"),
    ("vercel", "env"),
    ("pass", "insert"),
    ("keyring", "set"),
    ("secret-tool", "store"),
    ("vault", "-"),
    ("openssl", "stdin"),
    ("openssl", "fd:0"),
    ("read", "-s"),
];

/// Marks what the command `reading` is given by those before it in its pipeline, by a here-string or a here-document.
pub(super) fn scan(
    words: &[&str],
    before: Range<usize>,
    reading: Range<usize>,
    found: &mut Vec<(usize, Range<usize>, Kind)>,
) {
    // Most commands are given nothing.
    let prints = words[before.clone()].iter().any(|word| is_print(word) || *word == "<<<");
    if !prints && !words[reading.clone()].iter().any(|word| word.starts_with("<<")) {
        return;
    }
    let Some(value) = read_by(&words[reading.clone()]) else { return };
    let printed = printed(&words[before.clone()]).map(|at| before.start + at);
    let given = given(&words[reading.clone()]).map(|at| reading.start + at);
    for at in printed.chain(given) {
        let word = words[at];
        let from = if word.starts_with("<<<") { 3 } else { 0 };
        mark(at, word, from, value, found);
    }
}

/// What the command reads, if a secret.
fn read_by(words: &[&str]) -> Option<Value> {
    let names = |name: &str| words.iter().any(|word| basename(word) == name);
    if names("chpasswd") {
        return Some(Colon);
    }
    let asks = |word: &&str| {
        word.strip_prefix('-')
            .is_some_and(|flags| flags.bytes().all(|b| b.is_ascii_alphabetic()) && flags.contains('S'))
    };
    // These read one whatever their arguments.
    let begins =
        words.iter().find(|word| **word != "sudo").is_some_and(|word| matches!(basename(word), "su" | "passwd"));
    let reads = begins
        || OPTIONS.into_iter().any(|option| words.contains(&option))
        || READERS.iter().any(|(program, word)| names(program) && (word.is_empty() || words.contains(word)))
        || (names("vault") && words.iter().any(|word| word.ends_with("=-")))
        || (names("sudo") && words.iter().any(asks));
    reads.then_some(Secret)
}

/// Whether a word is the name of a command that prints its arguments, with or without a quote in front.
fn is_print(word: &str) -> bool {
    matches!(basename(word.trim_start_matches(['"', '\''])), "echo" | "printf" | "yes")
}

/// The arguments of the commands that print them.
fn printed<'a>(words: &'a [&'a str]) -> impl Iterator<Item = usize> + 'a {
    let mut prints = false;
    words.iter().enumerate().filter_map(move |(at, word)| {
        let starts = is_print(word);
        prints = !matches!(*word, "|" | "|&") && (prints || starts);
        let here = at > 0 && words[at - 1] == "<<<";
        ((prints && !starts && !word.starts_with(['-', '%'])) || here).then_some(at)
    })
}

/// The words of a here-string or a here-document.
fn given<'a>(words: &'a [&'a str]) -> impl Iterator<Item = usize> + 'a {
    let mut end = None;
    let mut inside = false;
    words.iter().enumerate().filter_map(move |(at, word)| {
        if let Some(mark) = end {
            // Lines are told apart by empty words.
            inside |= word.is_empty();
            if *word == mark {
                (end, inside) = (None, false);
            }
            return (inside && !word.is_empty() && end.is_some()).then_some(at);
        }
        if let Some(mark) = word.strip_prefix("<<").filter(|mark| !mark.starts_with('<') && !mark.is_empty()) {
            end = Some(mark.trim_matches(['-', '"', '\'']));
        }
        let here = at > 0 && words[at - 1] == "<<<";
        (here || (word.starts_with("<<<") && word.len() > 3)).then_some(at)
    })
}
