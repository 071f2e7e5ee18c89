//! What a machine can enforce.

use serde::Serialize;

use super::SandboxError;

/// The answers of `codex doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Whether every profile can be had with enforcement required.
    pub required: bool,
    /// Whether the restricted profiles can be had at least with best-effort enforcement.
    pub best_effort: bool,
    /// One answer per feature.
    pub features: Vec<Feature>,
}

/// One thing that the sandbox uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// What it is.
    pub name: &'static str,
    /// Whether it can be used.
    pub present: bool,
    /// What was found.
    pub detail: String,
    /// How to get it, where it is missing.
    pub remedy: Option<String>,
}

impl Feature {
    pub(crate) fn present(name: &'static str, detail: &str) -> Self {
        Self { name, present: true, detail: detail.to_owned(), remedy: None }
    }

    pub(crate) fn missing(name: &'static str, error: &SandboxError) -> Self {
        let (detail, remedy) = match error {
            SandboxError::Unavailable { cause, remedy } => (cause.clone(), Some(remedy.clone())),
            other => (other.to_string(), None),
        };
        Self { name, present: false, detail, remedy }
    }
}
