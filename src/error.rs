//! Errors on their way to JavaScript: one JSON text, from which the JavaScript face makes an error of its own, with
//! a stack that names the caller.

use codex_core::{exec::ExecError, profile::ProfileError, sandbox::SandboxError};
use codex_execpolicy::{PolicyError, Verdict};
use codex_supervisor::{RunError, SessionError};
use serde::Serialize;

/// What JavaScript needs to make an error.
#[derive(Debug, Serialize)]
pub struct ErrorFacts {
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Box<Verdict>>,
}

impl ErrorFacts {
    /// As JSON.
    pub fn to_json(&self) -> String {
        // Strings and numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As an error to throw.
    pub fn throw(&self) -> napi::Error {
        napi::Error::new(napi::Status::GenericFailure, self.to_json())
    }

    /// An error about a profile that is not one of the profile's own.
    pub fn profile(error: &dyn std::error::Error) -> Self {
        Self::new("ProfileError", error)
    }

    /// An error about a policy that is not one of the policy's own.
    pub fn policy(error: &dyn std::error::Error) -> Self {
        Self::new("PolicyError", error)
    }

    /// An error about an audit log.
    pub fn audit(error: &dyn std::error::Error) -> Self {
        Self::new("AuditUnavailable", error)
    }

    fn new(code: &str, error: &dyn std::error::Error) -> Self {
        Self {
            code: code.to_owned(),
            message: with_causes(error),
            errno: None,
            path: None,
            remedy: None,
            verdict: None,
        }
    }
}

impl From<&ProfileError> for ErrorFacts {
    fn from(error: &ProfileError) -> Self {
        Self::new("ProfileError", error)
    }
}

impl From<&SandboxError> for ErrorFacts {
    fn from(error: &SandboxError) -> Self {
        let mut facts = Self::new("SandboxUnavailable", error);
        match error {
            SandboxError::Unavailable { remedy, .. } => facts.remedy = Some(remedy.clone()),
            SandboxError::Launcher { path, .. } | SandboxError::Directory { path, .. } => {
                facts.path = Some(path.to_string_lossy().into_owned());
            }
            _ => {}
        }
        facts
    }
}

impl From<&SessionError> for ErrorFacts {
    fn from(error: &SessionError) -> Self {
        match error {
            SessionError::Profile(error) => error.into(),
            SessionError::Sandbox(error) => error.into(),
            SessionError::AuditLogWritable { .. } | SessionError::Audit(_) => Self::new("AuditUnavailable", error),
            other => Self::new("SandboxUnavailable", other),
        }
    }
}

impl From<&RunError> for ErrorFacts {
    fn from(error: &RunError) -> Self {
        let judged =
            |code, verdict: &Verdict| Self { verdict: Some(Box::new(verdict.clone())), ..Self::new(code, error) };
        match error {
            RunError::Session(error) => error.into(),
            RunError::Exec(error) => error.into(),
            RunError::Audit(_) => Self::new("AuditUnavailable", error),
            RunError::PolicyRefused(verdict) => judged("PolicyRefused", verdict),
            RunError::PolicyPrompt(verdict) => judged("PolicyPrompt", verdict),
            other => Self::new("SandboxUnavailable", other),
        }
    }
}

impl From<&PolicyError> for ErrorFacts {
    fn from(error: &PolicyError) -> Self {
        Self::new("PolicyError", error)
    }
}

impl From<&ExecError> for ErrorFacts {
    fn from(error: &ExecError) -> Self {
        let code = match error {
            ExecError::Sandbox(error) => return error.into(),
            ExecError::NulByte { .. } | ExecError::VariableName { .. } | ExecError::EmptyProgram => {
                "ERR_INVALID_ARG_VALUE"
            }
            ExecError::Limit { .. } => "ProfileError",
            ExecError::BatchFile { .. } => "ERR_CODEX_BATCH_FILE",
            ExecError::SandboxEnded => "SandboxUnavailable",
            other => other.errno().map_or("ERR_CODEX_EXEC", errno_name),
        };
        let mut facts = Self::new(code, error);
        facts.errno = error.errno();
        facts.path = match error {
            ExecError::ProgramNotFound { program }
            | ExecError::ProgramUnseen { program }
            | ExecError::InterpreterNotFound { program }
            | ExecError::NotExecutable { program, .. } => Some(program.clone()),
            ExecError::WorkingDirectory { path, .. } | ExecError::DirectoryUnseen { path } => {
                Some(path.to_string_lossy().into_owned())
            }
            _ => None,
        };
        facts
    }
}

/// The message, and after it what lies behind, unless the message says so itself.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let text = current.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = current.source();
    }
    message
}

/// The name that Node gives to a system error.
fn errno_name(errno: i32) -> &'static str {
    match errno {
        1 => "EPERM",
        2 => "ENOENT",
        5 => "EIO",
        7 => "E2BIG",
        8 => "ENOEXEC",
        9 => "EBADF",
        11 => "EAGAIN",
        12 => "ENOMEM",
        13 => "EACCES",
        20 => "ENOTDIR",
        21 => "EISDIR",
        22 => "EINVAL",
        23 => "ENFILE",
        24 => "EMFILE",
        26 => "ETXTBSY",
        36 => "ENAMETOOLONG",
        40 => "ELOOP",
        _ => "ERR_CODEX_EXEC",
    }
}
