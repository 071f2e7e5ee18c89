//! The audit records of a session: before each command, when it is under way, and after it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use codex_audit::{Ack, AppendError, AuditLog, Decision, Event, EventKind, Level, text_from_bytes};
use codex_core::{
    exec::{Command, Denial, End, ExecError, Outcome},
    policy::SandboxPolicy,
    sandbox::Enforcement,
};
use codex_execpolicy::{Decision as Judged, Verdict};
use once_cell::sync::Lazy;
use serde::Serialize;

use crate::{
    program_file::{self, ProgramFiles},
    session::Approval,
};

/// A log with the circumstances of a session.
#[derive(Debug)]
pub struct Recorder {
    log: AuditLog,
    session: String,
    profile: &'static str,
    policy_hash: Option<String>,
    workspace: PathBuf,
}

/// What was recorded before a command.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Stands in every record of the run.
    pub run: String,
    /// The decision's record.
    pub id: String,
    /// What is wrong with the log.
    pub warning: Option<String>,
    /// The program's file, as it is found from outside.
    program: Option<PathBuf>,
}

/// Numbers the runs of all sessions: several may write one log.
static RUNS: AtomicU64 = AtomicU64::new(1);

/// Programs are the same for all sessions.
static PROGRAMS: Lazy<ProgramFiles> = Lazy::new(ProgramFiles::default);

impl Recorder {
    /// The circumstances are those of `policy`, which is recorded as the one in force.
    ///
    /// # Errors
    /// At level strict, when that can't be recorded.
    pub fn new(log: AuditLog, policy: &SandboxPolicy) -> Result<Self, AppendError> {
        let recorder = Self {
            session: log.session(),
            log,
            profile: policy.profile.as_str(),
            policy_hash: serde_json::to_vec(policy).ok().and_then(|json| codex_audit::sha256_of(&*json).ok()),
            workspace: policy.workspace.clone(),
        };
        recorder.log.append(recorder.event(EventKind::PolicyChange))?;
        Ok(recorder)
    }

    /// Whether a record must be on the disk before the command may start.
    pub fn is_strict(&self) -> bool {
        self.log.level() == Level::Strict
    }

    /// Records that a command is about to run, or is refused.
    ///
    /// # Errors
    /// At level strict, when the record is not on the disk: the command must not run.
    pub fn decision(
        &self,
        command: &Command,
        verdict: Option<&Verdict>,
        approval: Approval,
        runs: bool,
    ) -> Result<Recorded, AppendError> {
        let run = format!("{}-{}", self.session, RUNS.fetch_add(1, Relaxed));
        let decision = match (runs, verdict.map(|verdict| verdict.decision)) {
            (true, _) => Decision::Allow,
            (false, Some(Judged::Prompt)) => Decision::Prompt,
            (false, _) => Decision::Forbid,
        };
        let directory = command.working_directory.as_ref().map(|directory| self.workspace.join(directory));
        let program = program_file::locate(command, directory.as_deref().unwrap_or(&self.workspace));
        let mut event = Event {
            run: Some(run.clone()),
            argv: argv(command),
            cwd: Some(path(directory.as_deref().unwrap_or(&self.workspace))),
            program: program.as_deref().map(path),
            decision: Some(decision),
            rule: verdict.map(|verdict| verdict.rule.clone()),
            reason: verdict.map(|verdict| verdict.reason.clone()),
            ..self.event(EventKind::ExecDecision)
        };
        event.env.extend(command.set_environment.iter().map(|(name, value)| (lossy(name), lossy(value))));
        if runs && approval == Approval::Given {
            event.labels.insert("approval".to_owned(), "given".to_owned());
        }
        let Ack { session, seq, warning, .. } = self.log.append(event)?;
        Ok(Recorded { run, id: format!("{session}:{seq}"), warning, program })
    }

    /// Records that a command was handed to the sandbox, with what its program's file holds. Returns what is wrong with
    /// the log.
    pub async fn start(self: &Arc<Self>, recorded: &Recorded) -> Option<String> {
        let mut event = Event {
            run: Some(recorded.run.clone()),
            program: recorded.program.as_deref().map(path),
            ..Event::new(EventKind::ExecStart)
        };
        event.program_sha256 = match recorded.program.clone() {
            None => None,
            Some(program) => match PROGRAMS.known(&program) {
                Some(hash) => Some(hash),
                // A large file takes its time to be read, and the runtime has other things to watch.
                None => tokio::task::spawn_blocking(move || PROGRAMS.hash(&program)).await.ok().flatten(),
            },
        };
        self.append(event, AuditLog::append_soon).await
    }

    /// Records how a run ended, or why it was not started. Returns what is wrong with the log.
    pub async fn exit(self: &Arc<Self>, run: &str, result: &Result<Outcome, ExecError>) -> Option<String> {
        let mut event = Event { run: Some(run.to_owned()), ..Event::new(EventKind::ExecExit) };
        match result {
            Ok(outcome) => {
                match outcome.end {
                    End::Code(code) => event.exit_code = Some(code),
                    End::Signal(signal) => event.signal = Some(signal.to_string()),
                }
                event.duration_ms = Some((outcome.duration.as_secs_f64() * 1e6).round() / 1e3);
                event.stdout_bytes = Some(outcome.stdout.bytes.len() as u64);
                event.stderr_bytes = Some(outcome.stderr.bytes.len() as u64);
                event.truncated = Some(outcome.stdout.truncated || outcome.stderr.truncated);
                event.timed_out = Some(outcome.timed_out);
                event.pid = u32::try_from(outcome.pid).ok().filter(|pid| *pid > 0);
                event.enforcement = layers(&outcome.enforcement);
                event.not_enforced =
                    outcome.enforcement.unenforced.iter().map(|missing| word(&missing.promise)).collect();
            }
            Err(error) => {
                event.error = Some(error.to_string());
                event.code = error.errno().map(|errno| errno.to_string());
            }
        }
        self.append(event, acknowledged).await
    }

    /// Records what a run was refused, as the run named it.
    pub async fn denials(self: &Arc<Self>, run: &str, denials: &[Denial]) {
        for denial in denials {
            let (host, port) = match denial.address.as_deref().map(str::parse::<SocketAddr>) {
                Some(Ok(address)) => (Some(address.ip().to_string()), Some(address.port())),
                _ => (None, None),
            };
            let event = Event {
                run: Some(run.to_owned()),
                access: Some(word(&denial.kind)),
                path: denial.path.clone(),
                host,
                port,
                syscall: denial.syscall.clone(),
                pid: denial.pid.and_then(|pid| u32::try_from(pid).ok()),
                program: denial.program.clone(),
                decision: Some(Decision::Deny),
                rule: Some(denial.rule.clone()),
                reason: Some(denial.reason.clone()),
                suggestion: denial.grant.clone(),
                ..Event::new(EventKind::Denial)
            };
            // What is wrong with the log is told by the record that follows.
            let _ = self.append(event, AuditLog::append_soon).await;
        }
    }

    /// What every record about a command of this session has.
    fn event(&self, kind: EventKind) -> Event {
        Event {
            workspace: Some(path(&self.workspace)),
            profile: Some(self.profile.to_owned()),
            policy_hash: self.policy_hash.clone(),
            ..Event::new(kind)
        }
    }

    /// Appends at once, or at level strict on a thread that may wait for the disk: that must not hold up the runtime.
    fn append(
        &self,
        event: Event,
        append: fn(&AuditLog, Event) -> Result<Option<String>, AppendError>,
    ) -> impl Future<Output = Option<String>> + Send + use<> {
        let said = |appended: Result<Option<String>, AppendError>| match appended {
            Ok(warning) => warning,
            Err(error) => Some(error.to_string()),
        };
        // Not in the future, which would be as large as the event, and moved about with it.
        let appended = if self.is_strict() {
            let log = self.log.clone();
            Err(tokio::task::spawn_blocking(move || append(&log, event)))
        } else {
            Ok(said(append(&self.log, event)))
        };
        async move {
            match appended {
                Ok(warning) => warning,
                Err(waiting) => match waiting.await {
                    Ok(appended) => said(appended),
                    Err(_) => Some("the audit record was not written: the process is ending".to_owned()),
                },
            }
        }
    }
}

/// Appends what has to be in the log before the result of a run is given, and with it all that was to be soon.
fn acknowledged(log: &AuditLog, event: Event) -> Result<Option<String>, AppendError> {
    log.append(event).map(|ack| ack.warning)
}

fn argv(command: &Command) -> Vec<String> {
    std::iter::once(&command.program).chain(&command.arguments).map(|word| lossy(word)).collect()
}

fn path(path: &Path) -> String {
    lossy(path.as_os_str())
}

fn lossy(text: &std::ffi::OsStr) -> String {
    text_from_bytes(text.as_encoded_bytes())
}

fn layers(enforcement: &Enforcement) -> Vec<String> {
    let files = enforcement.filesystem.iter().map(word);
    let rest = [word(&enforcement.network), word(&enforcement.processes)];
    let seccomp = enforcement.seccomp.then(|| "seccomp".to_owned());
    files.chain(rest).chain(seccomp).collect()
}

/// The word that stands for a value in every report.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
