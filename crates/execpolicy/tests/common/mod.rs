//! What several test files need.
#![allow(dead_code, clippy::expect_used, reason = "helpers of tests; not every file uses all of them")]

use codex_execpolicy::{CheckContext, Decision, ExecPolicy, GitConfig, Programs};

/// The same policy on every machine: system folders only, no helpers of git.
pub fn hermetic(policy: ExecPolicy) -> ExecPolicy {
    policy
        .with_programs(Programs::from_path(vec!["/usr/local/bin".into(), "/usr/bin".into(), "/bin".into()]))
        .with_git_config(GitConfig::assume_no_helpers())
}

pub fn builtin() -> ExecPolicy {
    hermetic(ExecPolicy::builtin())
}

/// A policy from lines like `forbid: git push`, as a person jots rules down.
pub fn jotted(rules: &str) -> ExecPolicy {
    let mut text = String::new();
    for line in rules.lines() {
        let (decision, words) = line.split_once(':').expect("a decision and words");
        let words: Vec<&str> = words.split_whitespace().collect();
        let example = words.join(" ");
        text.push_str(&format!(
            "[[rule]]\ndecision = {:?}\ncommand = {words:?}\nmatch = [{example:?}]\nnot_match = [\"true\"]\n",
            decision.trim()
        ));
    }
    hermetic(ExecPolicy::parse_toml(&text, "rules.toml").expect("rules that hold"))
}

pub fn line(policy: &ExecPolicy, line: &str) -> Decision {
    policy.check_line(line, &CheckContext::default()).decision
}

pub fn argv(policy: &ExecPolicy, argv: &[&str]) -> Decision {
    policy.check_argv(argv, &CheckContext::default()).decision
}
