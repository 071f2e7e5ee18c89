//! kill -9 of writers at random points, also where the disk or the size of a file comes to its end.
//! `CODEX_AUDIT_KILLS` sets how many writers die in each test; the default is small.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]
#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use codex_audit::{AuditLog, Options};
use common::{all_text, decision, holds, log, options};

const WRITERS: usize = 8;

fn rounds() -> usize {
    let kills = std::env::var("CODEX_AUDIT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    usize::div_ceil(kills, WRITERS)
}

#[test]
fn no_acknowledged_record_is_lost() {
    let acknowledged: usize = (0..rounds()).map(|round| kill_all(tempfile::tempdir().unwrap().path(), round, "")).sum();
    println!("{} killed, {acknowledged} records acknowledged, none lost", rounds() * WRITERS);
}

#[test]
fn nor_where_a_file_can_grow_no_more() {
    let limit = "ulimit -f 120;";
    let acknowledged: usize =
        (0..rounds()).map(|round| kill_all(tempfile::tempdir().unwrap().path(), round, limit)).sum();
    println!("{} killed under {limit} {acknowledged} records acknowledged, none lost", rounds() * WRITERS);
}

#[test]
fn nor_on_a_disk_that_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let script =
        "mount -t tmpfs -o size=256k none \"$CHILD_DIR\" && exec \"$0\" --exact full_disk_rounds --ignored --nocapture";
    let me = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["-Urm", "sh", "-c", script])
        .arg(me)
        .env("CHILD_DIR", dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("none lost"), "{said}");
    println!("{}", said.lines().find(|line| line.contains("none lost")).unwrap());
}

#[test]
#[ignore = "a child of nor_on_a_disk_that_is_full, in a mount namespace with a small disk"]
fn full_disk_rounds() {
    let disk = PathBuf::from(std::env::var_os("CHILD_DIR").unwrap());
    let mut acknowledged = 0;
    for round in 0..rounds() {
        let folder = disk.join("log");
        std::fs::create_dir(&folder).unwrap();
        // Taken away when the writers are dead, so that the next one has room to mend what they left.
        std::fs::write(disk.join("ballast"), vec![0; 128 << 10]).unwrap();
        acknowledged += kill_all(&folder, round, "");
        std::fs::remove_dir_all(&folder).unwrap();
    }
    println!("{} killed on a small disk, {acknowledged} records acknowledged, none lost", rounds() * WRITERS);
}

/// Lets writers write one log and kills them; returns how many records they had acknowledged.
#[track_caller]
fn kill_all(dir: &Path, round: usize, limit: &str) -> usize {
    let path = dir.join("a.jsonl");
    let acknowledged: Vec<String> = std::thread::scope(|scope| {
        let path = &path;
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || run(path, writer, round, limit))).collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let text = all_text(dir, "a.jsonl");
    for mark in &acknowledged {
        assert!(text.contains(&format!("\"{mark}\"")), "{mark} was acknowledged and is not there");
    }
    // All may have died before the first of them opened the log.
    if path.exists() || !acknowledged.is_empty() {
        let before = common::check(&path);
        assert!(before.ok && before.records >= acknowledged.len() as u64, "{before:?}");
        // What a test in a small disk put there.
        let _ = std::fs::remove_file(dir.with_file_name("ballast"));
        // The next writer mends what was torn.
        log(&path, 1);
        holds(&path);
    }
    acknowledged.len()
}

/// Starts a writer, kills it some milliseconds later, and returns what it had acknowledged.
fn run(path: &Path, writer: usize, round: usize, limit: &str) -> Vec<String> {
    let mut child = Command::new("sh")
        .args(["-c", &format!("{limit} exec \"$0\" --exact writer_child --ignored --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .env("CHILD_LOG", path)
        .env("CHILD_NAME", format!("w{writer}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let (began, has_begun) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        lines
            .filter_map(|line| line.strip_prefix("ack ").and_then(|l| l.strip_suffix('.')).map(str::to_owned))
            .inspect(|_| _ = began.send(()))
            .collect::<Vec<_>>()
    });
    // Half of them die while they write, however slow the machine is; the others maybe before.
    if writer.is_multiple_of(2) {
        let _ = has_begun.recv_timeout(Duration::from_secs(10));
    }
    std::thread::sleep(Duration::from_millis(((writer * 37 + round * 53) % 90) as u64));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
#[ignore = "a child of the other tests"]
fn writer_child() {
    let path = std::env::var_os("CHILD_LOG").unwrap();
    let name = std::env::var("CHILD_NAME").unwrap();
    let log = AuditLog::open(Path::new(&path), Options { max_bytes: 60_000, max_files: 10_000, ..options() }).unwrap();
    let mut out = std::io::stdout().lock();
    for i in 0.. {
        // A long argument now and then makes a write span pages.
        let mut event = decision(&format!("{name}_{i}"));
        if i % 7 == 0 {
            event.argv.extend((0..6).map(|_| "x".repeat(1500)));
        }
        if i % 3 == 0 {
            log.append_soon(decision(&format!("{name}_{i}_soon"))).unwrap();
        }
        if log.append(event).unwrap().written {
            writeln!(out, "ack {name}_{i}.").unwrap();
        }
    }
}
