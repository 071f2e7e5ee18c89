//! The `codex` command line: from arguments to text and an exit code.
//!
//! Nothing here exits, and only records of an audit log are printed, since a log may be too long to be held or have no
//! end: the rest is printed by the shim, so that the same functions serve it and the tests.

#![cfg_attr(windows, allow(dead_code, reason = "there is no sandbox on Windows yet that would use it"))]

mod approval;
mod arguments;
mod audits;
mod doctor;
mod exec;
mod exit;
mod hints;
mod limits;
mod policies;
mod profiles;
mod sink;
#[cfg(unix)]
mod suspension;
#[cfg(unix)]
mod terminal;
mod text;

use std::{ffi::OsString, path::PathBuf};

use codex_core::sandbox::{DenialReports, Requirement, SandboxOptions};
use tokio::{runtime::Handle, sync::mpsc};

pub use arguments::exact_arguments;
pub use exit::ExitCode;

use crate::arguments::{Arguments, ColorChoice, Subcommand, command};

/// What the command line needs to know of its process.
#[derive(Debug)]
pub struct Context {
    /// The launcher program.
    pub launcher: PathBuf,
    /// The runtime.
    pub runtime: Handle,
    /// Whether standard error is a terminal, for colours.
    pub terminal: bool,
    /// The environment of the process.
    pub environment: Vec<(OsString, OsString)>,
}

/// What to print, and the exit code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The exit code of the process.
    pub exit_code: i32,
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
}

/// The way to pass signals on to a running invocation.
#[derive(Debug, Clone)]
pub struct Signals {
    sender: mpsc::UnboundedSender<i32>,
}

impl Signals {
    /// Passes one on, or says that nothing here heeds it, so that it does what it does to any process.
    #[must_use]
    pub fn send(&self, signal: i32) -> bool {
        self.sender.send(signal).is_ok()
    }
}

/// One call of the command line.
#[derive(Debug)]
pub struct Invocation {
    arguments: Vec<OsString>,
    context: Context,
    signals: mpsc::UnboundedReceiver<i32>,
}

impl Invocation {
    /// Takes the arguments after the program's name.
    pub fn new(arguments: Vec<OsString>, context: Context) -> (Self, Signals) {
        let (sender, signals) = mpsc::unbounded_channel();
        (Self { arguments, context, signals }, Signals { sender })
    }

    /// Does what the arguments ask for.
    pub async fn run(self) -> Output {
        let Self { arguments, context, signals } = self;
        let program = std::iter::once(OsString::from("codex"));
        let json = arguments.iter().take_while(|word| *word != "--").any(|word| word == "--json");
        let parsed = match Arguments::parse(program.chain(arguments)) {
            Ok(parsed) => parsed,
            Err(error) => return usage(error, json, &context),
        };
        // A signal that nothing waits for ends the process as it does any other.
        let signals = match parsed.command {
            None | Some(Subcommand::Exec(_) | Subcommand::Audit { .. }) => signals,
            _ => {
                drop(signals);
                mpsc::unbounded_channel().1
            }
        };
        match parsed.command {
            None if parsed.run.command.is_empty() => help(&context),
            None => exec::run(parsed.run, parsed.global, &context, signals).await,
            Some(Subcommand::Exec(run)) => exec::run(run, parsed.global, &context, signals).await,
            Some(Subcommand::Profile { action }) => profiles::run(action),
            Some(Subcommand::Policy { action }) => policies::run(action),
            Some(Subcommand::Audit { action }) => audits::run(action, parsed.global.color, &context, signals).await,
            Some(Subcommand::Doctor { json }) => {
                doctor::run(json, &context.options(Requirement::default(), DenialReports::default())).await
            }
            Some(Subcommand::Completions { shell }) => completions(shell),
        }
    }
}

impl Context {
    fn options(&self, requirement: Requirement, denials: DenialReports) -> SandboxOptions {
        SandboxOptions { launcher: self.launcher.clone(), requirement, denials, runtime: self.runtime.clone() }
    }

    /// Whether text for people on standard error may have colours.
    fn colored(&self, choice: ColorChoice) -> bool {
        self.colored_for(self.terminal, choice)
    }

    /// Whether text for people may have colours where it goes to a terminal or not.
    fn colored_for(&self, terminal: bool, choice: ColorChoice) -> bool {
        let forbidden = self.environment.iter().any(|(name, value)| name == "NO_COLOR" && !value.is_empty());
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !forbidden,
        }
    }
}

/// Help and version are asked for and go to standard output; the rest is an error.
fn usage(mut error: clap::Error, json: bool, context: &Context) -> Output {
    hints::add(&mut error);
    let rendered = error.render();
    let text = if context.colored(ColorChoice::Auto) { rendered.ansi().to_string() } else { rendered.to_string() };
    if error.use_stderr() {
        let plain = rendered.to_string();
        let first = plain.lines().next().unwrap_or_default();
        let message = first.strip_prefix("error: ").unwrap_or(first);
        let stdout = if json { text::failure(message, "Usage", ExitCode::USAGE) } else { String::new() };
        Output { exit_code: ExitCode::USAGE, stdout, stderr: text }
    } else {
        Output { stdout: text, ..Output::default() }
    }
}

fn help(context: &Context) -> Output {
    let rendered = command().render_help();
    let text = if context.colored(ColorChoice::Auto) { rendered.ansi().to_string() } else { rendered.to_string() };
    Output { exit_code: ExitCode::USAGE, stderr: text, ..Output::default() }
}

fn completions(shell: clap_complete::Shell) -> Output {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "codex", &mut script);
    Output { stdout: String::from_utf8_lossy(&script).into_owned(), ..Output::default() }
}
