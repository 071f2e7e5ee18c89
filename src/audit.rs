//! The audit log class. Records cross as JSON, which is what they are in the log.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use codex_audit::{
    AuditLog, Decision, Event, Format, Identity, KeySource, Options, PublicKey, Query, ReadOptions, Records,
    VerifyOptions, parse_since,
};
use napi::bindgen_prelude::{AsyncTask, Task};

use crate::error::ErrorFacts;

/// How to open a log; what is absent has the default of the log.
#[napi_derive::napi(object, object_to_js = false)]
pub struct NativeAuditOptions {
    /// `standard` or `strict`.
    pub level: Option<String>,
    /// Bytes of one file.
    pub max_bytes: Option<f64>,
    /// Files that are kept.
    pub max_files: Option<u32>,
    /// The file of the signing key.
    pub key: Option<String>,
    /// The names to hide: user, home directory, host. Absent: this machine's.
    pub identity: Option<Vec<Option<String>>>,
}

/// An open log.
#[napi_derive::napi]
pub struct NativeAuditLog {
    log: AuditLog,
}

#[napi_derive::napi]
impl NativeAuditLog {
    /// Opens a log, or makes it.
    #[napi(constructor, catch_unwind)]
    pub fn new(path: String, given: NativeAuditOptions) -> napi::Result<Self> {
        let mut options = Options::default();
        if let Some(level) = given.level {
            options.level = level.parse().map_err(|error| throw(&error))?;
        }
        if let Some(bytes) = given.max_bytes {
            // The JavaScript face has checked the range.
            options.max_bytes = bytes as u64;
        }
        if let Some(files) = given.max_files {
            options.max_files = files as usize;
        }
        if let Some(key) = given.key {
            options.key = KeySource::File(PathBuf::from(key));
        }
        if let Some(identity) = given.identity {
            let mut names = identity.into_iter().map(|name| name.into_iter().collect());
            let mut next = || names.next().unwrap_or_default();
            options.identity = Identity { users: next(), homes: next(), hosts: next() };
        }
        AuditLog::open(Path::new(&path), options).map(|log| Self { log }).map_err(|error| throw(&error))
    }

    /// Appends an event; returns its id, and a warning about the log.
    #[napi(catch_unwind)]
    pub fn append(&self, event: String) -> napi::Result<Vec<Option<String>>> {
        let event: Event = serde_json::from_str(&event).map_err(|error| throw(&error))?;
        let ack = self.log.append(event).map_err(|error| throw(&error))?;
        Ok(vec![Some(ack.id()), ack.warning])
    }

    /// Appends that a host was, or was not, connected to; `host` may be `name:port`.
    #[napi(catch_unwind)]
    pub fn append_network(&self, host: String, decision: String) -> napi::Result<Vec<Option<String>>> {
        let decision = Decision::named(&decision).ok_or_else(|| throw(&UnknownDecision { decision }))?;
        let ack = self.log.log_network_access(&host, decision).map_err(|error| throw(&error))?;
        Ok(vec![Some(ack.id()), ack.warning])
    }

    /// A signed checkpoint over the whole log.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn checkpoint(&self) -> AsyncTask<Work> {
        let log = self.log.clone();
        Work::new(move || log.checkpoint().map_err(|error| throw(&error)))
    }

    /// Whether the log holds; the finding as JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn verify(&self, checkpoint: Option<String>, public_key: Option<String>) -> AsyncTask<Work> {
        let log = self.log.clone();
        Work::new(move || {
            let public_key = public_key.as_deref().map(PublicKey::parse).transpose().map_err(|error| throw(&error))?;
            let found = codex_audit::verify(log.path(), &VerifyOptions { checkpoint, public_key });
            json(&found.map_err(|error| throw(&error))?)
        })
    }

    /// Numbers about the log, as JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn stats(&self) -> AsyncTask<Work> {
        let log = self.log.clone();
        Work::new(move || json(&codex_audit::stats(log.path(), ReadOptions::default()).map_err(|error| throw(&error))?))
    }

    /// The whole log in another form.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn export(&self, format: String) -> AsyncTask<Work> {
        let log = self.log.clone();
        Work::new(move || {
            let format: Format = format.parse().map_err(|error| throw(&error))?;
            let mut text = Vec::new();
            codex_audit::export(log.path(), ReadOptions::default(), format, &mut text)
                .map_err(|error| throw(&error))?;
            Ok(String::from_utf8_lossy(&text).into_owned())
        })
    }

    /// The records from a moment on that fit a query.
    #[napi(catch_unwind)]
    pub fn records(&self, since: Option<String>, filter: Option<String>) -> napi::Result<NativeRecords> {
        let since_ms = match since {
            Some(since) => Some(parse_since(&since).ok_or_else(|| throw(&UnknownMoment { since }))?),
            None => None,
        };
        let filter = filter.as_deref().map(Query::parse).transpose().map_err(|error| throw(&error))?;
        let records = codex_audit::records(self.log.path(), ReadOptions { since_ms, filter });
        Ok(NativeRecords { records: Mutex::new(records.map_err(|error| throw(&error))?) })
    }

    /// The public key of the checkpoints.
    #[napi(getter, catch_unwind)]
    pub fn public_key(&self) -> Option<String> {
        self.log.public_key().map(ToString::to_string)
    }

    /// Ends the session in the log.
    #[napi(catch_unwind)]
    pub fn close(&self) -> napi::Result<()> {
        self.log.close().map_err(|error| throw(&error))
    }

    /// The log itself.
    pub(crate) fn get(&self) -> &AuditLog {
        &self.log
    }
}

/// A place in a log.
#[napi_derive::napi]
pub struct NativeRecords {
    records: Mutex<Records>,
}

#[napi_derive::napi]
impl NativeRecords {
    /// The next lines, at most `limit`; none at the end, which may be only the end so far.
    #[napi(catch_unwind)]
    pub fn next(&self, limit: u32) -> napi::Result<Vec<String>> {
        let mut records = self.records.lock().map_err(|_| napi::Error::from_reason("the reader is broken"))?;
        let mut lines = Vec::new();
        while lines.len() < limit as usize {
            match records.next_line().map_err(|error| throw(&error))? {
                Some(line) => lines.push(line.to_owned()),
                None => break,
            }
        }
        Ok(lines)
    }
}

/// Reading a whole log, away from the JavaScript thread.
pub struct Work {
    work: Option<Box<dyn FnOnce() -> napi::Result<String> + Send>>,
}

impl Work {
    fn new(work: impl FnOnce() -> napi::Result<String> + Send + 'static) -> AsyncTask<Self> {
        AsyncTask::new(Self { work: Some(Box::new(work)) })
    }
}

impl Task for Work {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        match self.work.take() {
            Some(work) => work(),
            None => Ok(String::new()),
        }
    }

    fn resolve(&mut self, _: napi::Env, output: String) -> napi::Result<String> {
        Ok(output)
    }
}

#[derive(Debug)]
struct UnknownMoment {
    since: String,
}

impl std::fmt::Display for UnknownMoment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} is no moment; give an RFC 3339 time, a date, or a span before now such as 15m or 7d",
            self.since
        )
    }
}

impl std::error::Error for UnknownMoment {}

/// A word that is no decision.
#[derive(Debug)]
struct UnknownDecision {
    decision: String,
}

impl std::fmt::Display for UnknownDecision {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} is no decision; use allow, prompt, forbid or deny", self.decision)
    }
}

impl std::error::Error for UnknownDecision {}

fn json(value: &impl serde::Serialize) -> napi::Result<String> {
    serde_json::to_string(value).map_err(|error| throw(&error))
}

fn throw(error: &dyn std::error::Error) -> napi::Error {
    ErrorFacts::audit(error).throw()
}
