//! The short form of a rules file: one rule a line.

use super::file::{Element, Origin, Rule};
use crate::error::PolicyError;
use crate::verdict::Decision;

/// Whether a text is in the short form: its first line that says something begins with a word and a colon, which no TOML
/// does. What the word is stays to be seen, so that a wrong one is named.
pub(crate) fn is_short(text: &str) -> bool {
    let word = |line: &str| line.split_once(':').map(|(word, _)| word.trim_end().to_owned());
    lines(text)
        .next()
        .and_then(|(_, line)| word(line))
        .is_some_and(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Reads `decision: word word …` lines. Every line must be one, empty, or a comment.
pub(crate) fn parse(text: &str, source: &str) -> Result<Vec<Rule>, PolicyError> {
    lines(text)
        .map(|(number, line)| {
            rule(line, Origin { source: source.to_owned(), line: number }).map_err(|cause| PolicyError::Syntax {
                origin: source.to_owned(),
                line: number,
                cause: cause.to_owned(),
            })
        })
        .collect()
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn decision(line: &str) -> Option<(Decision, &str)> {
    let (word, rest) = line.split_once(':')?;
    let decision = match word.trim_end() {
        "allow" => Decision::Allow,
        "prompt" => Decision::Prompt,
        "forbid" => Decision::Forbid,
        _ => return None,
    };
    Some((decision, rest))
}

fn rule(line: &str, origin: Origin) -> Result<Rule, &'static str> {
    let (decision, rest) = decision(line).ok_or("a line must begin with `allow:`, `prompt:` or `forbid:`")?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    // What the shell would read otherwise must not be taken by the letter.
    if rest.contains(['\'', '"', '\\', '`', '$', ';', '|', '&', '<', '>', '(', ')', '#']) {
        return Err("the short form has plain words alone; write a [[rule]] for the rest");
    }
    match words.first() {
        None => return Err("no command is named; write the words that it begins with"),
        Some(&"*") if decision == Decision::Allow => return Err("an `allow` rule must name its program"),
        Some(_) => {}
    }
    let command = words.join(" ");
    Ok(Rule {
        id: format!("{decision}: {command}"),
        reason: format!("a rule says {decision} for `{command}`"),
        command: words.into_iter().map(|word| Element(vec![word.to_owned()])).collect(),
        decision,
        flags: Vec::new(),
        env: Vec::new(),
        matches: Vec::new(),
        not_match: Vec::new(),
        origin,
        builtin: false,
    })
}
