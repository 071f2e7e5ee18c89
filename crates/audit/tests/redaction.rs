//! The redaction cases, as text and as an argument list.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

use std::collections::HashMap;

use codex_audit::{Identity, Redactor, sanitize_path};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    class: String,
    r#in: String,
    env: Env,
    must_not_contain: Vec<String>,
    must_keep: Vec<String>,
    env_override: Option<Override>,
}

#[derive(Deserialize)]
struct Env {
    user: String,
    home: String,
    host: String,
}

#[derive(Deserialize)]
struct Override {
    user: Option<String>,
}

fn cases() -> Vec<(Case, Redactor)> {
    include_str!("data/redaction-cases.jsonl")
        .lines()
        .map(|line| {
            let case: Case = serde_json::from_str(line).unwrap();
            let user = case.env_override.as_ref().and_then(|o| o.user.clone()).unwrap_or_else(|| case.env.user.clone());
            let identity =
                Identity { users: vec![user], homes: vec![case.env.home.clone()], hosts: vec![case.env.host.clone()] };
            let redactor = Redactor::new(&identity).unwrap();
            (case, redactor)
        })
        .collect()
}

fn wrong(case: &Case, out: &str) -> Option<String> {
    let leaks = case.must_not_contain.iter().any(|part| out.contains(part.as_str()));
    let spoils = case.must_keep.iter().any(|part| !out.contains(part.as_str()));
    (leaks || spoils).then(|| format!("{}: {} -> {out}", case.class, case.r#in))
}

#[test]
fn every_case_as_text() {
    let wrong: Vec<String> =
        cases().iter().filter_map(|(case, redactor)| wrong(case, &redactor.text(&case.r#in).text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_as_arguments() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|(case, redactor)| {
            let argv: Vec<String> = match case.class.as_str() {
                "username-path" => vec![case.r#in.clone()],
                _ => case.r#in.split(' ').map(|word| word.trim_matches('"').to_owned()).collect(),
            };
            wrong(case, &redactor.argv(&argv).0.join(" "))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_windows_path_of_anyone() {
    assert_eq!(sanitize_path("C:\\Users\\john\\file.txt"), "C:\\Users\\[USER]\\file.txt");
}

/// A case of the corpus. In `in` and `hide`, `{A36}` stands for 36 random letters and digits (`{a…}`, `{U…}` in one case
/// of letters) and `{h40}` for 40 hexadecimal digits, so that no key that looks real stands in the file.
#[derive(Deserialize)]
struct Compact {
    class: String,
    r#in: String,
    #[serde(default)]
    hide: Vec<String>,
    /// Nothing when the whole text is to stay.
    keep: Option<Vec<String>>,
    user: Option<String>,
}

fn filled(text: &str) -> String {
    const RANDOM: &str = "q7Xv2LmZ9tRb4KcW8nYp1JdGs6HfQ3eUaT5oVkMi0BxEwPzSrNuCgDyFhIjOlA";
    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let count = part.split_once('}').and_then(|(count, rest)| Some((count.get(1..)?.parse().ok()?, rest)));
        match (part.chars().next(), count) {
            (Some('A'), Some((count, rest))) => filled += &(RANDOM[..count].to_owned() + rest),
            (Some('a'), Some((count, rest))) => filled += &(RANDOM[..count].to_lowercase() + rest),
            (Some('U'), Some((count, rest))) => filled += &(RANDOM[..count].to_uppercase() + rest),
            (Some('h'), Some((count, rest))) => filled += &(HEX[..count].to_owned() + rest),
            _ => filled += &format!("{{{part}"),
        }
    }
    filled
}

fn corpus() -> Vec<(Case, Redactor)> {
    let mut redactors: HashMap<String, Redactor> = HashMap::new();
    include_str!("data/redaction-corpus.jsonl")
        .lines()
        .map(|line| {
            let case: Compact = serde_json::from_str(line).unwrap();
            let user = case.user.unwrap_or_else(|| "alice".into());
            let text = filled(&case.r#in);
            let stays = case.hide.is_empty().then(|| vec![text.clone()]);
            let redactor = redactors.entry(user.clone()).or_insert_with(|| {
                let (homes, hosts) = (vec!["/home/alice".into()], vec!["alice-mbp".into()]);
                Redactor::new(&Identity { users: vec![user], homes, hosts }).unwrap()
            });
            let case = Case {
                class: case.class,
                must_not_contain: case.hide.iter().map(|part| filled(part)).collect(),
                must_keep: case.keep.or(stays).unwrap_or_default(),
                r#in: text,
                env: Env { user: String::new(), home: String::new(), host: String::new() },
                env_override: None,
            };
            (case, redactor.clone())
        })
        .collect()
}

#[test]
fn the_corpus_as_text() {
    let wrong: Vec<String> =
        corpus().iter().filter_map(|(case, redactor)| wrong(case, &redactor.text(&case.r#in).text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_corpus_as_arguments() {
    let wrong: Vec<String> = corpus()
        .iter()
        .flat_map(|(case, redactor)| {
            let line = redactor.argv(&["sh".into(), "-c".into(), case.r#in.clone()]).0.pop().unwrap();
            // What a quote holds together is one argument.
            let words: Vec<String> = match case.class.as_str() {
                "username-path" | "must-not-over-redact" => vec![case.r#in.clone()],
                _ => case.r#in.split(' ').map(|word| word.trim_matches('"').to_owned()).collect(),
            };
            [wrong(case, &line), wrong(case, &redactor.argv(&words).0.join(" "))]
        })
        .flatten()
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// These don't come apart into words.
#[test]
fn values_that_stand_apart_from_their_names() {
    for text in [
        "- name: API_KEY\n  value: Hunter22xQ",
        "- name: \"API_KEY\"\r\n  value: \"Hunter22xQ\"",
        "name = \"DB_PASSWORD\"\nvalue = \"Hunter22xQ\"",
        "requests.get(h, auth=(\"u\", \"Hunter22xQ\"))",
    ] {
        let redactor = Redactor::new(&Identity::default()).unwrap();
        let shown = [
            redactor.text(text).text.into_owned(),
            redactor.argv(&["sh".into(), "-c".into(), text.into()]).0.join(" "),
        ];
        assert!(shown.iter().all(|text| !text.contains("Hunter22xQ")), "{shown:?}");
    }
}
