//! `match` and `not_match`: every rule shows what it means, and is held to it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::file::Rule;
use super::matching::RuleSet;
use crate::error::PolicyError;
use crate::git_config::GitConfig;
use crate::judge::{Context, Layer, Ruled, Rules, judge_script};
use crate::programs::Programs;
use crate::verdict::Decision;

/// What came out of the examples of all rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// How many rules were looked at.
    pub rules: usize,
    /// How many examples were tried.
    pub examples: usize,
    /// Examples that came out wrong.
    pub failures: Vec<ExampleFailure>,
    /// Rules that hold but promise less than they seem to.
    pub warnings: Vec<String>,
}

impl TestReport {
    /// Whether every example came out right.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.failures.is_empty()
    }
}

/// An example that came out wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExampleFailure {
    /// The rule.
    pub rule: String,
    /// The file and line of the rule.
    pub source: String,
    /// The line of the rule, counted from 1; 0 when the rules came as an object.
    pub line: usize,
    /// The command line.
    pub example: String,
    /// Whether the rule should have matched.
    pub should_match: bool,
}

impl ExampleFailure {
    fn cause(&self) -> String {
        if self.should_match {
            format!("it doesn't match its example `{}`", self.example)
        } else {
            format!("it matches `{}`, which stands under `not_match`", self.example)
        }
    }
}

/// Tries the examples of rules; the first that comes out wrong is an error.
pub(crate) fn examine(rules: &[Rule]) -> Result<(), PolicyError> {
    for rule in rules {
        if let Some(failure) = try_rule(rule).next() {
            let words = rule.command.iter().flat_map(|e| &e.0);
            let joined = words.into_iter().find(|w| w.contains(char::is_whitespace) && failure.should_match);
            let tip = joined.map_or_else(String::new, |w| {
                let apart: Vec<String> = w.split_whitespace().map(|word| format!("{word:?}")).collect();
                format!("; {w:?} is a single word, write {}", apart.join(", "))
            });
            return Err(rule.error(failure.cause() + &tip));
        }
    }
    Ok(())
}

/// Tries the examples of all rules.
pub(crate) fn report(set: &RuleSet) -> TestReport {
    let mut report = TestReport { rules: set.rules.len(), ..TestReport::default() };
    for rule in &set.rules {
        report.examples += rule.matches.len() + rule.not_match.len();
        report.failures.extend(try_rule(rule));
        warn(rule, &mut report.warnings);
    }
    report
}

fn warn(rule: &Rule, warnings: &mut Vec<String>) {
    let place = format!("{}:{}: rule `{}`", rule.origin.source, rule.origin.line, rule.id);
    let programs = rule.command.first().map_or(&[][..], |e| e.0.as_slice());
    if rule.decision == Decision::Allow && programs.iter().any(|p| p.contains('/')) {
        warnings.push(format!("{place}: a program named by its path is only allowed from a trusted folder"));
    }
    if let Some(example) = rule.not_match.iter().find(|e| rule.matches.contains(e)) {
        warnings.push(format!("{place}: `{example}` stands under `match` and `not_match`, so it shows nothing"));
    }
    if rule.decision != Decision::Allow
        && rule.command.len() > 2
        && rule.command.iter().skip(1).any(|e| e.0.iter().any(|w| w.starts_with('-')))
    {
        warnings.push(format!("{place}: options have many spellings; a rule on the program alone is safer"));
    }
}

fn try_rule(rule: &Rule) -> impl Iterator<Item = ExampleFailure> + '_ {
    // A line in both lists says nothing; the report warns of it.
    let not = rule.not_match.iter().filter(|e| !rule.matches.contains(e));
    let expected = rule.matches.iter().map(|e| (e, true)).chain(not.map(|e| (e, false)));
    expected.filter(|(example, should)| hits(rule, example) != *should).map(|(example, should_match)| ExampleFailure {
        rule: rule.id.clone(),
        source: rule.origin.source.clone(),
        line: rule.origin.line,
        example: example.clone(),
        should_match,
    })
}

/// Whether a rule matches any command of a line.
fn hits(rule: &Rule, line: &str) -> bool {
    let probe = Probe { rule, hit: AtomicBool::new(false) };
    let (programs, git) = (Programs::from_path(Vec::new()), GitConfig::assume_no_helpers());
    let context = Context { profile: None, workspace: None, programs: &programs, git: &git, rules: &probe };
    judge_script(line, &context);
    probe.hit.into_inner()
}

struct Probe<'a> {
    rule: &'a Rule,
    hit: AtomicBool,
}

impl Rules for Probe<'_> {
    fn strictest(&self, layer: &Layer<'_>, _: Decision) -> Option<Ruled> {
        if RuleSet::matches(self.rule, layer) {
            self.hit.store(true, Ordering::Relaxed);
        }
        None
    }

    fn allows(&self, _: &Layer<'_>) -> Option<Ruled> {
        None
    }
}
