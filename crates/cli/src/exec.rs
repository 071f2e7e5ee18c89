//! `codex exec`.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use codex_audit::{AppendError, AuditLog, Level, OpenError, Options};
use codex_core::{
    exec::{Command, Denial, End, ExecError},
    policy::{Access, Limit, Limits},
    profile::{ProfileInit, ProfileName, SecurityProfile},
    sandbox::{Enforcement, Requirement},
};
use codex_supervisor::{Approval, Report, RunError, Session, SessionError};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::{
    Context, ExitCode, Output, approval,
    arguments::{AuditChoice, EnforcementChoice, Global, ProfileArgument, Run},
    audits, policies, text,
};

#[cfg_attr(unix, path = "exec/unix.rs")]
#[cfg_attr(windows, path = "exec/windows.rs")]
mod system;

/// Runs the command of `run`.
pub async fn run(run: Run, global: Global, context: &Context, signals: mpsc::UnboundedReceiver<i32>) -> Output {
    let json = run.json;
    let colored = context.colored(global.color);
    match attempt(run, context, signals).await {
        Ok(report) => finished(&report, json, global.verbose),
        Err(failure) => {
            let (code, name) = classify(&failure);
            let message = text::with_causes(&failure);
            let stdout = if json { text::failure(&message, name, code) } else { String::new() };
            Output { exit_code: code, stdout, stderr: text::error(&message, colored) }
        }
    }
}

/// What keeps a command from running.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no command given; put it after --")]
    NoCommand,
    #[error("the workspace can't be used: {}", path.display())]
    Workspace { path: PathBuf, source: std::io::Error },
    #[error(
        "commands could change the profile's file {}, and the next one would run under what they put there; move it to where they \
         can't write, such as ~/.config/codex",
        path.display()
    )]
    ProfileInReach { path: PathBuf },
    #[error("the exec policy can't be used")]
    Policy(#[from] codex_execpolicy::PolicyError),
    #[error("the audit log can't be used")]
    AuditLog(#[from] OpenError),
    #[error("no audit log is named and HOME is not set; name one with --audit-log")]
    NoAuditLog,
    #[error("the audit log can't be closed")]
    AuditClose(#[from] AppendError),
    #[error("a standard stream can't be passed on")]
    Stream(#[source] std::io::Error),
    #[error(transparent)]
    Run(#[from] RunError),
}

async fn attempt(run: Run, context: &Context, mut signals: mpsc::UnboundedReceiver<i32>) -> Result<Report, Failure> {
    if run.command.is_empty() {
        return Err(Failure::NoCommand);
    }
    let profile = profile(&run).map_err(|error| RunError::from(SessionError::from(error)))?;
    let workspace = absolute(run.workspace.clone().unwrap_or_else(|| PathBuf::from(".")))?;
    let requirement = match run.enforcement {
        EnforcementChoice::Required => Requirement::Required,
        EnforcementChoice::BestEffort => Requirement::BestEffort,
    };
    let mut session =
        Session::new(&profile, &workspace, context.options(requirement, run.denials)).map_err(RunError::from)?;
    keep_profile(&session, &run)?;
    if !run.policy.is_empty() {
        session = session.with_exec_policy(policies::load(&run.policy, Some(&workspace))?);
    }
    system::keep_terminal(&session, &run)?;
    let log = open_log(&session, &run, context)?;
    if let Some(log) = &log {
        session = session.with_audit_log(log.clone()).map_err(RunError::from)?;
    }
    let answer = system::execute(&session, &run, context, Approval::None, &mut signals).await;
    let answer = match answer {
        Err(Failure::Run(RunError::PolicyPrompt(verdict))) if approval::ask(&verdict).await => {
            system::execute(&session, &run, context, Approval::Given, &mut signals).await
        }
        other => other,
    };
    session.close().await;
    if let Some(log) = log {
        log.close()?;
    }
    answer
}

/// The log that the command is recorded in, if one was asked for.
fn open_log(session: &Session, run: &Run, context: &Context) -> Result<Option<AuditLog>, Failure> {
    let level = match (run.audit, &run.audit_log) {
        (Some(AuditChoice::Off), _) | (None, None) => return Ok(None),
        (Some(AuditChoice::Strict), _) => Level::Strict,
        (Some(AuditChoice::Standard) | None, _) => Level::Standard,
    };
    let path = run.audit_log.clone().or_else(|| audits::default_log(context)).ok_or(Failure::NoAuditLog)?;
    // Before it is made: nothing is left where it is not wanted.
    session.audit_log_in_reach(&path).map_err(RunError::from)?;
    let mut options = Options { level, ..Options::default() };
    if let Some(bytes) = run.audit_max_bytes {
        options.max_bytes = bytes;
    }
    if let Some(files) = run.audit_max_files {
        options.max_files = files as usize;
    }
    Ok(Some(AuditLog::open(&path, options)?))
}

/// The command, without its streams.
fn command(run: &Run, context: &Context) -> Result<Command, Failure> {
    let mut words = run.command.iter();
    let program = words.next().ok_or(Failure::NoCommand)?;
    let mut command = Command::new(program);
    command.arguments = words.cloned().collect();
    command.timeout = run.timeout;
    command.set_environment = run.env.iter().filter_map(|entry| variable(entry, context)).collect();
    Ok(command)
}

fn profile(run: &Run) -> Result<SecurityProfile, codex_core::profile::ProfileError> {
    let base = match (&run.profile, run.sandbox_mode) {
        (Some(profile), _) => profile.load()?,
        (None, Some(mode)) => SecurityProfile::named(mode.profile()),
        (None, None) => SecurityProfile::named(ProfileName::default()),
    };
    let mut limits = Limits::default();
    for &(limit, value) in &run.limit {
        limits.set(limit, value);
    }
    let init = ProfileInit {
        writable: run.writable.clone(),
        readable: run.readable.clone(),
        deny_read: run.deny_read.clone(),
        unix_sockets: run.unix_socket.clone(),
        limits,
        ..ProfileInit::default()
    };
    base.extend(init)
}

/// Refuses a profile in a file that the commands under it could write. Those of `trusted` could write any: there it is a file in
/// the workspace, where the commands of other profiles write.
fn keep_profile(session: &Session, run: &Run) -> Result<(), Failure> {
    let Some(ProfileArgument::File(path)) = &run.profile else {
        return Ok(());
    };
    let (path, policy) = (std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()), session.policy());
    let in_reach = match policy.profile {
        ProfileName::Trusted => path.starts_with(&policy.workspace),
        _ => policy.explain(&Access::Write(path.clone())).allowed,
    };
    if in_reach { Err(Failure::ProfileInReach { path }) } else { Ok(()) }
}

/// `K=V` sets, `K` lets the host's own through.
fn variable(entry: &OsStr, context: &Context) -> Option<(OsString, OsString)> {
    let own = || context.environment.iter().find(|(name, _)| name == entry).cloned();
    system::split_variable(entry).or_else(own)
}

fn absolute(path: PathBuf) -> Result<PathBuf, Failure> {
    std::path::absolute(&path).map_err(|source| Failure::Workspace { path, source })
}

fn finished(report: &Report, json: bool, verbose: bool) -> Output {
    let outcome = &report.outcome;
    let exit_code = match outcome.end {
        _ if outcome.timed_out => ExitCode::TIMEOUT,
        _ if outcome.limit == Some(Limit::CpuTime) => ExitCode::TIMEOUT,
        End::Code(code) => code,
        End::Signal(signal) => ExitCode::SIGNAL + signal,
    };
    let mut stderr = String::new();
    if verbose {
        stderr.push_str(&text::enforcement(&outcome.enforcement));
        for denial in &outcome.denials {
            stderr.push_str(&text::denial(denial));
        }
    }
    if !json {
        for hint in &report.hints {
            stderr.push_str(&format!("codex: {hint}\n"));
        }
        return Output { exit_code, stdout: String::new(), stderr };
    }
    Output { exit_code, stdout: text::json(&Document::new(report)), stderr }
}

fn classify(failure: &Failure) -> (i32, &'static str) {
    match failure {
        Failure::NoCommand => (ExitCode::USAGE, "Usage"),
        Failure::Workspace { .. } | Failure::Stream(_) => (ExitCode::REFUSED, "SandboxUnavailable"),
        Failure::NoAuditLog | Failure::AuditLog(_) | Failure::AuditClose(_) | Failure::Run(RunError::Audit(_)) => {
            (ExitCode::REFUSED, "AuditUnavailable")
        }
        Failure::ProfileInReach { .. } => (ExitCode::REFUSED, "ProfileError"),
        Failure::Policy(_) => (ExitCode::REFUSED, "PolicyError"),
        Failure::Run(RunError::PolicyRefused(_)) => (ExitCode::REFUSED, "PolicyRefused"),
        Failure::Run(RunError::PolicyPrompt(_)) => (ExitCode::REFUSED, "PolicyPrompt"),
        Failure::Run(RunError::Session(SessionError::Profile(_))) => (ExitCode::REFUSED, "ProfileError"),
        Failure::Run(RunError::Session(SessionError::AuditLogWritable { .. } | SessionError::Audit(_))) => {
            (ExitCode::REFUSED, "AuditUnavailable")
        }
        Failure::Run(RunError::Exec(error)) => match error {
            ExecError::ProgramNotFound { .. }
            | ExecError::ProgramUnseen { .. }
            | ExecError::InterpreterNotFound { .. } => (ExitCode::NOT_FOUND, "ENOENT"),
            ExecError::NotExecutable { .. } => (ExitCode::NOT_EXECUTABLE, not_executable(error)),
            ExecError::Sandbox(_) => (ExitCode::REFUSED, "SandboxUnavailable"),
            _ => (ExitCode::REFUSED, "ExecError"),
        },
        Failure::Run(_) => (ExitCode::REFUSED, "SandboxUnavailable"),
    }
}

/// The name of the system's error, as in JavaScript.
fn not_executable(error: &ExecError) -> &'static str {
    match error.errno() {
        Some(8) => "ENOEXEC",
        Some(26) => "ETXTBSY",
        Some(36) => "ENAMETOOLONG",
        Some(40) => "ELOOP",
        _ => "EACCES",
    }
}

/// What `--json` prints of a command that ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    exit_code: Option<i64>,
    signal: Option<i32>,
    pid: i32,
    stdout: Text<'a>,
    stderr: Text<'a>,
    duration_ms: f64,
    timed_out: bool,
    truncated: bool,
    limit: Option<Limit>,
    enforcement: &'a Enforcement,
    denials: &'a [Denial],
    hints: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_id: Option<&'a str>,
}

/// Output as text where it is text, else with replacement characters.
type Text<'a> = std::borrow::Cow<'a, str>;

impl<'a> Document<'a> {
    fn new(report: &'a Report) -> Self {
        let outcome = &report.outcome;
        Self {
            exit_code: outcome.end.exit_code(),
            signal: outcome.end.signal(),
            pid: outcome.pid,
            stdout: outcome.stdout.text(),
            stderr: outcome.stderr.text(),
            duration_ms: outcome.duration.as_secs_f64() * 1000.0,
            timed_out: outcome.timed_out,
            truncated: outcome.stdout.truncated || outcome.stderr.truncated,
            limit: outcome.limit,
            enforcement: &outcome.enforcement,
            denials: &outcome.denials,
            hints: &report.hints,
            audit_id: report.audit_id.as_deref(),
        }
    }
}
