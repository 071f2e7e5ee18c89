//! No line panics, hangs, or gets a milder verdict from what is added behind it.
#![no_main]

use std::sync::LazyLock;

use codex_execpolicy::{CheckContext, Decision, ExecPolicy, GitConfig, Programs, Shell};
use libfuzzer_sys::fuzz_target;

static POLICY: LazyLock<ExecPolicy> = LazyLock::new(|| {
    ExecPolicy::builtin().with_programs(Programs::from_path(Vec::new())).with_git_config(GitConfig::assume_no_helpers())
});

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let shell = match first % 8 {
        0 => Shell::PowerShell,
        1 => Shell::Cmd,
        _ => Shell::Bash,
    };
    let context = CheckContext { shell, workspace: Some("/w".into()), ..CheckContext::default() };
    let alone = POLICY.check_line(text, &context).decision;
    let words: Vec<&str> = text.split(' ').collect();
    let _ = POLICY.check_argv(&words, &context);
    if shell == Shell::Bash {
        // A command behind a line that is complete can only make it stricter.
        let more = POLICY.check_line(&format!("{text}\nrm -rf /"), &context).decision;
        assert!(alone != Decision::Allow || more == Decision::Forbid, "{text:?}");
    }
});
