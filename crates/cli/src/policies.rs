//! `codex policy`.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use codex_core::profile::ProfileError;
use codex_execpolicy::{CheckContext, Decision, ExecPolicy, Explanation, PolicyError, PolicySource, Shell};
use codex_supervisor::profile_kind;

use crate::{
    ExitCode, Output,
    arguments::{Check, PolicyAction, ProfileArgument, ShellChoice},
    text,
};

/// What keeps a command line from being judged.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

/// Answers from rules and knowledge alone; nothing is run.
pub fn run(action: PolicyAction) -> Output {
    let answer = match action {
        PolicyAction::Check(check) => explain(&check).map(|explanation| verdict(&check, &explanation)),
        PolicyAction::Explain(check) => explain(&check).map(|explanation| findings(&check, &explanation)),
        PolicyAction::Test { file, json } => test(file, json).map_err(Failure::from),
        PolicyAction::Builtin => Ok(Output { stdout: ExecPolicy::builtin_toml().to_owned(), ..Output::default() }),
    };
    answer.unwrap_or_else(|error| Output {
        exit_code: ExitCode::REFUSED,
        stderr: text::error(&text::with_causes(&error), false),
        ..Output::default()
    })
}

/// The policy of some files, of which those inside the workspace may only tighten.
pub fn load(files: &[PathBuf], workspace: Option<&Path>) -> Result<ExecPolicy, PolicyError> {
    let sources: Vec<_> = files.iter().map(|file| PolicySource::user(file, workspace)).collect();
    ExecPolicy::load(&sources)
}

fn explain(check: &Check) -> Result<Explanation, Failure> {
    // Where no workspace is named, nothing is known of who else may write the file.
    let policy = load(&check.policy, check.workspace.as_deref())?;
    let workspace = check.workspace.clone().unwrap_or_else(|| PathBuf::from("."));
    let workspace = std::path::absolute(&workspace).unwrap_or(workspace);
    let context = CheckContext {
        shell: match check.shell {
            ShellChoice::Bash => Shell::Bash,
            ShellChoice::Powershell => Shell::PowerShell,
            ShellChoice::Cmd => Shell::Cmd,
        },
        profile: check
            .profile
            .as_ref()
            .map(ProfileArgument::load)
            .transpose()?
            .map(|profile| profile_kind(profile.name())),
        workspace: Some(workspace),
    };
    Ok(match &check.line {
        Some(line) => policy.explain_line(line, &context),
        None => policy.explain_argv(&check.command, &context),
    })
}

fn verdict(check: &Check, explanation: &Explanation) -> Output {
    let verdict = &explanation.verdict;
    let stdout = if check.json {
        text::json(verdict)
    } else if check.quiet {
        format!("{}\n", verdict.decision)
    } else {
        let mut lines =
            format!("{} `{}`: {} (rule {})\n", verdict.decision, verdict.argv.join(" "), verdict.reason, verdict.rule);
        if let Some(hint) = &verdict.hint {
            // Writing to a string can't fail.
            let _ = writeln!(lines, "to allow it: {hint}");
        }
        lines
    };
    Output { exit_code: exit_code(verdict.decision), stdout, ..Output::default() }
}

fn findings(check: &Check, explanation: &Explanation) -> Output {
    let stdout = if check.json {
        text::json(explanation)
    } else {
        let parts = explanation.findings.iter().map(|finding| {
            format!(
                "{:<7} `{}`: {} (rule {})\n",
                finding.decision.as_str(),
                finding.argv.join(" "),
                finding.reason,
                finding.rule
            )
        });
        parts.chain([format!("{}\n", explanation.verdict.decision)]).collect()
    };
    Output { exit_code: exit_code(explanation.verdict.decision), stdout, ..Output::default() }
}

fn test(file: PathBuf, json: bool) -> Result<Output, PolicyError> {
    let report = ExecPolicy::load(&[PolicySource::user(file, None)])?.test();
    let stdout = if json {
        text::json(&report)
    } else {
        let mut lines = format!("{} examples of {} rules\n", report.examples, report.rules);
        for failure in &report.failures {
            let wanted = if failure.should_match { "must match" } else { "must not match" };
            let _ =
                writeln!(lines, "{}:{}: {} {wanted} `{}`", failure.source, failure.line, failure.rule, failure.example);
        }
        for warning in &report.warnings {
            let _ = writeln!(lines, "warning: {warning}");
        }
        lines
    };
    Ok(Output { exit_code: i32::from(!report.ok()), stdout, ..Output::default() })
}

fn exit_code(decision: Decision) -> i32 {
    match decision {
        Decision::Allow => 0,
        Decision::Forbid => 1,
        Decision::Prompt => 3,
    }
}
