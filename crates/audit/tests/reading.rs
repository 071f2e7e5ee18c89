//! Reading, querying, counting, reporting.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

mod common;

use codex_audit::{
    AuditLog, Decision, Event, EventKind, Options, Query, ReadOptions, parse_since, records, report, sessions, stats,
};
use common::{decision, log, options};
use proptest::prelude::*;

fn sample(path: &std::path::Path) {
    let log = AuditLog::open(path, options()).unwrap();
    log.append(decision("one")).unwrap();
    log.append(Event {
        run: Some("r1".into()),
        program: Some("/bin/echo".into()),
        pid: Some(7),
        ..Event::new(EventKind::ExecStart)
    })
    .unwrap();
    log.append(Event {
        run: Some("r1".into()),
        exit_code: Some(3),
        duration_ms: Some(12.5),
        ..Event::new(EventKind::ExecExit)
    })
    .unwrap();
    log.append(Event {
        path: Some("/etc/<b>shadow".into()),
        access: Some("read".into()),
        syscall: Some("openat".into()),
        run: Some("r1".into()),
        ..Event::new(EventKind::Denial)
    })
    .unwrap();
    log.append(Event {
        command: Some("git push".into()),
        argv: vec!["git".into(), "push".into()],
        decision: Some(Decision::Forbid),
        rule: Some("forbid: git push".into()),
        labels: [("team.x".into(), "core".into())].into(),
        ..Event::new(EventKind::ExecDecision)
    })
    .unwrap();
    log.log_network_access("10.0.0.1:22", Decision::Deny).unwrap();
    log.log_file_write("=cmd|x", Decision::Allow).unwrap();
    log.close().unwrap();
}

fn count(path: &std::path::Path, query: &str) -> usize {
    records(path, ReadOptions { filter: Some(Query::parse(query).unwrap()), since_ms: None }).unwrap().count()
}

#[test]
fn queries() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    sample(&path);
    for (query, hits) in [
        ("event = denial", 1),
        ("event=denial or event=exec.exit", 2),
        ("decision in (forbid, deny)", 2),
        ("argv ~ 'GIT push'", 1),
        ("argv = push", 1),
        ("exit_code != 0 and event = exec.exit", 1),
        ("exit_code >= 3 && duration_ms < 13", 1),
        ("not event ~ 'log.' and not (event ~ session or path)", 5),
        ("!(run) and decision", 3),
        ("labels.team.x = core", 1),
        ("port = 22", 1),
        ("time > -1h", 11),
        ("time < -1h", 0),
        ("time >= 2020-01-01", 11),
        ("path = \"/etc/<b>shadow\"", 1),
        ("log.level = standard", 1),
        ("signal = SIGKILL", 0),
        ("signal != SIGKILL", 11),
    ] {
        assert_eq!(count(&path, query), hits, "{query}");
    }
}

#[test]
fn wrong_queries_say_where_and_what() {
    for (query, column) in [
        ("", 1),
        ("event =", 8),
        ("event = (", 9),
        ("(event = denial", 16),
        ("event = 'x", 9),
        ("exit_code < abc", 13),
        ("run = b c", 9),
        ("time > soon", 8),
        ("in", 1),
        ("run and (exitcode = 1)", 10),
        ("path.name = x", 1),
        ("event = exec.end", 9),
        ("decision in (deny, refuse)", 20),
    ] {
        assert_eq!(Query::parse(query).map(drop).map_err(|error| error.column), Err(column), "{query}");
    }
    for (query, reason) in [
        ("exitCode = 1", "a similar one is exit_code"),
        ("desicion = deny", "a similar one is decision"),
        ("team = core", "what callers add stands in labels"),
        ("decision = denied", "it is one of allow, prompt, forbid, deny"),
    ] {
        let error = Query::parse(query).unwrap_err().to_string();
        assert!(error.contains(reason), "{query}: {error}");
    }
    assert!(Query::parse(&"(".repeat(3000)).is_err());
    assert!(Query::parse(&"not ".repeat(1000)).is_err());
    assert!(Query::parse(&"x".repeat(5000)).is_err());
}

#[test]
fn following_sees_what_comes_over_rotations() {
    let dir = tempfile::tempdir().unwrap();
    for folder in [false, true] {
        let path = if folder { dir.path().join("f") } else { dir.path().join("a.jsonl") };
        if folder {
            std::fs::create_dir(&path).unwrap();
        }
        let log = AuditLog::open(&path, Options { max_bytes: 2500, max_files: 50, ..options() }).unwrap();
        let filter = Some(Query::parse("event = exec.decision").unwrap());
        let mut tail = records(&path, ReadOptions { filter, since_ms: None }).unwrap();
        let mut seen = Vec::new();
        for i in 0..40 {
            log.append(decision(&format!("m{i}"))).unwrap();
            if i % 3 == 0 {
                while let Some(line) = tail.next_line().unwrap() {
                    seen.push(line.to_owned());
                }
            }
        }
        drop(log);
        while let Some(line) = tail.next_line().unwrap() {
            seen.push(line.to_owned());
        }
        assert_eq!(seen.len(), 40);
        assert!(seen.iter().enumerate().all(|(i, line)| line.contains(&format!("\"m{i}\""))));
    }
}

#[test]
fn since_and_counts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    sample(&path);
    log(&path, 1);
    let since = |text: &str| ReadOptions { since_ms: parse_since(text), filter: None };
    assert_eq!(records(&path, since("1h")).unwrap().count(), 16);
    assert_eq!(records(&path, since("2999-01-01")).unwrap().count(), 0);
    assert_eq!(parse_since("soon"), None);
    let stats = stats(&path, ReadOptions::default()).unwrap();
    assert_eq!((stats.records, stats.failed, stats.succeeded), (16, 1, 0));
    assert_eq!(stats.top_denied.len(), 3);
    assert!(stats.top_denied.contains(&("connect 10.0.0.1:22".to_owned(), 1)));
    let sessions = sessions(&path, ReadOptions::default()).unwrap();
    assert_eq!((sessions.len(), sessions[0].denied, sessions[0].ended), (2, 3, true));
    assert!(records(&dir.path().join("none"), ReadOptions::default()).is_err());
}

#[test]
fn the_report_is_self_contained_and_inert() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    sample(&path);
    let html = report(&path, ReadOptions::default()).unwrap();
    assert!(html.contains("<svg") && html.contains("read /etc/&lt;b&gt;shadow") && !html.contains("<b>"));
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"));
}

proptest! {
    #![proptest_config(common::proptest(2000))]

    #[test]
    fn any_query_is_survived(text in "([a-z.()=!<>~,'\" &|0-9-]|event|path|time|exit_code|labels){0,60}|\\PC{0,40}") {
        if let Ok(query) = Query::parse(&text) {
            query.matches(br#"{"event":"x","argv":["a"],"time":"2026-11-25T04:16:07.123Z","exit_code":1}"#);
        }
    }

    #[test]
    fn any_file_is_survived(lines in proptest::collection::vec(prop_oneof![any::<Vec<u8>>(), Just(br#"{"v":1,"session":"00000000000000000000000000000000","seq":0,"time":"2026-11-25T04:16:07.123Z","event":"x"}"#.to_vec())], 0..6)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        std::fs::write(&path, lines.join(&b'\n')).unwrap();
        let verdict = codex_audit::verify(&path, &codex_audit::VerifyOptions::default()).unwrap();
        prop_assert_eq!(verdict.ok, verdict.first_bad.is_none());
        prop_assert!(records(&path, ReadOptions::default()).unwrap().all(|record| record.is_ok()));
        stats(&path, ReadOptions::default()).unwrap();
    }
}
