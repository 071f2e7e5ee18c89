//! Regular expressions for names that a file system may write in several ways.
//!
//! APFS and HFS+ find a file under names that differ in case and in Unicode normalisation, and keep the name that it was
//! made with. The kernel shows the sandbox that kept name, or, for what is being made, the one that the program chose: so a
//! denied name has to be recognised however it is written. To deny an odd name too many costs nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use unicode_normalization::UnicodeNormalization;

/// What the data volume is mounted on. A path leads there with or without it.
const DATA_VOLUME: &str = "/System/Volumes/Data";

/// What else a sequence of letters is, where case is folded in full.
const LIGATURES: [(&str, &[&str]); 7] = [
    ("ffi", &["ﬃ", "ﬀi", "fﬁ"]),
    ("ffl", &["ﬄ", "ﬀl", "fﬂ"]),
    ("ff", &["ﬀ"]),
    ("fi", &["ﬁ"]),
    ("fl", &["ﬂ"]),
    ("ss", &["ß", "ẞ"]),
    ("st", &["ﬆ", "ﬅ"]),
];

/// Characters that fold to a letter without being its capital.
const ALIKE: [(char, char); 4] = [('s', 'ſ'), ('k', '\u{212a}'), ('å', '\u{212b}'), ('ω', '\u{2126}')];

/// A path as programs are told it: a socket's may have 103 bytes, and `/var` leads to `/private/var` by itself.
pub fn customary(path: &Path) -> PathBuf {
    let short = path.strip_prefix("/private").ok().filter(|rest| rest.starts_with("var") || rest.starts_with("tmp"));
    short.map_or_else(|| path.to_path_buf(), |rest| Path::new("/").join(rest))
}

/// An expression for a text, however it is written.
pub fn folded(text: &str) -> String {
    let text: String = text.nfc().collect();
    let mut expression = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let ligature = LIGATURES
            .iter()
            .find(|(letters, _)| rest.get(..letters.len()).is_some_and(|start| start.eq_ignore_ascii_case(letters)));
        match ligature {
            Some((letters, others)) => {
                let apart: String = letters.chars().map(one_character).collect();
                let others = others.iter().map(|other| other.chars().map(one_character).collect());
                expression.push_str(&any_of([apart].into_iter().chain(others)));
                rest = rest.get(letters.len()..).unwrap_or_default();
            }
            None => {
                expression.push_str(&one_character(first));
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    expression
}

/// An expression that stands for any of these.
pub fn any_of(alternatives: impl IntoIterator<Item = String>) -> String {
    let alternatives: Vec<_> = alternatives.into_iter().collect();
    match alternatives.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", alternatives.join("|")),
    }
}

/// A letter in both cases, composed or not.
fn one_character(character: char) -> String {
    let mut written = BTreeSet::from([character.to_string()]);
    written.insert(character.to_lowercase().collect());
    written.insert(character.to_uppercase().collect());
    for (letter, other) in ALIKE {
        if character.to_lowercase().eq([letter]) || character == other {
            written.extend([letter.to_string(), other.to_string()]);
            written.extend(letter.to_uppercase().map(String::from));
        }
    }
    for composed in written.clone() {
        let apart: Vec<char> = composed.nfd().collect();
        // An accent may stand apart while those before it don't.
        for together in 0..apart.len() {
            let (start, end) = apart.split_at(together);
            written.insert(start.iter().copied().nfc().chain(end.iter().copied()).collect());
        }
    }
    let letters: Vec<_> = written.iter().map(String::as_str).collect();
    if letters.iter().all(|letter| letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        return format!("[{}]", letters.concat());
    }
    any_of(letters.into_iter().map(quoted))
}

/// A text in which nothing has a meaning.
fn quoted(text: &str) -> String {
    let mut expression = String::new();
    for character in text.chars() {
        if "\\.+*?()|[]{}^$".contains(character) {
            expression.push('\\');
        }
        expression.push(character);
    }
    expression
}

/// An expression for a whole path, without the anchors.
///
/// `None` for a path whose name is no text: these file systems have none.
pub fn beginning(path: &Path) -> Option<String> {
    let mut tree = Names::default();
    tree.add(path)?;
    Some(tree.expression())
}

/// An expression for these paths and all below them; `None` when there are none that are text.
pub fn places<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Option<String> {
    let mut tree = Names::default();
    let added = paths.into_iter().filter_map(|path| tree.add(path)).count();
    (added > 0).then(|| format!("^{}(/|$)", tree.expression()))
}

/// Paths by their names, so that what they have in common is written once.
#[derive(Debug, Default)]
struct Names {
    below: BTreeMap<String, Names>,
    is_end: bool,
}

impl Names {
    fn add(&mut self, path: &Path) -> Option<()> {
        let path = path.to_str()?;
        let path = path.strip_prefix(DATA_VOLUME).filter(|rest| rest.starts_with('/')).unwrap_or(path);
        let mut place = self;
        for component in Path::new(path).components() {
            if let Component::Normal(name) = component {
                place = place.below.entry(name.to_str()?.to_owned()).or_default();
            }
        }
        place.is_end = true;
        Some(())
    }

    fn expression(&self) -> String {
        if self.is_end || self.below.is_empty() {
            return String::new();
        }
        // `/tmp`, `/var` and `/etc` lead to what has their names in `/private`.
        let inside = self.below.iter().flat_map(|(name, below)| {
            let short = name.eq_ignore_ascii_case("private").then(|| below.inside()).filter(|short| !short.is_empty());
            [Some(format!("/{}{}", folded(name), below.inside())), short].into_iter().flatten()
        });
        format!("({DATA_VOLUME})?{}", any_of(inside))
    }

    fn inside(&self) -> String {
        // What holds another path of the list holds all of it.
        if self.is_end || self.below.is_empty() {
            return String::new();
        }
        any_of(self.below.iter().map(|(name, below)| format!("/{}{}", folded(name), below.inside())))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use regex::Regex;

    use super::{beginning, customary, folded, places};

    fn matches(expression: &str, text: &str) -> bool {
        Regex::new(expression).unwrap().is_match(text)
    }

    #[test]
    fn a_name_is_known_in_every_case_and_normalisation() {
        for (name, written) in [
            (".git", ".GiT"),
            ("hooks", "HOO\u{212a}ſ"),
            ("config", "conﬁg"),
            (".ssh", ".ßh"),
            ("é", "e\u{301}"),
            ("é", "E\u{301}"),
            ("e\u{301}", "É"),
            ("ế", "ê\u{301}"),
            ("Å", "\u{212b}"),
            ("straße", "STRASSE"),
            ("office", "oﬃce"),
        ] {
            assert!(matches(&format!("^{}$", folded(name)), written), "{name} {written}");
        }
    }

    #[test]
    fn nothing_in_a_name_has_a_meaning() {
        for name in ["a.b", "a*", "(a|b)", "[a]", "^$", "a\\b", "a{2}", "a?", "\"", "a\nb", "#", "a)(", ";"] {
            let expression = format!("^{}$", folded(name));
            assert!(matches(&expression, name), "{name}");
            assert!(!matches(&expression, "ab") && !matches(&expression, "aa"), "{name}");
        }
    }

    #[test]
    fn a_path_is_known_by_each_way_to_it() {
        let expression = places([Path::new("/private/tmp/a"), Path::new("/Users/me/.ssh")]).unwrap();
        for path in [
            "/private/tmp/a",
            "/tmp/a/b",
            "/System/Volumes/Data/private/tmp/a",
            "/Users/me/.ssh",
            "/users/ME/.SSH/id",
            "/System/Volumes/Data/Users/me/.ssh",
        ] {
            assert!(matches(&expression, path), "{path}");
        }
        for path in ["/tmp/ab", "/private/tmp", "/Users/me/.sshd", "/x/Users/me/.ssh", "/Users/me/xssh", "/Users/me"] {
            assert!(!matches(&expression, path), "{path}");
        }
        assert!(places([]).is_none());
    }

    #[test]
    fn a_path_is_told_short() {
        for (path, told) in [
            ("/private/var/folders/zz/x/T/codex-1/tmp", "/var/folders/zz/x/T/codex-1/tmp"),
            ("/private/tmp/codex-1/tmp", "/tmp/codex-1/tmp"),
            ("/private/other", "/private/other"),
            ("/private/variable", "/private/variable"),
            ("/Users/me/tmp", "/Users/me/tmp"),
        ] {
            assert_eq!(customary(Path::new(path)), Path::new(told));
        }
        // What Python's managers make there must fit into the address of a socket.
        let usual = format!("/private/var/folders/zz/{}/T/codex-abcdef/tmp", "x".repeat(30));
        let socket = customary(Path::new(&usual)).join("pymp-abcdefgh").join("listener-abcdefgh");
        assert!(socket.as_os_str().len() <= 103);
    }

    #[test]
    fn what_holds_another_place_holds_it() {
        let expression = places([Path::new("/a/b/c"), Path::new("/a/b")]).unwrap();
        assert!(matches(&expression, "/a/b/d"));
        assert!(matches(&places([Path::new("/")]).unwrap(), "/"));
    }

    #[test]
    fn the_data_volume_is_no_part_of_a_path() {
        assert_eq!(beginning(Path::new("/System/Volumes/Data/x")), beginning(Path::new("/x")));
    }
}
