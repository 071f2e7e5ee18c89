//! Exports, validated against what their formats' authors publish.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

#[path = "../common/mod.rs"]
mod common;
mod ecs;
mod ocsf;
mod otlp;

use codex_audit::{AuditLog, Decision, Event, EventKind, Format, ReadOptions, export};
use common::{decision, options};
use serde_json::Value;

const KINDS: [EventKind; 8] = [
    EventKind::ExecDecision,
    EventKind::ExecStart,
    EventKind::ExecExit,
    EventKind::FileRead,
    EventKind::FileWrite,
    EventKind::NetworkConnect,
    EventKind::Denial,
    EventKind::PolicyChange,
];

/// An event in which every field that any export looks at is set.
fn full(event: EventKind) -> Event {
    Event {
        env: [("A".into(), "1".into())].into(),
        enforcement: vec!["landlock".into()],
        not_enforced: vec!["memory".into()],
        labels: [("team.x".into(), "core".into())].into(),
        parent: Some("p".into()),
        agent: Some("a".into()),
        command: Some("echo one".into()),
        workspace: Some("/w".into()),
        program: Some("/bin/echo".into()),
        program_sha256: Some("0".repeat(64)),
        profile: Some("offline".into()),
        policy_hash: Some("1".repeat(64)),
        decision: Some(Decision::Deny),
        rule: Some("no-echo".into()),
        reason: Some("because".into()),
        exit_code: Some(3),
        signal: Some("SIGTERM".into()),
        duration_ms: Some(12.5),
        stdout_bytes: Some(u64::MAX),
        stderr_bytes: Some(0),
        truncated: Some(true),
        timed_out: Some(false),
        error: Some("it failed".into()),
        code: Some("ENOENT".into()),
        path: Some("/etc/shadow".into()),
        access: Some("read".into()),
        syscall: Some("openat".into()),
        pid: Some(7),
        suggestion: Some("readable: /etc/shadow".into()),
        event,
        ..decision("one")
    }
}

/// The lines of a log with every kind of event, each bare and full, in one form.
fn exported(format: Format) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, options()).unwrap();
    for kind in KINDS {
        log.append(Event::new(kind)).unwrap();
        log.append(full(kind)).unwrap();
    }
    for access in ["write", "exec"] {
        log.append(Event { access: Some(access.into()), ..full(EventKind::Denial) }).unwrap();
    }
    for host in ["example.com:443", "10.0.0.1:22", "[2001:db8::1]:443", "example.com"] {
        log.log_network_access(host, Decision::Allow).unwrap();
        log.log_network_access(host, Decision::Deny).unwrap();
    }
    log.append(Event { address: Some("192.0.2.1".into()), host: Some("h.example".into()), ..full(EventKind::Denial) })
        .unwrap();
    log.log_file_write("=cmd|x", Decision::Allow).unwrap();
    log.close().unwrap();
    let mut out = Vec::new();
    // A start, an end, and a checkpoint behind each of them.
    assert_eq!(export(&path, ReadOptions::default(), format, &mut out).unwrap(), 28 + 4);
    String::from_utf8(out).unwrap()
}

/// The documents in `text`, one a line, each of which has to fit `schema`.
#[track_caller]
fn fits(schema: &Value, text: &str) -> Vec<Value> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let documents = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let checked = documents.inspect(|document| {
        let wrong: Vec<String> =
            validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:#?} in {document}");
    });
    checked.collect()
}

#[test]
fn csv_is_rectangular_and_inert() {
    let text = exported(Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let path = reader.headers().unwrap().iter().position(|name| name == "path").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 32);
    assert!(rows.iter().any(|row| row[path].contains("=cmd|x")) && rows.iter().all(|row| !row[path].starts_with('=')));
    assert!("xml".parse::<Format>().is_err());
}
