//! The command line, called by the shim.

use std::{ffi::OsString, io::IsTerminal, path::PathBuf, sync::Mutex};

use codex_cli::{Context, Invocation, Output, Signals};
use napi::{Env, bindgen_prelude::PromiseRaw};

use crate::runtime;

/// One invocation of the command line.
#[napi_derive::napi]
pub struct NativeCli {
    invocation: Mutex<Option<Invocation>>,
    signals: Signals,
}

/// What an invocation leaves to print, and its exit code.
#[napi_derive::napi(object, object_from_js = false)]
pub struct NativeOutput {
    /// The exit code of the process.
    pub exit_code: i32,
    /// Text for standard output.
    pub stdout: String,
    /// Text for standard error.
    pub stderr: String,
}

#[napi_derive::napi]
impl NativeCli {
    /// `args` are those after the program's name; `launcher` is the launcher's path.
    #[napi(constructor, catch_unwind)]
    pub fn new(args: Vec<String>, launcher: String) -> Self {
        let context = Context {
            launcher: PathBuf::from(launcher),
            runtime: runtime::handle(),
            terminal: std::io::stderr().is_terminal(),
            environment: std::env::vars_os().collect(),
        };
        let args: Vec<OsString> = codex_cli::exact_arguments(args);
        let (invocation, signals) = Invocation::new(args, context);
        Self { invocation: Mutex::new(Some(invocation)), signals }
    }

    /// Runs it, once.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeOutput>")]
    pub fn run<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, NativeOutput>> {
        let invocation = self.invocation.lock().ok().and_then(|mut invocation| invocation.take());
        env.spawn_future(async move {
            let output = match invocation {
                Some(invocation) => invocation.run().await,
                None => Output::default(),
            };
            Ok(NativeOutput { exit_code: output.exit_code, stdout: output.stdout, stderr: output.stderr })
        })
    }

    /// Whether a command would have a terminal of its own, for the one of the process: both of its streams are that. Node's
    /// module for it takes longer to load than this whole addon.
    #[napi(getter, catch_unwind)]
    pub fn has_terminal(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }

    /// Passes a signal that the process got on to what it runs; false when nothing heeds it.
    #[napi(catch_unwind)]
    pub fn signal(&self, signal: i32) -> bool {
        self.signals.send(signal)
    }
}
