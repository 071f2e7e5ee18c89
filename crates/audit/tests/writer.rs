//! Writing: what is promised of files, levels, limits and concurrent writers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

mod common;

use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use codex_audit::{
    AppendError, AuditLog, Decision, Event, EventKind, Level, Options, Record, is_inside, record_schema,
};
#[cfg(unix)]
use codex_audit::{KeySource, OpenError};
use common::{all_text, check, decision, holds, identity, lines, log, options};

#[test]
fn every_record_fits_the_committed_schema() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, options()).unwrap();
    for kind in [
        "exec.decision",
        "exec.start",
        "exec.exit",
        "file.read",
        "file.write",
        "network.connect",
        "denial",
        "policy.change",
    ] {
        let event: Event = serde_json::from_value(serde_json::json!({
            "event": kind, "run": "r", "parent": "p", "agent": "a", "argv": ["ls", "\u{1b}[31m", "a\nb"], "env": { "API_KEY": "x1y2z3" }, "cwd": "/home/bob/x", "program": "/bin/ls",
            "programSha256": "00", "profile": "offline", "decision": "denied", "rule": "r", "exitCode": 1, "signal": "SIGKILL", "durationMs": 1.5, "stdout_bytes": 7,
            "timedOut": true, "truncated": false, "labels": { "team": "x" }, "enforcement": ["landlock"], "path": "/x", "host": "h", "port": 1, "pid": 2, "error": "e"
        })).unwrap();
        log.append(event).unwrap();
    }
    log.close().unwrap();
    let committed: serde_json::Value =
        serde_json::from_str(include_str!("../../../schemas/audit-record.schema.json")).unwrap();
    assert_eq!(committed, record_schema(), "run `cargo test -p codex-audit --test writer -- --ignored write_schema`");
    let schema = jsonschema::validator_for(&committed).unwrap();
    let text = lines(&path);
    assert_eq!(text.len(), 12);
    for line in &text {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?} in {line}");
        assert!(!line.contains('\u{1b}') && !line.contains("x1y2z3") && !line.contains("bob"));
        Record::parse(line.as_bytes()).unwrap();
    }
    holds(&path);
}

#[test]
#[ignore = "writes schemas/audit-record.schema.json"]
fn write_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/audit-record.schema.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, serde_json::to_string_pretty(&record_schema()).unwrap() + "\n").unwrap();
}

#[test]
fn unknown_and_reserved_events_are_refused() {
    assert!(serde_json::from_str::<Event>(r#"{"event":"denial","colour":"red"}"#).is_err());
    assert!(serde_json::from_str::<Event>(r#"{"event":"nonsense"}"#).is_err());
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(&dir.path().join("a"), options()).unwrap();
    assert!(matches!(log.append(Event::new(EventKind::LogRepair)), Err(AppendError::Reserved("log.repair"))));
    log.close().unwrap();
    assert!(matches!(log.append(decision("x")), Err(AppendError::Closed)));
}

#[test]
fn the_four_short_forms() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, options()).unwrap();
    log.log_command_exec("curl -u me:Hunter2Zq9x https://x", Decision::Prompt).unwrap();
    log.log_file_read("/home/alice/x", Decision::Allow).unwrap();
    log.log_file_write("C:\\Users\\john\\file.txt", Decision::Deny).unwrap();
    log.log_network_access("example.com:443", Decision::Deny).unwrap();
    drop(log);
    let text = all_text(dir.path(), "a.jsonl");
    assert!(
        text.contains("curl -u [USER]:[SECRET] https://x")
            && text.contains("/home/[USER]/x")
            && text.contains(r"C:\\Users\\[USER]\\file.txt")
    );
    assert!(text.contains(r#""host":"example.com","port":443"#));
    assert!(text.contains("session.end"));
}

#[test]
fn a_secret_is_hidden_in_every_field() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, options()).unwrap();
    let secret = "Qq7LeakVal";
    log.append(Event {
        argv: vec!["/no/such/tool".into(), format!("--token={secret}")],
        error: Some(format!("spawn failed near {secret}")),
        path: Some(format!("/proc/token={secret}")),
        workspace: Some(format!("/w/token={secret}")),
        reason: Some(format!("saw {secret}")),
        ..Event::new(EventKind::ExecDecision)
    })
    .unwrap();
    log.append(Event {
        argv: ["true", "config", "set", "dbPassword=Zz8TopVal", r#"{"apiKey":"Zz8TopVal"}"#, "Zz8TopVal"]
            .map(Into::into)
            .to_vec(),
        ..Event::new(EventKind::ExecStart)
    })
    .unwrap();
    drop(log);
    let text = all_text(dir.path(), "a.jsonl");
    assert!(!text.contains(secret) && !text.contains("Zz8TopVal"), "{text}");
    assert!(text.contains("/no/such/tool --token=[SECRET]"));
}

#[test]
fn large_arguments_add_little() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, options()).unwrap();
    log.append(Event { argv: vec!["true".into(), "b".repeat(100_000)], ..Event::new(EventKind::ExecDecision) })
        .unwrap();
    log.append(Event { argv: vec!["x".repeat(9000); 3000], ..Event::new(EventKind::ExecStart) }).unwrap();
    drop(log);
    let text = all_text(dir.path(), "a.jsonl");
    assert!(text.len() < 40_000, "{}", text.len());
    assert!(text.contains("…[+97952 bytes]") && text.contains("…[+6952 bytes]") && text.contains("…[+2996 arguments]"));
}

#[cfg(unix)]
#[test]
fn files_are_private_and_symlinks_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    let path = dir.path().join("n/m/a.jsonl");
    let log = AuditLog::open(&path, Options { max_bytes: 2000, key: KeySource::Beside, ..options() }).unwrap();
    for _ in 0..10 {
        log.append(decision("x")).unwrap();
    }
    drop(log);
    assert_eq!((mode(path.parent().unwrap()), mode(&dir.path().join("n"))), (0o700, 0o700));
    let files: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");

    let open = dir.path().join("open.jsonl");
    std::fs::write(&open, "").unwrap();
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o644)).unwrap();
    common::log(&open, 1);
    assert_eq!(mode(&open), 0o600);
    holds(&open);

    let link = dir.path().join("link.jsonl");
    std::os::unix::fs::symlink(&open, &link).unwrap();
    assert!(matches!(AuditLog::open(&link, options()), Err(OpenError::Io { .. })));
    let folder = dir.path().join("folder");
    std::os::unix::fs::symlink(dir.path(), &folder).unwrap();
    assert!(AuditLog::open(&folder, options()).is_err());
    assert!(AuditLog::open(Path::new("/dev/full"), options()).is_err());
}

#[test]
fn a_torn_tail_is_mended_and_the_mending_logged() {
    let dir = tempfile::tempdir().unwrap();
    for torn in ["{\"ts\":1,\"torn\":", " ", "{\"v\":1,\"session\":\"00"] {
        let path = dir.path().join("a.jsonl");
        std::fs::write(&path, torn).unwrap();
        log(&path, 1);
        let text = lines(&path);
        assert_eq!(text[0], torn);
        assert!(text[1..].iter().all(|line| Record::parse(line.as_bytes()).is_ok()));
        let verdict = holds(&path);
        assert_eq!(verdict.torn, 1);
        // The mended place is as protected as any other.
        std::fs::write(&path, std::fs::read_to_string(&path).unwrap().replacen(torn, &"x".repeat(torn.len()), 1))
            .unwrap();
        assert!(!check(&path).ok);
        std::fs::remove_file(&path).unwrap();
    }
    let path = dir.path().join("b.jsonl");
    log(&path, 3);
    let bytes = std::fs::read(&path).unwrap();
    for cut in [1, 2, 40, 90, 200] {
        std::fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
        assert!(check(&path).ok);
        log(&path, 1);
        holds(&path);
    }
}

#[test]
fn threads_and_handles_share_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    std::thread::scope(|scope| {
        for t in 0..6 {
            let path = &path;
            scope.spawn(move || {
                let log = AuditLog::open(path, Options { max_bytes: 20_000, max_files: 1000, ..options() }).unwrap();
                let clone = log.clone();
                std::thread::scope(|inner| {
                    inner.spawn(|| {
                        (0..100).for_each(|i| assert!(clone.append(decision(&format!("a_{t}_{i}"))).unwrap().written))
                    });
                    inner.spawn(|| {
                        (0..100).for_each(|i| assert!(log.append(decision(&format!("b_{t}_{i}"))).unwrap().written))
                    });
                });
            });
        }
    });
    let text = all_text(dir.path(), "a.jsonl");
    for t in 0..6 {
        for i in 0..100 {
            assert!(text.contains(&format!("\"a_{t}_{i}\"")) && text.contains(&format!("\"b_{t}_{i}\"")));
        }
    }
    assert_eq!(holds(&path).sessions, 6);
}

#[test]
fn strict_is_on_the_disk_and_fails_loudly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, Options { level: Level::Strict, ..options() }).unwrap();
    let ack = log.append(decision("x")).unwrap();
    assert!(ack.written && ack.warning.is_none());
    assert_eq!(ack.id(), format!("{}:2", log.session()));
    drop(log);
    holds(&path);
    assert!("loud".parse::<Level>().is_err());
}

#[test]
fn a_log_inside_a_writable_root_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path().join("area");
    std::fs::create_dir(&work).unwrap();
    let inside = |path: &Path| is_inside(path, std::slice::from_ref(&work)).unwrap();
    assert!(inside(&work.join(".audit/a.jsonl")));
    assert!(inside(&work.join("../area/a")));
    assert!(inside(&dir.path().join("x/../area/a")));
    assert!(!inside(&dir.path().join("a")));
    assert!(!inside(&dir.path().join("workshop/a")));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&work, dir.path().join("alias")).unwrap();
        assert!(inside(&dir.path().join("alias/a")));
    }
}

#[test]
fn a_removed_or_truncated_file_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let log = AuditLog::open(&path, options()).unwrap();
    log.append(decision("one")).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert!(log.append(decision("two")).unwrap().written);
    drop(log);
    assert!(all_text(dir.path(), "a.jsonl").contains("two"));
    assert!(!check(&path).ok);
}

#[test]
fn the_machine_s_own_identity_is_the_default() {
    let options = Options::default();
    assert_eq!((options.level, options.max_bytes, options.max_files), (Level::Standard, 64 << 20, 16));
    assert_ne!(options.identity, identity());
}

/// Runs the ignored test `name` of this file in a process of its own.
#[cfg(unix)]
fn child(name: &str, shell_prefix: &str, path: &Path) -> std::process::Output {
    let me = std::env::current_exe().unwrap();
    Command::new("sh")
        .args(["-c", &format!("{shell_prefix} exec \"$0\" --exact {name} --ignored --nocapture"), me.to_str().unwrap()])
        .env("CHILD_LOG", path)
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn a_file_size_limit_loses_no_acknowledged_record() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    // 8 blocks of 512 bytes, or of 1024 where the shell counts so.
    let output = child("limited_child", "ulimit -f 8;", &path);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let written: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("written ")).collect();
    assert!(!written.is_empty() && written.len() < 50 && said.contains("refused"), "{said}");
    let text = all_text(dir.path(), "a.jsonl");
    assert!(written.iter().all(|mark| text.contains(&format!("\"{mark}\""))));
    assert_eq!(holds(&path).torn, 0);
    // With room again, the log goes on.
    log(&path, 1);
    holds(&path);
}

#[cfg(unix)]
#[test]
#[ignore = "a child of a_file_size_limit_loses_no_acknowledged_record"]
fn limited_child() {
    let log = AuditLog::open(Path::new(&std::env::var_os("CHILD_LOG").unwrap()), options()).unwrap();
    for i in 0..50 {
        let ack = log.append(decision(&format!("m{i}"))).unwrap();
        assert_eq!(ack.written, ack.warning.is_none());
        println!("{} m{i}", if ack.written { "written" } else { "refused" });
    }
    assert!(log.warning().unwrap().contains("can't be written"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_no_acknowledged_record() {
    let dir = tempfile::tempdir().unwrap();
    // A mount namespace of its own gives a small disk; where that is not allowed, the file-size limit has to do.
    let script = "mount -t tmpfs -o size=24k none \"$1\" && exec \"$0\" --exact full_disk_child --ignored --nocapture";
    let output = Command::new("unshare")
        .args(["-Urm", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg(dir.path())
        .env("CHILD_LOG", dir.path().join("a.jsonl"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // Without a mount namespace there is no small disk to fill, and so nothing to rely on: that is a failure.
    assert!(output.status.success(), "{said}");
    assert!(said.contains("refused 1") && said.contains("after repair"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a child of a_full_disk_loses_no_acknowledged_record"]
fn full_disk_child() {
    let path = std::path::PathBuf::from(std::env::var_os("CHILD_LOG").unwrap());
    let ballast = path.with_extension("ballast");
    std::fs::write(&ballast, vec![0; 4096]).unwrap();
    let log = AuditLog::open(&path, options()).unwrap();
    let mut written = Vec::new();
    let mut refused = 0;
    for i in 0..100 {
        let mark = format!("m{i}");
        if log.append(decision(&mark)).unwrap().written { written.push(mark) } else { refused += 1 }
    }
    println!("refused {}", u8::from(refused > 0));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(written.iter().all(|mark| text.contains(&format!("\"{mark}\""))));
    assert!(check(&path).ok, "{:?}", check(&path));
    assert_eq!(check(&path).torn, 0);
    std::fs::remove_file(ballast).unwrap();
    assert!(log.append(decision("late")).unwrap().written);
    log.close().unwrap();
    let verdict = holds(&path);
    assert_eq!(verdict.lost, refused);
    println!("after repair");
}
