//! What is asked and what is answered.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What becomes of a command line; later ones are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It provably only reads, or a rule of the user allows it.
    Allow,
    /// Someone must say yes.
    Prompt,
    /// It must not run.
    Forbid,
}

impl Decision {
    /// The word of the rule language.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Prompt => "prompt",
            Self::Forbid => "forbid",
        }
    }
}

impl std::fmt::Display for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The language of a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    /// bash and what is written like it.
    #[default]
    Bash,
    /// PowerShell.
    PowerShell,
    /// The Windows command interpreter.
    Cmd,
}

/// The profile that the command would run under, as far as a verdict depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileKind {
    /// No network, no writes but a private temporary folder.
    Offline,
    /// Outbound network, no writes but a private temporary folder.
    NetReadOnly,
    /// No network, writes in the workspace.
    WorkspaceWrite,
    /// Outbound network, writes in the workspace.
    WorkspaceNet,
    /// No sandbox.
    Trusted,
}

impl ProfileKind {
    /// Whether commands reach the network.
    #[must_use]
    pub fn network(self) -> bool {
        matches!(self, Self::NetReadOnly | Self::WorkspaceNet | Self::Trusted)
    }

    /// Whether the sandbox holds what a command writes.
    #[must_use]
    pub fn contained(self) -> bool {
        self != Self::Trusted
    }
}

/// The circumstances of a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckContext {
    /// The language of the line.
    pub shell: Shell,
    /// The profile, when it is known. Without one the verdict assumes that a sandbox contains writes.
    pub profile: Option<ProfileKind>,
    /// The folder that the command runs in; the current one of the process when absent.
    pub workspace: Option<PathBuf>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The strictest of all parts.
    pub decision: Decision,
    /// Why, in words.
    pub reason: String,
    /// The rule that decided: the `id` of a rule, or a name beginning with `builtin:`.
    pub rule: String,
    /// The words of the part that decided, wrappers and quotes removed.
    pub argv: Vec<String>,
    /// The part that decided, counted from 0, in the order in which parts are judged.
    pub part: usize,
    /// How many parts were judged.
    pub parts: usize,
    /// What would turn a `prompt` into an `allow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One judged part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What this part alone leads to.
    pub decision: Decision,
    /// Why.
    pub reason: String,
    /// The rule.
    pub rule: String,
    /// The words of the part.
    pub argv: Vec<String>,
}

/// A verdict with all that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The verdict.
    pub verdict: Verdict,
    /// Every part that was judged, in order.
    pub findings: Vec<Finding>,
}
