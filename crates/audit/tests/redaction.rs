//! The redaction cases, as text and as an argument list.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

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

#[test]
#[ignore = "prints what each case becomes"]
fn show() {
    for (case, redactor) in cases() {
        println!("{:60} {}", case.r#in, redactor.text(&case.r#in).text);
    }
}
