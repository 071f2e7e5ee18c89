//! Patterns of `denyRead` as regular expressions.
//!
//! What they stand for is at least what the pattern does: where the two languages differ, more is denied.

use std::path::Path;

use super::spelling::{any_of, beginning, folded};

/// One character, which takes up to four bytes.
const ONE: &str = "[^/][^/]?[^/]?[^/]?";

/// An expression for what a valid `glob` below `base` matches, and all below that. `None` for a base that is no text.
pub fn expression(base: &Path, glob: &str) -> Option<String> {
    Some(format!("^{}/{}(/|$)", beginning(base)?, below(glob)))
}

fn below(glob: &str) -> String {
    let mut expression = String::new();
    let mut literal = String::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut rest = glob.chars().peekable();
    while let Some(character) = rest.next() {
        let special =
            matches!(character, '*' | '?' | '[' | '{') || !groups.is_empty() && matches!(character, ',' | '}');
        if !special {
            literal.push(if character == '\\' { rest.next().unwrap_or('\\') } else { character });
            continue;
        }
        expression.push_str(&folded(&std::mem::take(&mut literal)));
        match character {
            '*' if rest.next_if_eq(&'*').is_some() => match rest.next_if_eq(&'/') {
                Some(_) => expression.push_str("(.*/)?"),
                None => expression.push_str(".*"),
            },
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str(ONE),
            '[' => expression.push_str(&class(&mut rest)),
            '{' => {
                expression.push('(');
                groups.push(Group { begun: expression.len(), optional: false });
            }
            _ => {
                // An alternative of nothing makes the group one that may be missing.
                let Some(group) = groups.last_mut() else { continue };
                if expression.len() == group.begun {
                    group.optional = true;
                } else {
                    expression.push('|');
                    group.begun = expression.len();
                }
                if character == '}' {
                    end(&mut expression, group.optional);
                    groups.pop();
                }
            }
        }
    }
    expression.push_str(&folded(&literal));
    expression
}

/// A `{…}` that is open.
struct Group {
    /// Where its present alternative begins.
    begun: usize,
    /// Whether one of its alternatives is nothing.
    optional: bool,
}

fn end(expression: &mut String, optional: bool) {
    if expression.ends_with('|') {
        expression.pop();
    }
    if expression.ends_with('(') {
        // Nothing but nothing.
        expression.pop();
        return;
    }
    expression.push(')');
    if optional {
        expression.push('?');
    }
}

/// What stands for `[…]`, whose `[` is taken.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut members = Vec::new();
    let negated = rest.next_if(|&next| next == '!' || next == '^').is_some();
    let mut first = true;
    while let Some(character) = rest.next() {
        if character == ']' && !first {
            break;
        }
        first = false;
        members.push(if character == '\\' { rest.next().unwrap_or('\\') } else { character });
    }
    // What is left out would have to be left out in each way of writing it.
    if negated || !members.iter().all(char::is_ascii) {
        return ONE.to_owned();
    }
    let mut letters = Vec::new();
    let mut at = members.into_iter().peekable();
    while let Some(from) = at.next() {
        let range = at.peek() == Some(&'-') && at.clone().nth(1).is_some();
        let to = if range { at.nth(1).unwrap_or(from) } else { from };
        letters.extend((from..=to).filter(|letter| *letter != '/').map(|letter| folded(&letter.to_string())));
    }
    letters.sort();
    letters.dedup();
    // A class of nothing matches nothing; so does a slash within a name.
    if letters.is_empty() { "//".to_owned() } else { any_of(letters) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fast_glob::glob_match;
    use proptest::{collection::vec, prelude::*, sample::select};
    use regex::Regex;

    use super::expression;

    fn denies(glob: &str, below: &str) -> bool {
        let expression = expression(Path::new("/base"), glob).unwrap();
        Regex::new(&expression).unwrap_or_else(|error| panic!("{glob}: {error}")).is_match(&format!("/base/{below}"))
    }

    #[test]
    fn denies_what_the_pattern_means_in_any_case() {
        for (glob, path, denied) in [
            ("*.pem", "a.pem", true),
            ("*.pem", "A.PEM", true),
            ("*.pem", "a/b.pem", false),
            ("**/.env", ".env", true),
            ("**/.env", "a/b/.env/x", true),
            ("**/.env", "a/.env.example", false),
            ("secret?", "secretß/deep/file", true),
            ("secret?", "secret", false),
            ("{a,b}/x", "B/x", true),
            ("{a,b}/x", "c/x", false),
            ("a{,b}c", "ac", true),
            ("a{,b}c", "abc", true),
            ("a{}c", "ac", true),
            ("{a,{b,c}d}", "cd", true),
            ("{a,{b,c}d}", "c", false),
            ("[ab]", "A", true),
            ("[ab]", "c", false),
            ("[a-c]", "b", true),
            ("[!a]", "b", true),
            ("[]a]", "]", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a,b", "a,b", true),
            ("é*", "e\u{301}x", true),
        ] {
            assert_eq!(denies(glob, path), denied, "{glob} {path}");
        }
    }

    proptest! {
        #[test]
        fn no_match_of_a_pattern_is_left_out(
            glob in vec(select(vec!["a", "b", ".", "*", "**/", "?", "[ab]", "[!a]", "[a-c]", "{a,b}", "{,a}", "/", "\\*", "é"]), 1..8),
            path in vec(select(vec!["a", "b", "c", ".", "*", "é", "/"]), 1..8),
        ) {
            let (glob, path) = (glob.concat(), path.concat());
            prop_assume!(fast_glob::validate(&glob).is_ok());
            if glob_match(&glob, path.as_bytes()) {
                prop_assert!(denies(&glob, &path), "{glob} {path}");
            }
        }
    }
}
