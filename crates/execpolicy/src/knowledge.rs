//! What is known about programs, one table per family.

use crate::judge::{Call, Options};

pub(crate) mod archive;
pub(crate) mod awk;
pub(crate) mod builtins;
pub(crate) mod changes;
pub(crate) mod environment;
pub(crate) mod find;
pub(crate) mod git;
mod git_commands;
pub(crate) mod inspect;
pub(crate) mod interpreters;
pub(crate) mod jq;
pub(crate) mod network;
pub(crate) mod others;
pub(crate) mod protected;
pub(crate) mod readers;
pub(crate) mod search;
pub(crate) mod secrets;
pub(crate) mod sed;
pub(crate) mod text_tools;
pub(crate) mod wrappers;

/// A program that can be read-only, and what keeps it so.
pub(crate) struct Program {
    /// The names that it goes by, separated by blanks.
    pub names: &'static str,
    /// Why it may run without a question, in words that fit behind "because".
    pub reason: &'static str,
    pub check: Check,
}

pub(crate) enum Check {
    /// No option and no operand makes it write or run anything, on any system.
    Anything,
    /// The options are a list, the operands a kind.
    Options(Options, Operands),
    /// More than a table can say. An error is why it isn't read-only.
    Special(fn(&Call<'_>) -> Result<(), String>),
}

#[derive(Clone, Copy)]
pub(crate) enum Operands {
    /// Any number of files that are read, or of words.
    Any,
    /// At most this many; one more would be written.
    AtMost(usize),
    None,
}

static READ_ONLY: &[&[Program]] = &[
    readers::PROGRAMS,
    text_tools::PROGRAMS,
    search::PROGRAMS,
    archive::PROGRAMS,
    inspect::PROGRAMS,
    builtins::PROGRAMS,
    git::PROGRAMS,
    interpreters::PROGRAMS,
];

/// The read-only table's entry of a name.
pub(crate) fn read_only(name: &str) -> Option<&'static Program> {
    use std::collections::HashMap;
    use std::sync::LazyLock;
    static INDEX: LazyLock<HashMap<&'static str, &'static Program>> = LazyLock::new(|| {
        let mut index = HashMap::new();
        for program in READ_ONLY.iter().copied().flatten() {
            for name in program.names.split_ascii_whitespace() {
                index.insert(name, program);
            }
        }
        index
    });
    INDEX.get(name).copied()
}

/// Finds a name in one of many lists; `names` gives the list of an entry. Built once per table.
pub(crate) struct Index(std::collections::HashMap<&'static str, usize>);

impl Index {
    pub fn new(lists: impl Iterator<Item = &'static str>) -> Self {
        let mut map = std::collections::HashMap::new();
        for (i, names) in lists.enumerate() {
            for name in names.split_ascii_whitespace() {
                map.entry(name).or_insert(i);
            }
        }
        Self(map)
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// Whether a list of names separated by blanks holds a name.
pub(crate) fn listed(names: &str, name: &str) -> bool {
    // Most words stand in no list: looking for the bytes first is several times as fast as splitting the list.
    let blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
    let (list, word) = (names.as_bytes(), name.as_bytes());
    !word.is_empty()
        && !word.iter().any(u8::is_ascii_whitespace)
        && memchr::memmem::find_iter(list, word)
            .any(|at| blank(at.checked_sub(1).and_then(|before| list.get(before))) && blank(list.get(at + word.len())))
}

/// Why a call is refused by a table whose lines are `names|words|others|why`: for one of the names, with one of the words, and
/// with one of the others where there are some. `*` behind a word stands for any end.
pub(crate) fn refused_with<'a>(
    table: &'static str,
    name: &str,
    args: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'static str> {
    let any = |list: &str| {
        args.clone().any(|arg| {
            list.split(' ').any(|w| w.strip_suffix('*').map_or_else(|| arg == w, |begins| arg.starts_with(begins)))
        })
    };
    table.lines().find_map(|row| {
        let mut fields = row.split('|');
        let (names, words, others) = (fields.next()?, fields.next()?, fields.next()?);
        let refused = listed(names, name) && any(words) && (others.is_empty() || any(others));
        fields.next().filter(|_| refused)
    })
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_list_holds_whole_words() {
        for (name, held) in [
            ("cat", true),
            ("ca", false),
            ("at", false),
            ("tac", true),
            ("nl", true),
            ("cat tac", false),
            ("", false),
            (" ", false),
        ] {
            assert_eq!(listed("cat xcat tac\n nl", name), held, "{name:?}");
        }
    }
}
