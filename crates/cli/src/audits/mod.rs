//! `codex audit`.
//!
//! People at a terminal get lines and tables, programs get JSON: what is printed for programs never changes with
//! colours or widths. Logs may be larger than memory, so records are written out as they are read.

mod lines;

use std::{
    error::Error,
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use codex_audit::{
    ExportError, Format, KeyError, PublicKey, Query, ReadOptions, Records, Verdict, VerifyOptions, key_beside,
    parse_since,
};
use tokio::sync::mpsc;

use crate::{
    Context, ExitCode, Output,
    arguments::{AuditAction, AuditLogArgument, ColorChoice, Selection},
    sink, text,
};

/// How long a follower waits before it looks again.
const FOLLOW_PAUSE: Duration = Duration::from_millis(200);

/// Reads a log; changes nothing.
pub async fn run(
    action: AuditAction,
    color: ColorChoice,
    context: &Context,
    mut signals: mpsc::UnboundedReceiver<i32>,
) -> Output {
    let people = std::io::stdout().is_terminal();
    let view = View { people, colored: context.colored_for(people, color), default_log: default_log(context) };
    // Reading a log takes as long as it is large; a signal ends it all the same.
    let mut answer = tokio::task::spawn_blocking(move || answer(action, &view));
    let answer = tokio::select! {
        answer = &mut answer => answer.unwrap_or_else(|error| Err(error.into())),
        signal = ending(&mut signals) => Ok(Output { exit_code: ExitCode::SIGNAL + signal, ..Output::default() }),
    };
    answer.unwrap_or_else(|error| match written(&*error) {
        Some(error) if sink::is_closed(error) => Output::default(),
        _ => Output {
            exit_code: ExitCode::REFUSED,
            stderr: text::error(&text::with_causes(&*error), false),
            ..Output::default()
        },
    })
}

/// Waits for a signal that asks for an end: others are about the terminal, or for a command.
async fn ending(signals: &mut mpsc::UnboundedReceiver<i32>) -> i32 {
    while let Some(signal) = signals.recv().await {
        match signal {
            SIGHUP | SIGINT | SIGQUIT | SIGTERM => return signal,
            #[cfg(unix)]
            SIGTSTP => crate::suspension::begin(),
            _ => {}
        }
    }
    std::future::pending().await
}

// The same on every system.
const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGQUIT: i32 = 3;
const SIGTERM: i32 = 15;
#[cfg(unix)]
const SIGTSTP: i32 = rustix::process::Signal::TSTP.as_raw();

/// The error of the system, if it was the output that failed.
fn written<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    match error.downcast_ref::<ExportError>() {
        Some(ExportError::Write(error)) => Some(error),
        _ => error.downcast_ref(),
    }
}

/// The log where none is named: `codex/audit.jsonl` in the user's state directory.
pub fn default_log(context: &Context) -> Option<PathBuf> {
    let variable = |wanted: &str| {
        let found = context.environment.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    let state = variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("codex").join("audit.jsonl"))
}

/// For whom the answer is, and where the log is if nobody says.
struct View {
    people: bool,
    colored: bool,
    default_log: Option<PathBuf>,
}

impl View {
    fn people(&self, json: bool) -> bool {
        self.people && !json
    }

    fn log(&self, given: AuditLogArgument) -> Result<PathBuf, NoLog> {
        given.audit_log.or_else(|| self.default_log.clone()).ok_or(NoLog)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no log is named and HOME is not set; name one with --audit-log")]
struct NoLog;

#[derive(Debug, thiserror::Error)]
#[error("{given:?} is no moment; give an RFC 3339 time, a date, or a span before now such as 15m or 7d")]
struct NoMoment {
    given: String,
}

#[derive(Debug, thiserror::Error)]
enum CheckpointRefusal {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("no signing key lies beside {}; a checkpoint is made by whoever has the log's key", log.display())]
    NoKey { log: PathBuf },
}

type Answer = Result<Output, Box<dyn Error + Send + Sync>>;

fn answer(action: AuditAction, view: &View) -> Answer {
    match action {
        AuditAction::Tail { count, follow, selection, json, log } => {
            tail(&view.log(log)?, count, follow, &selection, view, json)
        }
        AuditAction::Query { expression, selection, json, log } => {
            query(&view.log(log)?, &expression, &selection, view, json)
        }
        AuditAction::Stats { selection, json, log } => {
            let stats = codex_audit::stats(&view.log(log)?, options(&selection, None)?)?;
            Ok(told(if view.people(json) { lines::stats(&stats, view.colored) } else { text::json(&stats) }))
        }
        AuditAction::Sessions { selection, json, log } => {
            let sessions = codex_audit::sessions(&view.log(log)?, options(&selection, None)?)?;
            Ok(told(if view.people(json) { lines::sessions(&sessions) } else { text::json(&sessions) }))
        }
        AuditAction::Verify { checkpoint, public_key, json, log } => {
            verify(&view.log(log)?, checkpoint.as_deref(), public_key.as_deref(), view.people(json))
        }
        AuditAction::Checkpoint { log } => {
            let log = view.log(log)?;
            let key = key_beside(&log).map_err(CheckpointRefusal::from)?;
            let key = key.ok_or_else(|| CheckpointRefusal::NoKey { log: log.clone() })?;
            Ok(told(codex_audit::checkpoint(&log, &key)?))
        }
        AuditAction::Export { format, selection, log } => {
            let format: Format = format.parse()?;
            let mut out = sink::stdout();
            codex_audit::export(&view.log(log)?, options(&selection, None)?, format, &mut out)?;
            out.flush()?;
            Ok(Output::default())
        }
        AuditAction::Report { selection, log } => {
            Ok(told(codex_audit::report(&view.log(log)?, options(&selection, None)?)?))
        }
    }
}

fn told(stdout: String) -> Output {
    Output { stdout, ..Output::default() }
}

fn options(selection: &Selection, filter: Option<Query>) -> Result<ReadOptions, NoMoment> {
    let since_ms = match &selection.since {
        Some(since) => Some(parse_since(since).ok_or_else(|| NoMoment { given: since.clone() })?),
        None => None,
    };
    Ok(ReadOptions { since_ms, filter })
}

fn query(log: &Path, expression: &str, selection: &Selection, view: &View, json: bool) -> Answer {
    let mut records = codex_audit::records(log, options(selection, Some(Query::parse(expression)?))?)?;
    let mut out = sink::stdout();
    print(&mut records, &mut out, view, json)?;
    out.flush()?;
    Ok(Output::default())
}

fn tail(log: &Path, count: usize, follow: bool, selection: &Selection, view: &View, json: bool) -> Answer {
    let mut records = codex_audit::records(log, options(selection, None)?)?;
    let mut last = std::collections::VecDeque::with_capacity(count.min(1024));
    while let Some(line) = records.next_line()? {
        if last.len() == count {
            last.pop_front();
        }
        if count > 0 {
            last.push_back(line.to_owned());
        }
    }
    let mut out = sink::stdout();
    for line in &last {
        put(line, &mut out, view, json)?;
    }
    out.flush()?;
    if !follow {
        return Ok(Output::default());
    }
    loop {
        std::thread::sleep(FOLLOW_PAUSE);
        print(&mut records, &mut out, view, json)?;
        out.flush()?;
    }
}

fn print(
    records: &mut Records,
    out: &mut impl Write,
    view: &View,
    json: bool,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    while let Some(line) = records.next_line()? {
        put(line, out, view, json)?;
    }
    Ok(())
}

fn put(line: &str, out: &mut impl Write, view: &View, json: bool) -> io::Result<()> {
    let shown = if view.people(json) { lines::record(line, view.colored) } else { None };
    out.write_all(shown.as_deref().unwrap_or(line).as_bytes())?;
    out.write_all(b"\n")
}

fn verify(log: &Path, checkpoint: Option<&Path>, public_key: Option<&Path>, people: bool) -> Answer {
    let checkpoint = checkpoint.map(fs::read_to_string).transpose()?;
    let public_key = public_key.map(fs::read_to_string).transpose()?;
    let public_key = public_key.as_deref().map(PublicKey::parse).transpose()?;
    let found: Verdict = codex_audit::verify(log, &VerifyOptions { checkpoint, public_key })?;
    let stdout = if people { lines::verdict(&found) } else { text::json(&found) };
    Ok(Output { exit_code: i32::from(!found.ok), stdout, stderr: String::new() })
}
