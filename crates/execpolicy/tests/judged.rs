//! Lines judged by hand, by what the programs truly do: of each class of the corpus, in all three shells.

use codex_execpolicy::{CheckContext, Decision, Shell};

mod common;

/// `decision|line` or `decision:shell|line`; several right decisions are separated by `/`, and `⏎` is a line break.
const LINES: &str = include_str!("data/judged-lines.txt");

#[test]
fn every_line_comes_out_as_it_was_judged() {
    let policy = common::builtin();
    let mut wrong = Vec::new();
    for row in LINES.lines() {
        let (head, line) = row.split_once('|').expect("a decision and a line");
        let (decisions, shell) = head.split_once(':').unwrap_or((head, "bash"));
        let shell = match shell {
            "ps" => Shell::PowerShell,
            "cmd" => Shell::Cmd,
            _ => Shell::Bash,
        };
        let context = CheckContext { shell, ..CheckContext::default() };
        let verdict = policy.check_line(&line.replace('⏎', "\n"), &context);
        if !decisions.split('/').any(|d| d == verdict.decision.as_str()) {
            let unsafe_allow = if verdict.decision == Decision::Allow { "UNSAFE " } else { "" };
            wrong.push(format!("{unsafe_allow}{} for {row}: {} [{}]", verdict.decision, verdict.reason, verdict.rule));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
