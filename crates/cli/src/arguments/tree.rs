//! The tree of commands and options, and their help.
//!
//! Built by a few functions: what a derive makes of each option is ten times as large.

use std::{ffi::OsString, time::Duration};

use clap::{
    Arg, ArgAction, ArgGroup, Command,
    builder::{
        OsStringValueParser, PathBufValueParser, PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser,
    },
    value_parser,
};
use codex_core::policy::SandboxMode;

use super::ProfileArgument;
use crate::limits;

const EXIT_CODES: &str = "Exit codes of exec: the command's own; 124 after a timeout, or when its CPU time is used up; 125 when the sandbox, the \
profile, the exec policy or the audit log refuses; 126 when the program can't be executed; 127 when it isn't found; 128+n after signal n; 2 for a \
command line that isn't understood.";

/// The whole tree.
pub fn command() -> Command {
    let about = "Run the commands of an AI agent on your own machine, without giving it the machine";
    node("codex", about)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(EXIT_CODES)
        .args_conflicts_with_subcommands(true)
        .args([
            flag("verbose", "Say on standard error what was enforced").short('v').global(true),
            chosen("color", "COLOR", "When to use colours (NO_COLOR is honoured)", &["auto", "always", "never"])
                .default_value("auto")
                .global(true),
        ])
        .args(run())
        .subcommands([
            node("exec", "Run a command in a sandbox").after_help(EXIT_CODES).args(run()),
            parent("profile", "Show the profiles and what they allow").subcommands(profile()),
            parent("policy", "Judge command lines without running them").subcommands(policy()),
            parent("audit", "Read and verify audit logs").subcommands(audit()),
            node("doctor", "Say what this machine can enforce, and how to get the rest").arg(json("Print JSON")),
            node("completions", "Print a completion script for a shell")
                .arg(word("shell", "SHELL", "The shell").value_parser(value_parser!(clap_complete::Shell))),
        ])
}

fn run() -> [Arg; 19] {
    [
        profile_name(
            "What the command may touch: offline (default), net-read-only, workspace-write, workspace-net, trusted, or a \
             file with a profile (.toml, .json)",
        )
        .conflicts_with("sandbox-mode"),
        option("sandbox-mode", "MODE", "The same in Codex's words: read-only, workspace-write, danger-full-access")
            .value_parser(value_parser!(SandboxMode)),
        path("workspace", "DIR", "The directory that the command works in [default: the current one]"),
        paths("writable", "DIR", "One more directory that the command may write"),
        paths(
            "readable",
            "PATH",
            "A file or directory that the command may read although it is a secret, or lies in one or below /tmp",
        ),
        paths("deny-read", "GLOB", "A path, or a pattern of paths, that the command may not read"),
        paths("unix-socket", "PATH", "A socket of a host service that the command may connect to"),
        paths(
            "policy",
            "FILE",
            "Judge the command by the built-in exec policy and the rules of this file before it runs",
        ),
        path("audit-log", "FILE", "Record the command in this log, a file or a folder"),
        option(
            "audit",
            "AUDIT",
            "What a record must have reached before the command runs; without --audit-log, in codex/audit.jsonl of the \
             state directory",
        )
        .value_parser(explained([
            ("standard", "The file: it survives the end of the process"),
            ("strict", "The disk; what can't be recorded doesn't run"),
            ("off", "Nothing is recorded"),
        ])),
        option("audit-max-bytes", "N", "Bytes of one file of the log before a new one is begun")
            .value_parser(value_parser!(u64).range(1..)),
        option("audit-max-files", "N", "Files of the log that are kept, at least 2")
            .value_parser(value_parser!(u64).range(2..=u64::from(u32::MAX))),
        option("timeout", "SECONDS", "Seconds after which the command is ended")
            .value_parser(seconds)
            .allow_negative_numbers(true),
        option(
            "limit",
            "KEY=V",
            "Limit what the command may use: wall-time, cpu-time (500ms, 30s, 5m, 1h), memory, file-size, tmp-size, output \
             (64M, 2G), processes, open-files",
        )
        .action(ArgAction::Append)
        .value_parser(limits::parse),
        option("env", "K[=V]", "Set a variable (K=V), or let one through as it is (K)")
            .action(ArgAction::Append)
            .value_parser(OsStringValueParser::new().try_map(variable)),
        option("enforcement", "ENFORCEMENT", "What to do on a machine that can't hold every promise")
            .value_parser(explained([
                ("required", "Refuse to run"),
                ("best-effort", "Enforce what can be enforced and say what is missing"),
            ]))
            .default_value("required"),
        option("denials", "DENIALS", "Which refusals are told; what the command may do is the same")
            .value_parser(explained([
                ("full", "Of changes of files, of programs, of connections; each such call takes some microseconds longer"),
                ("network", "Of connections"),
                ("off", "None"),
            ]))
            .default_value("full"),
        json("Capture the output and print one JSON document"),
        command_words().value_parser(ValueParser::os_string()),
    ]
}

fn profile() -> [Command; 3] {
    let name =
        || word("profile", "PROFILE", "The profile, or a file with one").value_parser(value_parser!(ProfileArgument));
    [
        node("list", "List the five profiles").arg(json("Print JSON")),
        node("show", "Show what a profile means").args([name(), json("Print JSON")]),
        node("explain", "Say whether a profile allows an access, and why, without running anything")
            .args([
                name(),
                path("write", "PATH", "Would it let a command write this path?"),
                path("read", "PATH", "Would it let a command read this path?"),
                option("connect", "HOST[:PORT]", "Would it let a command connect to this host?"),
                path("workspace", "DIR", "The workspace [default: the current directory]"),
                json("Print JSON"),
            ])
            .group(ArgGroup::new("access").args(["write", "read", "connect"]).required(true)),
    ]
}

fn policy() -> [Command; 4] {
    [
        node("check", "Judge a command: 0 for allow, 1 for forbid, 3 for prompt").args(judged()),
        node("explain", "The same, with what each part of the line led to").args(judged()),
        node("test", "Try the examples of a rules file: 0 when all come out right")
            .args([word("file", "FILE", "The rules file").value_parser(PathBufValueParser::new()), json("Print JSON")]),
        node("builtin", "Print the built-in rules"),
    ]
}

fn judged() -> [Arg; 8] {
    [
        paths("policy", "FILE", "A rules file on top of the built-in policy"),
        option("line", "LINE", "A whole command line instead of words").conflicts_with("command"),
        chosen("shell", "SHELL", "The language of the line", &["bash", "powershell", "cmd"])
            .default_value("bash")
            .requires("line"),
        profile_name("The profile that the command would run under"),
        path("workspace", "DIR", "The directory that it would run in [default: the current one]"),
        flag("quiet", "Print the decision alone").conflicts_with("json"),
        json("Print JSON"),
        command_words().required_unless_present("line"),
    ]
}

fn audit() -> [Command; 8] {
    let log =
        || path("audit-log", "FILE", "The log, a file or a folder [default: codex/audit.jsonl in the state directory]");
    let since = || option("since", "TIME", "From this time on, or this span before now, such as 15m or 7d");
    let lines = || json("Print records as JSON lines on a terminal, too");
    let document = || json("Print JSON on a terminal, too");
    [
        node("tail", "Print the last records, and with -f those that come").args([
            option("count", "N", "How many of the last")
                .short('n')
                .value_parser(value_parser!(u64))
                .default_value("10"),
            flag("follow", "Go on with what is written from now on").short('f'),
            since(),
            lines(),
            log(),
        ]),
        node("query", "Print the records that fit an expression").args([
            word("expression", "EXPRESSION", "Such as `event = exec.exit and exit_code != 0`"),
            since(),
            lines(),
            log(),
        ]),
        node("stats", "Count what is in a log, and what was refused most").args([since(), document(), log()]),
        node("sessions", "List the writers of a log").args([since(), document(), log()]),
        node("verify", "Say whether a log holds, and if not, where: 0 only when it does").args([
            path("checkpoint", "FILE", "A checkpoint that was kept elsewhere"),
            path("public-key", "FILE", "The public key of the log's checkpoints"),
            document(),
            log(),
        ]),
        node("checkpoint", "Print a signed checkpoint over the whole log, to be kept elsewhere").arg(log()),
        node("export", "Print a log in another form").args([
            option("format", "FORMAT", "ocsf, ecs, otlp or csv").required(true),
            since(),
            log(),
        ]),
        node("report", "Print a page with a timeline and what was refused most (HTML, nothing loaded from elsewhere)")
            .args([since(), log()]),
    ]
}

fn node(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about)
}

/// A command that only has others below it.
fn parent(name: &'static str, about: &'static str) -> Command {
    node(name, about).subcommand_required(true).arg_required_else_help(true)
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn path(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    option(name, value, help).value_parser(PathBufValueParser::new())
}

fn paths(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    path(name, value, help).action(ArgAction::Append)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

fn json(help: &'static str) -> Arg {
    flag("json", help)
}

fn chosen(name: &'static str, value: &'static str, help: &'static str, values: &[&'static str]) -> Arg {
    option(name, value, help).value_parser(PossibleValuesParser::new(values))
}

fn explained<const N: usize>(values: [(&'static str, &'static str); N]) -> PossibleValuesParser {
    PossibleValuesParser::new(values.map(|(value, help)| PossibleValue::new(value).help(help)))
}

fn profile_name(help: &'static str) -> Arg {
    option("profile", "P", help).value_parser(value_parser!(ProfileArgument))
}

/// A word that has to be there.
fn word(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).value_name(value).help(help).required(true)
}

/// Everything behind `--`.
fn command_words() -> Arg {
    Arg::new("command").value_name("CMD").help("The command and its arguments").last(true).num_args(1..)
}

/// A decimal number of seconds, read digit by digit: nothing else here needs floating point.
fn seconds(text: &str) -> Result<Duration, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if whole.is_empty() { Some(0) } else { whole.parse().ok() };
    let nanoseconds = format!("{fraction:0<9.9}").parse().ok();
    match (seconds, nanoseconds) {
        (Some(seconds), Some(nanoseconds)) if digits(whole) && digits(fraction) => {
            Some(Duration::new(seconds, nanoseconds)).filter(|duration| !duration.is_zero())
        }
        _ => None,
    }
    .ok_or_else(|| "give a number of seconds above 0, such as 30 or 0.5".to_owned())
}

fn variable(entry: OsString) -> Result<OsString, &'static str> {
    let named = entry.as_encoded_bytes().first().is_some_and(|first| *first != b'=');
    if named { Ok(entry) } else { Err("give K=V, or K to let a variable through") }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_are_decimal() {
        for (text, milliseconds) in [("1", 1000), ("0.5", 500), (".25", 250), ("5.", 5000), ("86400", 86_400_000)] {
            assert_eq!(seconds(text).unwrap().as_millis(), milliseconds, "{text}");
        }
        assert_eq!(seconds("0.0000000019").unwrap().as_nanos(), 1);
        for text in ["", ".", "0", "0.0", "-1", "+1", "1e3", "inf", "NaN", "1,5", "1.-5", "99999999999999999999", " 1"]
        {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
