//! A command that runs in a sandbox of its own.

use std::path::PathBuf;

use codex_core::{exec::Command, profile::SecurityProfile};

use crate::session::{Report, RunError};

/// Who runs, under which profile, where, and what.
#[derive(Debug)]
pub struct Agent {
    /// A name for reports.
    pub name: String,
    /// What it may touch.
    pub profile: SecurityProfile,
    /// Its workspace.
    pub workspace: PathBuf,
    /// Its command.
    pub command: Command,
}

/// How an agent fared.
#[derive(Debug)]
pub struct AgentReport {
    /// Its name.
    pub name: String,
    /// Its end, or why it was not run.
    pub result: Result<Report, RunError>,
}
