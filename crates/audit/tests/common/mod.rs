//! What several tests need.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]
#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::{Path, PathBuf};

use codex_audit::{
    AuditLog, Decision, Event, EventKind, Identity, Key, KeySource, Options, Verdict, VerifyOptions, verify,
};

/// The configuration of a property test: `cases`, or as many as `CODEX_AUDIT_CASES` says.
pub fn proptest(cases: u32) -> proptest::test_runner::Config {
    let cases = std::env::var("CODEX_AUDIT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}

pub fn identity() -> Identity {
    Identity { users: vec!["alice".into()], homes: vec!["/home/alice".into()], hosts: vec!["alice-mbp".into()] }
}

pub fn key() -> Key {
    Key::from_seed(&[7; 32])
}

pub fn options() -> Options {
    Options { identity: identity(), key: KeySource::Given(key()), ..Options::default() }
}

pub fn decision(word: &str) -> Event {
    Event {
        argv: vec!["echo".into(), word.into()],
        decision: Some(Decision::Allow),
        cwd: Some("/home/alice/src".into()),
        run: Some("r1".into()),
        ..Event::new(EventKind::ExecDecision)
    }
}

/// A closed log with `records` decisions.
pub fn log(path: &Path, records: usize) {
    let log = AuditLog::open(path, options()).unwrap();
    for i in 0..records {
        log.append(decision(&format!("mark{i}"))).unwrap();
    }
    log.close().unwrap();
}

pub fn check(path: &Path) -> Verdict {
    verify(path, &VerifyOptions::default()).unwrap()
}

#[track_caller]
pub fn holds(path: &Path) -> Verdict {
    let verdict = verify(path, &VerifyOptions { public_key: Some(key().public().clone()), checkpoint: None }).unwrap();
    assert!(verdict.ok, "{verdict:?}");
    verdict
}

#[track_caller]
pub fn broken(path: &Path) -> String {
    let verdict = check(path);
    assert!(!verdict.ok, "{verdict:?}");
    let bad = verdict.first_bad.unwrap();
    format!("{}:{}: {}", bad.file, bad.line, bad.reason)
}

pub fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

pub fn write_lines(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

/// Every file of a log in `dir` whose name starts with `name`, joined.
pub fn all_text(dir: &Path, name: &str) -> String {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.file_name().unwrap().to_str().unwrap().starts_with(name))
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}
