//! What holds for every line.

mod common;

use codex_execpolicy::{CheckContext, Decision, Shell};
use proptest::prelude::*;

/// Texts that look like shell, and any others.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("$(".to_owned()),
        Just("`".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("\n".to_owned()),
        Just("; ".to_owned()),
        Just(" | ".to_owned()),
        Just(" && ".to_owned()),
        Just("<<E\n".to_owned()),
        Just("\nE\n".to_owned()),
        Just("${x".to_owned()),
        Just("}".to_owned()),
        Just("{ ".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("if ".to_owned()),
        Just("; fi".to_owned()),
        Just("ls".to_owned()),
        Just(" -la ".to_owned()),
        Just("find . -exec ".to_owned()),
        Just("bash -c ".to_owned()),
        Just("xargs ".to_owned()),
        "[ -~]{0,6}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_gets_a_verdict_in_every_shell(line in text()) {
        let policy = common::builtin();
        for shell in [Shell::Bash, Shell::PowerShell, Shell::Cmd] {
            let verdict = policy.check_line(&line, &CheckContext { shell, ..CheckContext::default() });
            prop_assert!(!verdict.reason.is_empty() && !verdict.rule.is_empty());
        }
        let words: Vec<&str> = line.split(' ').collect();
        let _ = policy.check_argv(&words, &CheckContext::default());
    }

    #[test]
    fn what_is_added_never_makes_a_line_milder(line in text()) {
        let policy = common::builtin();
        if common::line(&policy, &line) == Decision::Allow {
            prop_assert_eq!(common::line(&policy, &format!("{line}\nrm -rf /")), Decision::Forbid);
        }
    }

    #[test]
    fn a_rule_that_forbids_is_seen_behind_every_wrapper(wrappers in proptest::collection::vec(proptest::sample::select(vec![
        "env", "env A=1", "nice -n 5", "timeout 5", "command", "nohup", "setsid", "stdbuf -oL", "sudo", "sudo -u x", "exec", "time", "xargs", "/usr/bin/env", "doas",
    ]), 0..6)) {
        let policy = common::jotted("forbid: git push");
        let line = format!("{} git push origin", wrappers.join(" "));
        prop_assert_eq!(common::line(&policy, line.trim()), Decision::Forbid);
        let quoted = format!("ls; bash -lc \"{line}\"");
        prop_assert_eq!(common::line(&policy, &quoted), Decision::Forbid);
    }
}
