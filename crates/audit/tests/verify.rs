//! The verifier under attack.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

mod common;

use codex_audit::{AuditLog, Key, KeySource, Options, VerifyOptions, verify};
use common::{all_text, broken, check, decision, holds, key, lines, log, options, write_lines};

#[test]
fn a_sound_log_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    log(&path, 5);
    log(&path, 5);
    let verdict = holds(&path);
    assert_eq!((verdict.records, verdict.sessions, verdict.open_sessions, verdict.unsigned), (18, 2, 0, 0));
}

#[test]
fn every_one_byte_change_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    log(&path, 2);
    log(&path, 1);
    let sound = std::fs::read(&path).unwrap();
    let starts: Vec<usize> =
        std::iter::once(0).chain(sound.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1)).collect();
    for at in 0..sound.len() {
        for change in [1, if at % 8 == 0 { b'\n' ^ sound[at] } else { 0x20 }] {
            if change == 0 {
                continue;
            }
            let mut bytes = sound.clone();
            bytes[at] ^= change;
            std::fs::write(&path, &bytes).unwrap();
            let verdict = check(&path);
            let bad = verdict.first_bad.unwrap_or_else(|| panic!("byte {at} changed by {change:#x} is not found"));
            let line = starts.iter().filter(|start| **start <= at).count() as u64;
            assert!(bad.line == line || bad.line == line + 1, "byte {at} of line {line}: {bad:?}");
        }
    }
}

#[test]
fn deleting_inserting_and_reordering_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    log(&path, 6);
    let sound = lines(&path);
    for at in 0..sound.len() - 1 {
        let mut fewer = sound.clone();
        fewer.remove(at);
        write_lines(&path, &fewer);
        broken(&path);
        let mut swapped = sound.clone();
        swapped.swap(at, at + 1);
        write_lines(&path, &swapped);
        broken(&path);
        let mut doubled = sound.clone();
        doubled.insert(at, sound[at].clone());
        write_lines(&path, &doubled);
        broken(&path);
        let mut foreign = sound.clone();
        foreign.insert(at, r#"{"type":"ok"}"#.to_owned());
        write_lines(&path, &foreign);
        assert!(broken(&path).starts_with(&format!("a.jsonl:{}: not a record", at + 1)));
    }
}

#[test]
fn a_session_that_is_cut_out_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    log(&path, 1);
    let first = lines(&path).len();
    log(&path, 1);
    log(&path, 1);
    let sound = lines(&path);
    write_lines(&path, &[&sound[..first], &sound[first * 2..]].concat());
    assert!(broken(&path).contains("gone or changed"));
    write_lines(&path, &sound[first..]);
    assert!(broken(&path).contains("gone or changed"));
}

#[test]
fn a_cut_tail_is_found_with_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    log(&path, 3);
    log(&path, 3);
    let checkpoint = codex_audit::checkpoint(&path, &key()).unwrap();
    assert_eq!(checkpoint.lines().nth(1), Some("14"));
    let with = |key: bool| {
        verify(
            &path,
            &VerifyOptions {
                checkpoint: Some(checkpoint.clone()),
                public_key: key.then(|| common::key().public().clone()),
            },
        )
        .unwrap()
    };
    assert!(with(true).ok);
    // Later records don't disturb an older checkpoint.
    log(&path, 2);
    assert!(with(true).ok);
    let sound = lines(&path);
    write_lines(&path, &sound[..7]);
    assert!(check(&path).ok, "a chain alone can't know of it");
    assert!(with(false).first_bad.unwrap().reason.contains("the checkpoint covers 14"));
    std::fs::remove_file(&path).unwrap();
    assert!(!with(false).ok);
    log(&path, 20);
    assert!(with(false).first_bad.unwrap().reason.contains("rewritten"));
}

#[test]
fn a_log_rewritten_without_the_key_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let forged =
        AuditLog::open(&path, Options { key: KeySource::Given(Key::from_seed(&[8; 32])), ..options() }).unwrap();
    forged.append(decision("x")).unwrap();
    forged.close().unwrap();
    assert!(check(&path).ok);
    let verdict = verify(&path, &VerifyOptions { public_key: Some(key().public().clone()), checkpoint: None }).unwrap();
    assert!(verdict.first_bad.unwrap().reason.contains("no valid signature"));
    std::fs::remove_file(&path).unwrap();
    let unsigned = AuditLog::open(&path, Options { key: KeySource::None, ..options() }).unwrap();
    unsigned.close().unwrap();
    assert!(!verify(&path, &VerifyOptions { public_key: Some(key().public().clone()), checkpoint: None }).unwrap().ok);
}

#[test]
fn rotation_ties_the_files_together() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let small = Options { max_bytes: 4000, max_files: 100, ..options() };
    for i in 0..12 {
        let log = AuditLog::open(&path, small.clone()).unwrap();
        for j in 0..5 {
            log.append(decision(&format!("p_{i}_{j}"))).unwrap();
        }
        log.close().unwrap();
    }
    let verdict = holds(&path);
    let text = all_text(dir.path(), "a.jsonl");
    assert_eq!(verdict.records as usize, text.lines().count());
    assert!((0..12).all(|i| (0..5).all(|j| text.contains(&format!("p_{i}_{j}\"")))));
    let checkpoint = codex_audit::checkpoint(&path, &key()).unwrap();
    assert!(verify(&path, &VerifyOptions { checkpoint: Some(checkpoint), public_key: None }).unwrap().ok);

    let file = |n: u32| dir.path().join(format!("a.jsonl.{n:06}"));
    let move_file = |from: u32, to: u32| std::fs::rename(file(from), file(to)).unwrap();
    move_file(2, 99);
    broken(&path);
    move_file(99, 2);
    move_file(1, 99);
    std::fs::rename(file(99), dir.path().join("aside")).unwrap();
    assert!(broken(&path).contains("missing"));
    std::fs::rename(dir.path().join("aside"), file(1)).unwrap();
    move_file(2, 99);
    move_file(3, 2);
    move_file(99, 3);
    broken(&path);
    move_file(2, 99);
    move_file(3, 2);
    move_file(99, 3);
    holds(&path);
    let kept = lines(&file(2));
    write_lines(&file(2), &kept[..kept.len() - 1]);
    broken(&path);
}

#[test]
fn a_session_may_begin_with_a_rotation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    log(&path, 3);
    for _ in 0..3 {
        let log = AuditLog::open(&path, Options { max_bytes: 1000, ..options() }).unwrap();
        log.append(decision("x")).unwrap();
        log.close().unwrap();
    }
    let verdict = holds(&path);
    assert_eq!((verdict.sessions, verdict.open_sessions), (4, 0));
    assert_eq!(all_text(dir.path(), "a.jsonl").matches("session.start").count(), 4);
}

#[test]
fn retention_removes_the_oldest_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let small = Options { max_bytes: 3000, max_files: 3, ..options() };
    let log = AuditLog::open(&path, small).unwrap();
    for j in 0..60 {
        log.append(decision(&format!("p_{j}"))).unwrap();
    }
    let checkpoint = log.checkpoint().unwrap();
    log.close().unwrap();
    let verdict = holds(&path);
    assert!(verdict.removed > 0, "{verdict:?}");
    assert!(std::fs::read_dir(dir.path()).unwrap().count() <= 3);
    assert!(verify(&path, &VerifyOptions { checkpoint: Some(checkpoint), public_key: None }).unwrap().ok);
    let mut files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    std::fs::remove_file(&files[1]).unwrap();
    assert!(broken(&path).contains("missing"));
}

#[test]
fn a_folder_rotates_and_forgets_the_oldest() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    std::fs::create_dir(&path).unwrap();
    let small = Options { max_bytes: 3000, max_files: 5, ..options() };
    for _ in 0..4 {
        let log = AuditLog::open(&path, small.clone()).unwrap();
        for j in 0..12 {
            log.append(decision(&format!("p_{j}"))).unwrap();
        }
        log.close().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    holds(&path);
    assert!(std::fs::read_dir(&path).unwrap().count() <= 8);
}

#[test]
fn a_folder_holds_one_file_per_writer() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs");
    std::fs::create_dir(&path).unwrap();
    for _ in 0..3 {
        log(&path, 4);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    holds(&path);
    let checkpoint = codex_audit::checkpoint(&path, &key()).unwrap();
    let with = || verify(&path, &VerifyOptions { checkpoint: Some(checkpoint.clone()), public_key: None }).unwrap();
    assert!(with().ok);
    log(&path, 1);
    assert!(with().ok);
    let mut files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let swap = |a: &std::path::Path, b: &std::path::Path| {
        std::fs::rename(a, path.join("x")).unwrap();
        std::fs::rename(b, a).unwrap();
        std::fs::rename(path.join("x"), b).unwrap();
    };
    swap(&files[0], &files[1]);
    assert!(broken(&path).contains("swapped"));
    swap(&files[0], &files[1]);
    let kept = lines(&files[2]);
    write_lines(&files[2], &kept[..3]);
    assert!(!with().ok);
    write_lines(&files[2], &kept);
    assert!(with().ok);
    std::fs::remove_file(&files[1]).unwrap();
    assert!(broken(&path).contains("is missing"));
    assert!(with().first_bad.is_some());
}
