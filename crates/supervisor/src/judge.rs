//! The exec policy's question about a command of a session.

use std::{ffi::OsStr, path::PathBuf};

use codex_core::{exec::Command, policy::SandboxPolicy, profile::ProfileName};
use codex_execpolicy::{CheckContext, Decision, ExecPolicy, ProfileKind, Shell, Verdict};

/// A policy with the circumstances of a session.
#[derive(Debug)]
pub struct Judge {
    policy: ExecPolicy,
    profile: ProfileKind,
    workspace: PathBuf,
}

impl Judge {
    /// The circumstances are those of `sandbox`.
    pub fn new(policy: ExecPolicy, sandbox: &SandboxPolicy) -> Self {
        Self { policy, profile: profile_kind(sandbox.profile), workspace: sandbox.workspace.clone() }
    }

    /// Judges a command.
    pub fn verdict(&self, command: &Command) -> Verdict {
        let words = std::iter::once(&command.program).chain(&command.arguments);
        let Some(argv) = words.clone().map(|word| word.to_str()).collect::<Option<Vec<_>>>() else {
            return not_text(words.map(|word| word.as_os_str()));
        };
        let workspace = command.working_directory.as_ref().map(|directory| self.workspace.join(directory));
        let context = CheckContext {
            shell: Shell::Bash,
            profile: Some(self.profile),
            workspace: Some(workspace.unwrap_or_else(|| self.workspace.clone())),
        };
        self.policy.check_argv(&argv, &context)
    }
}

/// The exec policy's word for a profile.
pub fn profile_kind(profile: ProfileName) -> ProfileKind {
    match profile {
        ProfileName::Offline => ProfileKind::Offline,
        ProfileName::NetReadOnly => ProfileKind::NetReadOnly,
        ProfileName::WorkspaceWrite => ProfileKind::WorkspaceWrite,
        ProfileName::WorkspaceNet => ProfileKind::WorkspaceNet,
        ProfileName::Trusted => ProfileKind::Trusted,
    }
}

/// Bytes that are no text can't be understood, so somebody must look at them.
fn not_text<'a>(words: impl Iterator<Item = &'a OsStr>) -> Verdict {
    Verdict {
        decision: Decision::Prompt,
        reason: "it holds bytes that are not UTF-8".to_owned(),
        rule: "builtin:characters".to_owned(),
        argv: words.map(|word| word.to_string_lossy().into_owned()).collect(),
        part: 0,
        parts: 1,
        hint: None,
    }
}
