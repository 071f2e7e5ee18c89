//! The exec policy class.

use std::path::{Path, PathBuf};

use codex_core::profile::{ProfileError, ProfileName};
use codex_execpolicy::{CheckContext, ExecPolicy, PolicyError, PolicySource, Shell};
use codex_supervisor::profile_kind;

use crate::error::ErrorFacts;

/// Rules and knowledge of commands, ready to answer.
#[napi_derive::napi]
pub struct NativePolicy {
    policy: ExecPolicy,
}

#[napi_derive::napi]
impl NativePolicy {
    /// The policy without any rule of a user.
    #[napi(factory, catch_unwind)]
    pub fn builtin() -> Self {
        Self { policy: ExecPolicy::builtin() }
    }

    /// The rules of a TOML text.
    #[napi(factory, catch_unwind)]
    pub fn parse_toml(text: String) -> napi::Result<Self> {
        Self::new(ExecPolicy::parse_toml(&text, "<text>"))
    }

    /// The rules of an object, as JSON.
    #[napi(factory, catch_unwind)]
    pub fn parse_json(json: String) -> napi::Result<Self> {
        Self::new(ExecPolicy::from_json(&json))
    }

    /// The rules of files. A file inside the workspace may only tighten; an administrator's must be root's alone.
    #[napi(factory, catch_unwind)]
    pub fn load(paths: Vec<String>, workspace: Option<String>, administrator: bool) -> napi::Result<Self> {
        let workspace = workspace.as_deref().map(Path::new);
        let sources: Vec<_> =
            paths
                .into_iter()
                .map(|path| {
                    if administrator { PolicySource::administrator(path) } else { PolicySource::user(path, workspace) }
                })
                .collect();
        Self::new(ExecPolicy::load(&sources))
    }

    /// Judges a line (one word) or a program with its words; the verdict as JSON.
    #[napi(catch_unwind)]
    pub fn check(
        &self,
        line: Option<String>,
        argv: Option<Vec<String>>,
        shell: String,
        profile: Option<String>,
        workspace: Option<String>,
    ) -> napi::Result<String> {
        let profile = profile
            .map(|name| name.parse::<ProfileName>())
            .transpose()
            .map_err(|error| ErrorFacts::from(&ProfileError::from(error)).throw())?;
        let context = CheckContext {
            shell: match shell.as_str() {
                "powershell" => Shell::PowerShell,
                "cmd" => Shell::Cmd,
                _ => Shell::Bash,
            },
            profile: profile.map(profile_kind),
            workspace: workspace.map(PathBuf::from),
        };
        let verdict = match line {
            Some(line) => self.policy.check_line(&line, &context),
            None => self.policy.check_argv(&argv.unwrap_or_default(), &context),
        };
        serde_json::to_string(&verdict).map_err(|error| ErrorFacts::policy(&error).throw())
    }

    /// Tries the examples of all rules; the report as JSON.
    #[napi(catch_unwind)]
    pub fn test(&self) -> napi::Result<String> {
        serde_json::to_string(&self.policy.test()).map_err(|error| ErrorFacts::policy(&error).throw())
    }

    /// The policy itself.
    pub(crate) fn get(&self) -> &ExecPolicy {
        &self.policy
    }

    fn new(policy: Result<ExecPolicy, PolicyError>) -> napi::Result<Self> {
        policy.map(|policy| Self { policy }).map_err(|error| ErrorFacts::from(&error).throw())
    }
}
