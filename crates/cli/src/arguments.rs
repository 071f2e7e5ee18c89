//! What a command line can say. What each part is for stands in `tree`, where its help is.

mod exact;
mod profile;
mod read;
mod tree;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use codex_core::{
    policy::{Limit, SandboxMode},
    sandbox::DenialReports,
};

pub use exact::exact_arguments;
pub use profile::ProfileArgument;
pub use tree::command;

/// A command line that was understood.
#[derive(Debug)]
pub struct Arguments {
    pub global: Global,
    pub run: Run,
    pub command: Option<Subcommand>,
}

#[derive(Debug)]
pub struct Global {
    pub verbose: bool,
    pub color: ColorChoice,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug)]
pub enum Subcommand {
    Exec(Run),
    Profile { action: ProfileAction },
    Policy { action: PolicyAction },
    Audit { action: AuditAction },
    Doctor { json: bool },
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug)]
pub struct Run {
    pub profile: Option<ProfileArgument>,
    pub sandbox_mode: Option<SandboxMode>,
    pub workspace: Option<PathBuf>,
    pub writable: Vec<PathBuf>,
    pub readable: Vec<PathBuf>,
    pub deny_read: Vec<PathBuf>,
    pub unix_socket: Vec<PathBuf>,
    pub policy: Vec<PathBuf>,
    pub audit_log: Option<PathBuf>,
    pub audit: Option<AuditChoice>,
    pub audit_max_bytes: Option<u64>,
    pub audit_max_files: Option<u32>,
    pub timeout: Option<Duration>,
    pub limit: Vec<(Limit, u64)>,
    pub env: Vec<OsString>,
    pub enforcement: EnforcementChoice,
    pub denials: DenialReports,
    pub json: bool,
    pub command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnforcementChoice {
    #[default]
    Required,
    BestEffort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditChoice {
    Standard,
    Strict,
    Off,
}

#[derive(Debug)]
pub enum AuditAction {
    Tail { count: usize, follow: bool, selection: Selection, json: bool, log: AuditLogArgument },
    Query { expression: String, selection: Selection, json: bool, log: AuditLogArgument },
    Stats { selection: Selection, json: bool, log: AuditLogArgument },
    Sessions { selection: Selection, json: bool, log: AuditLogArgument },
    Verify { checkpoint: Option<PathBuf>, public_key: Option<PathBuf>, json: bool, log: AuditLogArgument },
    Checkpoint { log: AuditLogArgument },
    Export { format: String, selection: Selection, log: AuditLogArgument },
    Report { selection: Selection, log: AuditLogArgument },
}

#[derive(Debug)]
pub struct AuditLogArgument {
    pub audit_log: Option<PathBuf>,
}

#[derive(Debug)]
pub struct Selection {
    pub since: Option<String>,
}

#[derive(Debug)]
pub enum ProfileAction {
    List { json: bool },
    Show { profile: ProfileArgument, json: bool },
    Explain(Explain),
}

#[derive(Debug)]
pub struct Explain {
    pub profile: ProfileArgument,
    pub access: AccessArguments,
    pub workspace: Option<PathBuf>,
    pub json: bool,
}

/// Exactly one question.
#[derive(Debug)]
pub struct AccessArguments {
    pub write: Option<PathBuf>,
    pub read: Option<PathBuf>,
    pub connect: Option<String>,
}

#[derive(Debug)]
pub enum PolicyAction {
    Check(Check),
    Explain(Check),
    Test { file: PathBuf, json: bool },
    Builtin,
}

#[derive(Debug)]
pub struct Check {
    pub policy: Vec<PathBuf>,
    pub line: Option<String>,
    pub shell: ShellChoice,
    pub profile: Option<ProfileArgument>,
    pub workspace: Option<PathBuf>,
    pub quiet: bool,
    pub json: bool,
    pub command: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShellChoice {
    #[default]
    Bash,
    Powershell,
    Cmd,
}
