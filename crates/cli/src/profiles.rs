//! `codex profile`.

use std::path::{Path, PathBuf};

use codex_core::{
    policy::Access,
    profile::{ProfileError, ProfileName},
};
use serde::Serialize;

use crate::{
    ExitCode, Output,
    arguments::{Explain, ProfileAction, ProfileArgument},
    text,
};

/// Answers from the profiles alone; nothing is run.
pub fn run(action: ProfileAction) -> Output {
    let answer = match action {
        ProfileAction::List { json } => Ok(Output { stdout: list(json), ..Output::default() }),
        ProfileAction::Show { profile, json } => show(&profile, json),
        ProfileAction::Explain(question) => explain(&question),
    };
    answer.unwrap_or_else(|error| Output {
        exit_code: ExitCode::REFUSED,
        stderr: text::error(&text::with_causes(&error), false),
        ..Output::default()
    })
}

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    default: bool,
    summary: &'static str,
}

fn list(json: bool) -> String {
    let all = ProfileName::ALL.map(|name| Listed {
        name: name.as_str(),
        default: name == ProfileName::default(),
        summary: name.summary(),
    });
    if json {
        return text::json(&all);
    }
    all.iter()
        .map(|profile| {
            let mark = if profile.default { " (default)" } else { "" };
            format!("{:<16} {}{mark}\n", profile.name, profile.summary)
        })
        .collect()
}

fn show(profile: &ProfileArgument, json: bool) -> Result<Output, ProfileError> {
    let facts = profile.load()?.describe();
    let stdout = if json {
        text::json(&facts)
    } else {
        facts.iter().map(|fact| format!("{:<12} {}\n", fact.topic, fact.fact)).collect()
    };
    Ok(Output { stdout, ..Output::default() })
}

/// Allowed: 0. Denied: 1.
fn explain(question: &Explain) -> Result<Output, ProfileError> {
    let workspace = question.workspace.clone().unwrap_or_else(|| PathBuf::from("."));
    // A workspace that has no absolute form is refused by the profile, in its own words.
    let workspace = std::path::absolute(&workspace).unwrap_or(workspace);
    let policy = question.profile.load()?.resolve(Path::new(&workspace))?;
    let access = match (&question.access.write, &question.access.read, &question.access.connect) {
        (Some(path), _, _) => Access::Write(path.clone()),
        (_, Some(path), _) => Access::Read(path.clone()),
        (_, _, host) => Access::Connect(host.clone().unwrap_or_default()),
    };
    let decision = policy.explain(&access);
    let stdout = if question.json {
        text::json(&decision)
    } else {
        let word = if decision.allowed { "allowed" } else { "denied" };
        let mut lines = format!("{word} ({}): {}\n", decision.rule, decision.reason);
        if let Some(grant) = &decision.grant {
            lines.push_str(&format!("to allow it: {grant}\n"));
        }
        lines
    };
    Ok(Output { exit_code: i32::from(!decision.allowed), stdout, stderr: String::new() })
}
