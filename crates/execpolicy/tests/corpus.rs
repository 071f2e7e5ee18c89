//! The corpus of command lines, class by class.

use std::collections::BTreeMap;

use codex_execpolicy::{CheckContext, Decision, ExecPolicy, GitConfig, Programs, Shell};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    Safe,
    NeedsApproval,
    Forbidden,
}

impl Expected {
    fn decision(&self) -> Decision {
        match self {
            Self::Safe => Decision::Allow,
            Self::NeedsApproval => Decision::Prompt,
            Self::Forbidden => Decision::Forbid,
        }
    }
}

#[derive(Deserialize)]
struct Row {
    cmd: String,
    verdict_expected: Expected,
    class: String,
    #[serde(default)]
    shell: Shell,
    #[serde(default)]
    acceptable: Vec<Expected>,
}

#[derive(Default)]
struct Score {
    rows: usize,
    right: usize,
    unsafe_allows: usize,
    prompted: usize,
    missed: usize,
    over: usize,
}

#[test]
fn the_corpus_scores_within_its_bars() {
    let policy = ExecPolicy::builtin()
        .with_programs(Programs::from_path(vec!["/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()]))
        .with_git_config(GitConfig::assume_no_helpers());
    let mut classes: BTreeMap<String, Score> = BTreeMap::new();
    let mut complaints = Vec::new();
    let (mut safe, mut forbidden) = (0, 0);
    for line in include_str!("data/policy-corpus.jsonl").lines() {
        let row: Row = serde_json::from_str(line).expect("a row of the corpus");
        let context = CheckContext { shell: row.shell, ..CheckContext::default() };
        let verdict = policy.check_line(&row.cmd, &context);
        let expected = row.verdict_expected.decision();
        let score = classes.entry(row.class.clone()).or_default();
        score.rows += 1;
        safe += usize::from(expected == Decision::Allow);
        forbidden += usize::from(expected == Decision::Forbid);
        if verdict.decision == expected || row.acceptable.iter().any(|a| a.decision() == verdict.decision) {
            score.right += 1;
            continue;
        }
        match (expected, verdict.decision) {
            (_, Decision::Allow) => score.unsafe_allows += 1,
            (Decision::Allow, _) => score.prompted += 1,
            (Decision::Forbid, _) => score.missed += 1,
            _ => score.over += 1,
        }
        complaints.push(format!(
            "{:<24} {:>8} for {:?}: {} [{}]",
            row.class,
            verdict.decision.as_str(),
            row.cmd,
            verdict.reason,
            verdict.rule
        ));
    }
    println!(
        "{:<24} {:>5} {:>6} {:>12} {:>8} {:>6} {:>9}",
        "class", "rows", "right", "unsafe allow", "prompted", "missed", "too strict"
    );
    let mut total = Score::default();
    for (class, s) in &classes {
        println!(
            "{class:<24} {:>5} {:>6} {:>12} {:>8} {:>6} {:>9}",
            s.rows, s.right, s.unsafe_allows, s.prompted, s.missed, s.over
        );
        total.rows += s.rows;
        total.right += s.right;
        total.unsafe_allows += s.unsafe_allows;
        total.prompted += s.prompted;
        total.missed += s.missed;
        total.over += s.over;
    }
    println!(
        "{:<24} {:>5} {:>6} {:>12} {:>8} {:>6} {:>9}",
        "all", total.rows, total.right, total.unsafe_allows, total.prompted, total.missed, total.over
    );
    complaints.iter().for_each(|c| println!("{c}"));
    assert_eq!(total.unsafe_allows, 0, "lines that need approval are allowed");
    assert!(total.prompted * 10 <= safe, "{} of {safe} safe lines are prompted", total.prompted);
    assert!(total.missed * 20 <= forbidden, "{} of {forbidden} forbidden lines are missed", total.missed);
}
