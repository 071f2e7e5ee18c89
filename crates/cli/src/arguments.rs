//! The tree of commands and options.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, ValueEnum};
use codex_core::{
    policy::{Limit, SandboxMode},
    profile::ProfileName,
};

use crate::limits;

const EXIT_CODES: &str = "Exit codes of exec: the command's own; 124 after a timeout, or when its CPU time is used up; 125 when the sandbox, the \
profile, the exec policy or the audit log refuses; 126 when the program can't be executed; 127 when it isn't found; 128+n after signal n; 2 for a \
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
    /// Read and verify audit logs
    Audit {
        #[command(subcommand)]
        action: AuditAction,
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
    /// A file or directory that the command may read although it is a secret, or lies in one or below /tmp
    #[arg(long, value_name = "PATH")]
    pub readable: Vec<PathBuf>,
    /// A path, or a pattern of paths, that the command may not read
    #[arg(long, value_name = "GLOB")]
    pub deny_read: Vec<PathBuf>,
    /// A socket of a host service that the command may connect to
    #[arg(long, value_name = "PATH")]
    pub unix_socket: Vec<PathBuf>,
    /// Judge the command by the built-in exec policy and the rules of this file before it runs
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<PathBuf>,
    /// Record the command in this log, a file or a folder
    #[arg(long, value_name = "FILE")]
    pub audit_log: Option<PathBuf>,
    /// What a record must have reached before the command runs; without --audit-log, in codex/audit.jsonl of the state
    /// directory
    #[arg(long, value_enum)]
    pub audit: Option<AuditChoice>,
    /// Bytes of one file of the log before a new one is begun
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub audit_max_bytes: Option<u64>,
    /// Files of the log that are kept, at least 2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub audit_max_files: Option<u32>,
    /// Seconds after which the command is ended
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub timeout: Option<f64>,
    /// Limit what the command may use: wall-time, cpu-time (500ms, 30s, 5m, 1h), memory, file-size, tmp-size, output (64M,
    /// 2G), processes, open-files
    #[arg(long, value_name = "KEY=V", value_parser = limits::parse)]
    pub limit: Vec<(Limit, u64)>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditChoice {
    /// The file: it survives the end of the process
    Standard,
    /// The disk; what can't be recorded doesn't run
    Strict,
    /// Nothing is recorded
    Off,
}

#[derive(Debug, clap::Subcommand)]
pub enum AuditAction {
    /// Print the last records, and with -f those that come
    Tail {
        /// How many of the last
        #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
        count: usize,
        /// Go on with what is written from now on
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        selection: Selection,
        /// Print records as JSON lines on a terminal, too
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        log: AuditLogArgument,
    },
    /// Print the records that fit an expression
    Query {
        /// Such as `event = exec.exit and exit_code != 0`
        expression: String,
        #[command(flatten)]
        selection: Selection,
        /// Print records as JSON lines on a terminal, too
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        log: AuditLogArgument,
    },
    /// Count what is in a log, and what was refused most
    Stats {
        #[command(flatten)]
        selection: Selection,
        /// Print JSON on a terminal, too
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        log: AuditLogArgument,
    },
    /// List the writers of a log
    Sessions {
        #[command(flatten)]
        selection: Selection,
        /// Print JSON on a terminal, too
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        log: AuditLogArgument,
    },
    /// Say whether a log holds, and if not, where: 0 only when it does
    Verify {
        /// A checkpoint that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// The public key of the log's checkpoints
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
        /// Print JSON on a terminal, too
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        log: AuditLogArgument,
    },
    /// Print a signed checkpoint over the whole log, to be kept elsewhere
    Checkpoint {
        #[command(flatten)]
        log: AuditLogArgument,
    },
    /// Print a log in another form
    Export {
        /// ocsf, ecs, otlp or csv
        #[arg(long)]
        format: String,
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        log: AuditLogArgument,
    },
    /// Print a page with a timeline and what was refused most (HTML, nothing loaded from elsewhere)
    Report {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        log: AuditLogArgument,
    },
}

#[derive(Debug, Args)]
pub struct AuditLogArgument {
    /// The log, a file or a folder [default: codex/audit.jsonl in the state directory]
    #[arg(long, value_name = "FILE")]
    pub audit_log: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Selection {
    /// From this time on, or this span before now, such as 15m or 7d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
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
