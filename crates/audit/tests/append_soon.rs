//! Records that nobody waits for.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

mod common;

use std::time::Duration;

use codex_audit::{AppendError, AuditLog, Level, Options};
use common::{all_text, decision, holds, options};

#[test]
fn they_are_written_with_the_next_one_in_the_order_given() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, options()).unwrap();
    for i in 0..60 {
        log.append_soon(decision(&format!("soon{i}"))).unwrap();
        log.append_soon(decision(&format!("later{i}"))).unwrap();
        let ack = log.append(decision(&format!("now{i}"))).unwrap();
        let text = all_text(dir.path(), "a.jsonl");
        let at = |word: &str| text.find(&format!("\"{word}{i}\"")).unwrap();
        assert!(at("soon") < at("later") && at("later") < at("now"));
        let line = text.lines().find(|line| line.contains(&format!("\"now{i}\""))).unwrap();
        assert!(line.contains(&format!("\"seq\":{},", ack.seq)), "{line}");
    }
    log.close().unwrap();
    assert_eq!(holds(&path).lost, 0);
}

#[test]
fn they_are_written_without_a_next_one_too() {
    for folder in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let path = if folder { dir.path().join("f/") } else { dir.path().join("a.jsonl") };
        let log = AuditLog::open(&path, options()).unwrap();
        let holder = if folder { path.clone() } else { dir.path().to_owned() };
        let text = || -> String {
            let files = std::fs::read_dir(&holder).unwrap().map(|entry| entry.unwrap().path());
            files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
        };
        for word in ["first", "second"] {
            log.append_soon(decision(word)).unwrap();
            while !text().contains(&format!("\"{word}\"")) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        log.append_soon(decision("third")).unwrap();
        log.close().unwrap();
        assert!(text().contains("\"third\""));
        assert!(matches!(log.append_soon(decision("too late")), Err(AppendError::Closed)));
        holds(&path);
    }
}

#[test]
fn at_strict_they_are_written_now() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, Options { level: Level::Strict, ..options() }).unwrap();
    log.append_soon(decision("strict")).unwrap();
    assert!(all_text(dir.path(), "a.jsonl").contains("\"strict\""));
}

#[test]
fn threads_that_race_with_the_end_leave_a_log_that_holds() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        let log = AuditLog::open(&path, options()).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..3 {
                let log = log.clone();
                scope.spawn(move || {
                    for i in 0.. {
                        let event = decision(&format!("w{writer}_{i}"));
                        let ended =
                            if i % 2 == 0 { log.append_soon(event).is_err() } else { log.append(event).is_err() };
                        if ended {
                            break;
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(3));
            log.close().unwrap();
        });
        holds(&path);
    }
}
