//! A sandbox over the launcher under test.
#![allow(missing_docs, dead_code, clippy::unwrap_used, reason = "for tests, of which each file uses its part")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use codex_core::{
    ProfileInit, ProfileName, SecurityProfile,
    exec::{Command, ExecError, Outcome},
    sandbox::{DenialReports, Requirement, Sandbox, SandboxError, SandboxOptions, Signaller},
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub struct Fixture {
    pub sandbox: Sandbox,
    pub workspace: PathBuf,
    /// A folder of the host that no profile but trusted may write.
    pub outside: PathBuf,
    runtime: Arc<Runtime>,
    _folders: [TempDir; 2],
}

impl Fixture {
    pub fn new(profile: ProfileName) -> Self {
        Self::with(profile, ProfileInit::default())
    }

    pub fn with(profile: ProfileName, init: ProfileInit) -> Self {
        let folders = [folder(), folder()];
        let [workspace, outside] = folders.each_ref().map(|folder| folder.path().canonicalize().unwrap());
        let runtime = Arc::new(Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
        let sandbox = sandbox(&runtime, &workspace, profile, init).unwrap();
        Self { sandbox, workspace, outside, runtime, _folders: folders }
    }

    /// The same folders under a sandbox made anew.
    pub fn remake(&mut self, profile: ProfileName, init: ProfileInit) {
        self.sandbox = sandbox(&self.runtime, &self.workspace, profile, init).unwrap();
    }

    pub fn sh(&self, script: &str) -> Outcome {
        self.try_run(shell(script)).unwrap()
    }

    pub fn try_run(&self, command: Command) -> Result<Outcome, ExecError> {
        self.block_on(self.sandbox.exec(command).1)
    }

    pub fn start(&self, command: Command) -> (Signaller, tokio::task::JoinHandle<Result<Outcome, ExecError>>) {
        let (signaller, outcome) = self.sandbox.exec(command);
        (signaller, self.runtime.spawn(outcome))
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

pub fn sandbox(
    runtime: &Runtime,
    workspace: &Path,
    profile: ProfileName,
    init: ProfileInit,
) -> Result<Sandbox, SandboxError> {
    let policy = SecurityProfile::with(profile, init).unwrap().resolve(workspace).unwrap();
    let options = SandboxOptions {
        launcher: launcher(),
        requirement: Requirement::Required,
        denials: DenialReports::default(),
        runtime: runtime.handle().clone(),
    };
    Sandbox::new(policy, options)
}

pub fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arguments = vec!["-c".into(), script.into()];
    command
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap().trim()
}

/// The launcher that was built with the tests, or a copy that the user of the test may run.
fn launcher() -> PathBuf {
    std::env::var_os("CODEX_TEST_LAUNCHER")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_codex-launcher")), PathBuf::from)
}

fn folder() -> TempDir {
    match std::env::var_os("CODEX_TEST_ROOT") {
        Some(root) => tempfile::tempdir_in(root).unwrap(),
        None => tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
    }
}
