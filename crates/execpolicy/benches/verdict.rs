//! What a verdict costs.

use std::hint::black_box;

use codex_execpolicy::{CheckContext, ExecPolicy, GitConfig, Programs};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn policy() -> ExecPolicy {
    ExecPolicy::builtin()
        .with_programs(Programs::from_path(vec!["/usr/bin".into()]))
        .with_git_config(GitConfig::assume_no_helpers())
}

fn lines(c: &mut Criterion) {
    let (policy, context) = (policy(), CheckContext { workspace: Some("/srv/work".into()), ..CheckContext::default() });
    let lines: Vec<String> = include_str!("../tests/data/policy-corpus.jsonl")
        .lines()
        .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok())
        .filter(|r| r.get("shell").is_none())
        .filter_map(|r| r["cmd"].as_str().map(str::to_owned))
        .collect();
    let mut group = c.benchmark_group("line");
    group.bench_function("typical", |b| {
        b.iter(|| policy.check_line(black_box("cd src && grep -rn \"fn main\" . | head -5 2>/dev/null"), &context))
    });
    group.bench_function("wrapped", |b| {
        b.iter(|| policy.check_line(black_box("bash -lc 'timeout 5 git status --short && ls -la'"), &context))
    });
    group.throughput(Throughput::Elements(lines.len() as u64));
    group.bench_function("corpus", |b| {
        b.iter(|| lines.iter().map(|l| policy.check_line(black_box(l), &context).parts).sum::<usize>())
    });
    group.finish();
}

fn scripts(c: &mut Criterion) {
    let (policy, context) = (policy(), CheckContext { workspace: Some("/srv/work".into()), ..CheckContext::default() });
    let piece = "# look around\nfor f in src/*.rs; do\n  if [ -f \"$f\" ]; then\n    grep -n \"TODO\" \"$f\" | sort -u > /dev/null 2>&1\n  else\n    echo \"no $f in $(pwd)\" >&2\n  fi\ndone\ncat <<'EOF' | wc -l\nplain text, $(not) `run`\nEOF\n";
    let script = piece.repeat(60_000 / piece.len());
    let mut group = c.benchmark_group("script");
    group.throughput(Throughput::Bytes(script.len() as u64));
    group.bench_function("60 kB", |b| b.iter(|| policy.check_line(black_box(&script), &context).parts));
    group.finish();
}

fn worst(c: &mut Criterion) {
    let (policy, context) = (policy(), CheckContext { workspace: Some("/srv/work".into()), ..CheckContext::default() });
    let full = 64 * 1024;
    let cases = [
        ("substitutions", "$(".repeat(full / 2)),
        ("braces", "{a,".repeat(full / 3)),
        ("parentheses", "(".repeat(full)),
        ("quotes", "\"'".repeat(full / 2)),
        ("backslashes", "\\".repeat(full)),
        ("backquotes", "`\\".repeat(full / 2)),
        ("defaults", "${x:-".repeat(full / 5)),
        ("words", "a ".repeat(full / 2)),
        ("commands", "a;".repeat(full / 2)),
        ("pipes", "a|".repeat(full / 2)),
        ("wrappers", "env ".repeat(full / 4)),
        ("shells", "bash -c ".repeat(full / 8)),
        ("here-documents", "a<<b;".repeat(full / 5)),
        ("arrays", "[".repeat(full)),
        ("functions", "f()(f|f&);".repeat(full / 10)),
        ("products", "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b} ".repeat(full / 31)),
        ("finds", format!("find . {}", "-exec a {} + ".repeat(full / 13))),
    ];
    let mut group = c.benchmark_group("worst");
    group.sample_size(10);
    for (name, text) in &cases {
        group.bench_function(*name, |b| b.iter(|| policy.check_line(black_box(text), &context).parts));
    }
    group.finish();
}

criterion_group!(benches, lines, scripts, worst);
criterion_main!(benches);
