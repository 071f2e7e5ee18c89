//! When a rule matches a command.
//!
//! `allow` matches word by word, so that it never covers more than what was written. `prompt` and `forbid` match by
//! meaning: options in any order and spelling, words that aren't known skipped, programs by their name wherever they are.

use std::collections::HashMap;

use super::file::{Element, Rule};
use crate::judge::{Arg, ArgKind, Layer};
use crate::judge::{Ruled, Rules};
use crate::verdict::Decision;

/// Rules, ready to be asked.
#[derive(Debug, Default, Clone)]
pub(crate) struct RuleSet {
    pub rules: Vec<Rule>,
    /// Indices by the first word, so that a check looks at few rules.
    by_program: HashMap<String, Vec<u32>>,
    /// Indices of those whose first word may be any.
    for_any: Vec<u32>,
}

impl Rules for RuleSet {
    fn strictest(&self, layer: &Layer<'_>, least: Decision) -> Option<Ruled> {
        let matching = self.candidates(layer).filter(|r| {
            r.decision >= least && r.decision != Decision::Allow && tightens(r, layer) && {
                let weighed = r.builtin && r.decision == Decision::Prompt;
                !weighed || self.allows(layer).is_none()
            }
        });
        // The first of the strictest, so that verdicts don't depend on how many others match.
        let mut best: Option<&Rule> = None;
        for rule in matching {
            if best.is_none_or(|b| rule.decision > b.decision) {
                best = Some(rule);
            }
        }
        best.map(ruled)
    }

    fn allows(&self, layer: &Layer<'_>) -> Option<Ruled> {
        self.candidates(layer).find(|r| layer.trusted && r.decision == Decision::Allow && loosens(r, layer)).map(ruled)
    }
}

impl RuleSet {
    pub fn new(rules: Vec<Rule>) -> Self {
        let mut by_program: HashMap<String, Vec<u32>> = HashMap::new();
        for (i, rule) in rules.iter().enumerate() {
            let index = u32::try_from(i).unwrap_or(u32::MAX);
            for word in rule.command.iter().take(1).flat_map(|e| &e.0) {
                by_program.entry(word.clone()).or_default().push(index);
            }
        }
        let for_any = by_program.remove("*").unwrap_or_default();
        Self { rules, by_program, for_any }
    }

    /// The rules that can match a program, in their order.
    fn candidates<'a>(&'a self, layer: &'a Layer<'_>) -> impl Iterator<Item = &'a Rule> {
        let word = layer.argv.first().map_or("", |a| a.text.as_str());
        let of = |name: &str| self.by_program.get(name).map_or(&[][..], Vec::as_slice);
        let path = if word == layer.name { &[][..] } else { of(word) };
        of(layer.name).iter().chain(path).chain(&self.for_any).filter_map(|i| self.rules.get(*i as usize))
    }

    /// Whether one rule matches, for its examples.
    pub fn matches(rule: &Rule, layer: &Layer<'_>) -> bool {
        if rule.decision == Decision::Allow { loosens(rule, layer) } else { tightens(rule, layer) }
    }
}

fn ruled(rule: &Rule) -> Ruled {
    let id = if rule.builtin { format!("builtin:{}", rule.id) } else { rule.id.clone() };
    Ruled {
        decision: rule.decision,
        reason: rule.reason.clone(),
        rule: id,
        words: rule.command.len(),
        env: rule.env.clone(),
    }
}

fn accepts(element: &Element, word: &str) -> bool {
    element.0.iter().any(|e| e == word || e == "*")
}

/// Whether an element names the program of the layer.
fn program(element: &Element, layer: &Layer<'_>, loose: bool) -> bool {
    let word = layer.argv.first().map_or("", |a| a.text.as_str());
    element.0.iter().any(|e| e == "*" || e == word || (!e.contains('/') && e == layer.name && (loose || layer.trusted)))
}

fn sets(layer: &Layer<'_>, names: &[String]) -> bool {
    names.iter().all(|n| layer.assignments.iter().any(|(name, _)| name == n))
}

/// An `allow` rule: every word in its place and known.
fn loosens(rule: &Rule, layer: &Layer<'_>) -> bool {
    let Some((first, rest)) = rule.command.split_first() else {
        return false;
    };
    if !program(first, layer, false) || !sets(layer, &rule.env) {
        return false;
    }
    let words_match = rest.iter().enumerate().all(|(i, element)| {
        layer.argv.get(i + 1).is_some_and(|arg| arg.exact().is_some_and(|text| accepts(element, text)))
    });
    words_match
        && rule.flags.iter().all(|flag| layer.argv.iter().skip(1).any(|a| a.exact().is_some_and(|t| accepts(flag, t))))
}

/// A stricter rule: the same meaning in any spelling.
fn tightens(rule: &Rule, layer: &Layer<'_>) -> bool {
    let Some((first, rest)) = rule.command.split_first() else {
        return false;
    };
    if !program(first, layer, true) || !sets(layer, &rule.env) {
        return false;
    }
    let args = layer.argv.get(1..).unwrap_or(&[]);
    let (options, words): (Vec<&Element>, Vec<&Element>) =
        rest.iter().partition(|e| e.0.iter().all(|w| w.len() > 1 && w.starts_with('-') && w != "--"));
    options.iter().all(|e| option_given(e, args))
        && rule.flags.iter().all(|e| option_given(e, args))
        && operands(&words, layer.name, args, !rule.builtin)
}

/// Whether one of the options is given, alone, in a cluster, abbreviated or with a value.
fn option_given(element: &Element, args: &[Arg]) -> bool {
    let end = args.iter().position(|a| a.exact() == Some("--")).unwrap_or(args.len());
    let args = args.get(..end).unwrap_or(args);
    element.0.iter().any(|option| {
        let whole = option == "*" || args.iter().any(|arg| spelled(option, arg));
        whole
            || letters(option).is_some_and(|l| {
                l.chars().all(|c| args.iter().any(|arg| cluster(&arg.text, c) || long_of(c, &arg.text)))
            })
    })
}

/// `-rf` is both letters, wherever they stand; `-delete` is a word.
fn letters(option: &str) -> Option<&str> {
    option.strip_prefix('-').filter(|l| (1..=3).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphabetic()))
}

fn spelled(option: &str, arg: &Arg) -> bool {
    let text = arg.text.as_str();
    if text == option {
        return true;
    }
    if let Some(long) = option.strip_prefix("--") {
        let Some(given) = text.strip_prefix("--") else {
            // The long and the short form of the two usual cases.
            return match long {
                "recursive" => cluster(text, 'r') || cluster(text, 'R'),
                "force" => cluster(text, 'f'),
                _ => false,
            };
        };
        let name = given.split('=').next().unwrap_or(given);
        return name.len() >= 3 && long.starts_with(name);
    }
    false
}

fn cluster(text: &str, letter: char) -> bool {
    text.strip_prefix('-').is_some_and(|l| !l.starts_with('-') && l.contains(letter))
}

fn long_of(letter: char, text: &str) -> bool {
    let Some(name) = text.strip_prefix("--").filter(|n| n.len() >= 3) else {
        return false;
    };
    match letter {
        'r' | 'R' => "recursive".starts_with(name),
        'f' => "force".starts_with(name),
        _ => false,
    }
}

/// Whether the words of the rule are the first operands, those that aren't known left out, and those behind an option
/// taken as its value where that fits. A file that a rule names counts behind others too.
fn operands(words: &[&Element], program: &str, args: &[Arg], anywhere: bool) -> bool {
    let mut wanted = words.iter();
    let Some(mut next) = wanted.next() else {
        return true;
    };
    let (mut after_option, mut ended) = (false, false);
    for arg in args {
        if !ended && arg.text.starts_with('-') && arg.text.len() > 1 {
            ended = arg.text == "--";
            after_option = !ended && !arg.text.contains('=') && takes_value(program, &arg.text);
            continue;
        }
        // `cargo +nightly …` names a toolchain.
        if program == "cargo" && arg.text.starts_with('+') {
            continue;
        }
        let skippable = std::mem::take(&mut after_option);
        if !matches!(arg.kind, ArgKind::Literal) {
            continue;
        }
        if next.0.iter().any(|e| e == "*" || same_operand(e, arg)) {
            match wanted.next() {
                Some(element) => next = element,
                None => return true,
            }
        } else if !(skippable || anywhere && next.0.iter().all(|e| e.starts_with(['/', '~']))) {
            return false;
        }
    }
    false
}

/// Options in front of git's command take values that are no commands; of other programs it isn't known which do.
fn takes_value(program: &str, option: &str) -> bool {
    program != "git"
        || matches!(option, "-C" | "-c" | "--git-dir" | "--work-tree" | "--namespace" | "--exec-path" | "--config-env")
}

fn same_operand(element: &str, arg: &Arg) -> bool {
    let text = arg.text.as_str();
    // `//`, `/.` and `/x/..` are `/`.
    text == element || (element.starts_with('/') && text.starts_with('/') && clean(text) == clean(element))
}

fn clean(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}
