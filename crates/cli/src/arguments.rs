//! The tree of commands and options.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, ValueEnum};
use codex_core::{policy::SandboxMode, profile::ProfileName};

const EXIT_CODES: &str = "Exit codes of exec: the command's own; 124 after a timeout; 125 when the sandbox, the \
profile or the exec policy refuses; 126 when the program can't be executed; 127 when it isn't found; 128+n after signal n; 2 for a \
command line that isn't understood.";

/// Run the commands of an AI agent on your own machine, without giving it the machine.
#[derive(Debug, Parser)]
#[command(name = "codex", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(flatten)]
    pub run: Run,
    #[command(subcommand)]
    pub command: Option<Subcommand>,
}

#[derive(Debug, Args)]
pub struct Global {
    /// Say on standard error what was enforced
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colours (NO_COLOR is honoured)
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: ColorChoice,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Run a command in a sandbox
    #[command(after_help = EXIT_CODES)]
    Exec(Run),
    /// Show the profiles and what they allow
    Profile {
        #[command(subcommand)]
        action: ProfileAction,
    },
    /// Judge command lines without running them
    Policy {
        #[command(subcommand)]
        action: PolicyAction,
    },
    /// Say what this machine can enforce, and how to get the rest
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub struct Run {
    /// What the command may touch: offline (default), net-read-only, workspace-write, workspace-net, trusted
    #[arg(long, value_name = "P", conflicts_with = "sandbox_mode")]
    pub profile: Option<ProfileName>,
    /// The same in Codex's words: read-only, workspace-write, danger-full-access
    #[arg(long, value_name = "MODE")]
    pub sandbox_mode: Option<SandboxMode>,
    /// The directory that the command works in [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// One more directory that the command may write
    #[arg(long, value_name = "DIR")]
    pub writable: Vec<PathBuf>,
    /// A path that the command may not read
    #[arg(long, value_name = "PATH")]
    pub deny_read: Vec<PathBuf>,
    /// Judge the command by the built-in exec policy and the rules of this file before it runs
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<PathBuf>,
    /// Seconds after which the command is ended
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub timeout: Option<f64>,
    /// Set a variable (K=V), or let one through as it is (K)
    #[arg(long, value_name = "K[=V]")]
    pub env: Vec<OsString>,
    /// What to do on a machine that can't hold every promise
    #[arg(long, value_enum, default_value_t)]
    pub enforcement: EnforcementChoice,
    /// Capture the output and print one JSON document
    #[arg(long)]
    pub json: bool,
    /// The command and its arguments
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum EnforcementChoice {
    /// Refuse to run
    #[default]
    Required,
    /// Enforce what can be enforced and say what is missing
    BestEffort,
}

#[derive(Debug, clap::Subcommand)]
pub enum ProfileAction {
    /// List the five profiles
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what a profile means
    Show {
        /// The profile
        profile: ProfileName,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say whether a profile allows an access, and why, without running anything
    Explain(Explain),
}

#[derive(Debug, Args)]
pub struct Explain {
    /// The profile
    pub profile: ProfileName,
    #[command(flatten)]
    pub access: AccessArguments,
    /// The workspace [default: the current directory]
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Exactly one question.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct AccessArguments {
    /// Would it let a command write this path?
    #[arg(long, value_name = "PATH")]
    pub write: Option<PathBuf>,
    /// Would it let a command read this path?
    #[arg(long, value_name = "PATH")]
    pub read: Option<PathBuf>,
    /// Would it let a command connect to this host?
    #[arg(long, value_name = "HOST[:PORT]")]
    pub connect: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
pub enum PolicyAction {
    /// Judge a command: 0 for allow, 1 for forbid, 3 for prompt
    Check(Check),
    /// The same, with what each part of the line led to
    Explain(Check),
    /// Try the examples of a rules file: 0 when all come out right
    Test {
        /// The rules file
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the built-in rules
    Builtin,
}

#[derive(Debug, Args)]
pub struct Check {
    /// A rules file on top of the built-in policy
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<PathBuf>,
    /// A whole command line instead of words
    #[arg(long, value_name = "LINE", conflicts_with = "command")]
    pub line: Option<String>,
    /// The language of the line
    #[arg(long, value_enum, default_value_t, requires = "line")]
    pub shell: ShellChoice,
    /// The profile that the command would run under
    #[arg(long, value_name = "P")]
    pub profile: Option<ProfileName>,
    /// The directory that it would run in [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// Print the decision alone
    #[arg(long, conflicts_with = "json")]
    pub quiet: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The command and its arguments
    #[arg(last = true, value_name = "CMD", required_unless_present = "line")]
    pub command: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ShellChoice {
    #[default]
    Bash,
    Powershell,
    Cmd,
}

/// The arguments as the process got them.
///
/// Node decodes arguments and puts a replacement character where bytes are no UTF-8. The bytes themselves are found
/// in the process's own command line, whose last entries these are.
pub fn exact_arguments(decoded: Vec<String>) -> Vec<OsString> {
    #[cfg(target_os = "linux")]
    if decoded.iter().any(|argument| argument.contains(char::REPLACEMENT_CHARACTER)) {
        use std::os::unix::ffi::OsStringExt;
        let line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
        let line = line.strip_suffix(&[0]).unwrap_or(&line);
        let all: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
        let exact = all.len().checked_sub(decoded.len()).and_then(|first| all.get(first..)).unwrap_or_default();
        let same = exact.len() == decoded.len()
            && exact.iter().zip(&decoded).all(|(bytes, text)| String::from_utf8_lossy(bytes) == text.as_str());
        if same {
            return exact.iter().map(|bytes| OsString::from_vec(bytes.to_vec())).collect();
        }
    }
    decoded.into_iter().map(OsString::from).collect()
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("give a number of seconds above 0".to_owned()),
    }
}
