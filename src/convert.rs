//! Commands from JavaScript and reports to it.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use codex_core::{
    exec::{Captured, Command, Denial, Descriptor, Environment, Input, Output},
    policy::{Limit, Limits},
};
use codex_execpolicy::Verdict;
use codex_supervisor::Report;
use napi::bindgen_prelude::{Array, Buffer, Either, FnArgs, FromNapiValue};
use serde::Serialize;

use crate::error::ErrorFacts;

/// How a command ended, or why it was not run, as arguments of a JavaScript function: an object would have to be made key
/// by key. After the token: the JSON facts of an error, and then nothing else is meaningful; the exit code; the number of the
/// signal; the host's process id of the run's first process; standard output and standard error as they were captured, and
/// whether either is incomplete; milliseconds; whether the timeout ended it; the limit that it met; the number of the
/// enforcement report, see `enforcement`; [`More`] as JSON, where there is more; just the number of the record where that is all.
pub type ReportArgs = FnArgs<(
    u32,
    Option<String>,
    Option<i64>,
    Option<i32>,
    i32,
    Text,
    Text,
    bool,
    f64,
    bool,
    Option<&'static str>,
    u32,
    Option<String>,
)>;

/// What was captured.
pub type Text = Either<String, Buffer>;

/// What few reports have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct More<'a> {
    hints: &'a [String],
    denials: &'a [Denial],
    verdict: Option<&'a Verdict>,
    audit_id: Option<&'a str>,
}

/// What becomes of a stream, as numbers that are no descriptors. Any other is a stream that leads nowhere.
pub struct StreamKind;

impl StreamKind {
    /// Bytes that come with the command, or go into its report.
    pub const CAPTURED: i32 = -1;
    /// A stream of JavaScript's.
    pub const PIPE: i32 = -2;
    /// The terminal of the run.
    pub const TERMINAL: i32 = -3;
}

/// A command from JavaScript.
pub struct NativeCommand {
    /// The command.
    pub command: Command,
    /// Whether captured output becomes strings.
    pub strings: bool,
}

impl NativeCommand {
    /// A command as the JavaScript face passes it, as a list: to look up its parts by name would take longer. Lists in it are
    /// joined by NUL, which none of their items may hold. In turn: the program; what it is told as its own name, if that is
    /// another; the arguments, each followed by a NUL; the environment to filter, `NAME=value` each followed by a NUL (absent:
    /// the host's); variables set for this command, likewise; the working directory; the bytes of standard input; the three
    /// standard streams, each one of [`StreamKind`] or a descriptor of this process; the bytes kept of each captured stream;
    /// milliseconds until the timeout (absent or 0: none); the number of the signal at the timeout; milliseconds until it is
    /// ended by force; whether captured output becomes strings; limits of this command, as JSON.
    ///
    /// # Errors
    /// As JSON facts: for a descriptor that is not open, and for limits that are none.
    pub fn new(list: &Array<'_>) -> napi::Result<Self> {
        let mut parts = Parts { list, next: 0 };
        let given = Given {
            program: parts.next()?,
            name: parts.next()?,
            args: parts.next()?,
            env: parts.next()?,
            set: parts.next()?,
            cwd: parts.next()?,
            input: parts.next()?,
            stdin: parts.next()?,
            stdout: parts.next()?,
            stderr: parts.next()?,
            max_buffer: parts.next()?,
            timeout: parts.next()?,
            kill_signal: parts.next()?,
            force_kill_after_delay: parts.next()?,
            strings: parts.next()?,
            limits: parts.next()?,
        };
        let strings = given.strings;
        given.into_command().map(|command| Self { command, strings }).map_err(|error| error.throw())
    }
}

/// The parts of a list, one after the other.
struct Parts<'a> {
    list: &'a Array<'a>,
    next: u32,
}

impl Parts<'_> {
    fn next<T: FromNapiValue>(&mut self) -> napi::Result<T> {
        let part = self.list.get(self.next)?;
        self.next += 1;
        part.ok_or_else(|| napi::Error::from_reason("a part of the command is missing"))
    }
}

struct Given {
    program: String,
    name: Option<String>,
    args: String,
    env: Option<String>,
    set: Option<String>,
    cwd: Option<String>,
    input: Option<Buffer>,
    stdin: i32,
    stdout: i32,
    stderr: i32,
    max_buffer: f64,
    timeout: Option<f64>,
    kill_signal: i32,
    force_kill_after_delay: f64,
    strings: bool,
    limits: Option<String>,
}

impl Given {
    fn into_command(self) -> Result<Command, ErrorFacts> {
        let mut command = Command::new(self.program);
        command.name = self.name.map(OsString::from);
        command.arguments = joined(&self.args).map(OsString::from).collect();
        command.environment = self.env.map_or(Environment::Host, |env| Environment::Given(variables(&env)));
        command.set_environment = self.set.as_deref().map(variables).unwrap_or_default();
        command.working_directory = self.cwd.map(PathBuf::from);
        command.stdin = match self.input {
            Some(bytes) => Input::Bytes(bytes.into()),
            None => input(self.stdin)?,
        };
        command.stdout = output(self.stdout)?;
        command.stderr = output(self.stderr)?;
        // The JavaScript face has checked the range; the conversion saturates.
        command.max_buffer = self.max_buffer as usize;
        command.timeout = self.timeout.and_then(milliseconds);
        command.kill_signal = self.kill_signal;
        command.force_kill_after = milliseconds(self.force_kill_after_delay).unwrap_or(Duration::MAX);
        if let Some(limits) = self.limits {
            command.limits = Limits::from_json(&limits).map_err(|error| ErrorFacts::from(&error))?;
        }
        Ok(command)
    }
}

/// The report of a command that was not run.
pub fn not_run(token: u32, error: String) -> ReportArgs {
    let nothing = || Either::A(String::new());
    FnArgs::from((token, Some(error), None, None, 0, nothing(), nothing(), false, 0.0, false, None, 0, None))
}

/// The report of a command that ended; with `strings` captured output becomes strings.
pub fn ended(token: u32, report: Report, strings: bool, enforcement: u32) -> ReportArgs {
    let more = more(&report);
    let outcome = report.outcome;
    let truncated = outcome.stdout.truncated || outcome.stderr.truncated;
    FnArgs::from((
        token,
        None,
        outcome.end.exit_code(),
        outcome.end.signal(),
        outcome.pid,
        captured(outcome.stdout, strings),
        captured(outcome.stderr, strings),
        truncated,
        outcome.duration.as_secs_f64() * 1000.0,
        outcome.timed_out,
        outcome.limit.map(limit_name),
        enforcement,
        more,
    ))
}

/// What few reports have, as JSON; just the record's id where that is all.
fn more(Report { outcome, verdict, audit_id, hints }: &Report) -> Option<String> {
    if hints.is_empty() && outcome.denials.is_empty() && verdict.is_none() {
        return audit_id.clone();
    }
    let more = More { hints, denials: &outcome.denials, verdict: verdict.as_ref(), audit_id: audit_id.as_deref() };
    serde_json::to_string(&more).ok()
}

/// The key of a limit among the others.
fn limit_name(limit: Limit) -> &'static str {
    let key = limit.key();
    key.strip_prefix("limits.").unwrap_or(key)
}

fn captured(captured: Captured, strings: bool) -> Text {
    if strings {
        Either::A(match String::from_utf8(captured.bytes) {
            Ok(text) => text,
            Err(error) => Captured { bytes: error.into_bytes(), ..captured }.text().into_owned(),
        })
    } else {
        Either::B(captured.bytes.into())
    }
}

fn input(kind: i32) -> Result<Input, ErrorFacts> {
    match kind {
        0.. => Ok(Input::Descriptor(inherited(kind)?)),
        _ => Ok(Input::Null),
    }
}

fn output(kind: i32) -> Result<Output, ErrorFacts> {
    match kind {
        StreamKind::CAPTURED => Ok(Output::Capture),
        0.. => Ok(Output::Descriptor(inherited(kind)?)),
        _ => Ok(Output::Null),
    }
}

#[cfg(unix)]
fn inherited(number: i32) -> Result<Descriptor, ErrorFacts> {
    codex_core::sandbox::inherit_standard(number).map_err(|error| ErrorFacts::from(&error))
}

/// The numbers of Node's files are its C runtime's: but for the standard streams, nobody else can tell what they are.
#[cfg(windows)]
fn inherited(number: i32) -> Result<Descriptor, ErrorFacts> {
    use std::{io, os::windows::io::AsHandle};
    let copy = match number {
        0 => io::stdin().as_handle().try_clone_to_owned(),
        1 => io::stdout().as_handle().try_clone_to_owned(),
        2 => io::stderr().as_handle().try_clone_to_owned(),
        _ => Err(io::ErrorKind::Unsupported.into()),
    };
    copy.map_err(|source| ErrorFacts::from(&codex_core::exec::ExecError::Host { what: "pass a descriptor on", source }))
}

fn joined(list: &str) -> impl Iterator<Item = &str> {
    list.split_terminator('\0')
}

fn variables(list: &str) -> Vec<(OsString, OsString)> {
    joined(list).filter_map(|entry| entry.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
}

fn milliseconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number / 1000.0).ok().filter(|duration| !duration.is_zero())
}
