//! What appending, verifying, redacting and querying cost, in CPU time of the thread.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking, and criterion's macros have no docs"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use codex_audit::{
    AuditLog, Decision, Event, EventKind, Identity, Key, KeySource, Options, Query, ReadOptions, Redactor,
    VerifyOptions, records, verify,
};
use cpu_time::ThreadTime;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// CPU time of this thread, so that a busy machine does not blur the figures.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        ThreadTime::now().as_duration()
    }

    fn end(&self, start: Duration) -> Duration {
        self.start().saturating_sub(start)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn identity() -> Identity {
    Identity { users: vec!["alice".into()], homes: vec!["/home/alice".into()], hosts: vec!["alice-mbp".into()] }
}

fn options() -> Options {
    Options {
        identity: identity(),
        key: KeySource::Given(Key::from_seed(&[7; 32])),
        max_bytes: u64::MAX,
        ..Options::default()
    }
}

fn event(i: u64) -> Event {
    Event {
        run: Some(format!("run-{i:08}")),
        argv: vec!["git".into(), "status".into(), "--porcelain".into(), "src/lib.rs".into()],
        cwd: Some("/home/alice/src/project".into()),
        program: Some("/usr/bin/git".into()),
        profile: Some("workspace-write".into()),
        exit_code: Some(0),
        duration_ms: Some(12.25),
        decision: Some(Decision::Allow),
        ..Event::new(EventKind::ExecExit)
    }
}

fn sample(path: &Path, count: u64) -> u64 {
    let log = AuditLog::open(path, options()).unwrap();
    for i in 0..count {
        log.append(if i % 50 == 0 {
            Event { path: Some("/etc/shadow".into()), access: Some("read".into()), ..Event::new(EventKind::Denial) }
        } else {
            event(i)
        })
        .unwrap();
    }
    log.close().unwrap();
    path.metadata().unwrap().len()
}

fn append(c: &mut Criterion<CpuTime>) {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(&dir.path().join("a.jsonl"), options()).unwrap();
    let mut group = c.benchmark_group("audit");
    group.throughput(Throughput::Elements(1));
    let mut i = 0;
    // Making the event is the caller's part, and not measured.
    let mut next = || {
        i += 1;
        event(i)
    };
    group.bench_function("append", |b| {
        b.iter_batched(&mut next, |event| log.append(event).unwrap(), BatchSize::LargeInput)
    });
    group.finish();
}

fn verifying(c: &mut Criterion<CpuTime>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let count = 400_000;
    sample(&path, count);
    let mut group = c.benchmark_group("audit");
    group.sample_size(10).throughput(Throughput::Elements(count));
    let with_key = VerifyOptions { public_key: Some(Key::from_seed(&[7; 32]).public().clone()), checkpoint: None };
    group.bench_function("verify", |b| b.iter(|| assert!(verify(&path, &with_key).unwrap().ok)));
    let denials = Query::parse("event = denial and path ~ shadow").unwrap();
    group.bench_function("query", |b| {
        b.iter(|| {
            let mut found = records(&path, ReadOptions { filter: Some(denials.clone()), since_ms: None }).unwrap();
            let mut count = 0;
            while found.next_line().unwrap().is_some() {
                count += 1;
            }
            assert_eq!(count, 8000);
        });
    });
    let slow = Query::parse("exit_code = 0 and duration_ms > 12").unwrap();
    group.bench_function("query-every-record", |b| {
        b.iter(|| {
            let mut found = records(&path, ReadOptions { filter: Some(slow.clone()), since_ms: None }).unwrap();
            while found.next_line().unwrap().is_some() {}
        });
    });
    group.finish();
}

fn redaction(c: &mut Criterion<CpuTime>) {
    let redactor = Redactor::new(&identity()).unwrap();
    let plain = [
        "cargo test --workspace",
        "src/main.rs:42:7",
        "node_modules/.bin/tsc -p .",
        "git commit -m 'fix the parser'",
        "warning: unused variable",
    ];
    let private = [
        "/home/alice/src/project/lib.rs",
        "curl -H 'Authorization: Bearer abc.def.ghi' https://x",
        "postgres://u:hunter22@db/x",
    ];
    // 17 in 100 lines carry something, as in ordinary logs of commands.
    let lines: Vec<&str> = (0..1000).map(|i| if i % 6 == 0 { private[i % 3] } else { plain[i % 5] }).collect();
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    let mut group = c.benchmark_group("audit");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("redact", |b| {
        b.iter(|| lines.iter().map(|line| redactor.text(black_box(line)).count).sum::<u32>())
    });
    group.finish();
    c.bench_function("audit/redactor-new", |b| b.iter(|| Redactor::new(&identity()).unwrap()));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    c.bench_function("audit/open-append-close", |b| {
        b.iter(|| {
            let log = AuditLog::open(&path, options()).unwrap();
            log.append(event(1)).unwrap();
            log.close().unwrap();
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = append, verifying, redaction
}
criterion_main!(benches);
