//! Export in the forms that other tools read.

mod ecs;
mod ocsf;
mod otlp;
mod table;

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::event::{Decision, EventKind};
use crate::read::{ReadError, ReadOptions, records};
use crate::record::Record;

pub use ocsf::OCSF_VERSION;

/// A form of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// OCSF events, one JSON object per line: process, file system and network activity.
    Ocsf,
    /// Elastic Common Schema documents, one JSON object per line.
    Ecs,
    /// OpenTelemetry logs (`LogsData` as JSON), one document of up to 1,000 log records per line.
    Otlp,
    /// A table with a header line.
    Csv,
}

impl FromStr for Format {
    type Err = ExportError;

    fn from_str(text: &str) -> Result<Self, ExportError> {
        match text {
            "ocsf" => Ok(Self::Ocsf),
            "ecs" => Ok(Self::Ecs),
            "otlp" => Ok(Self::Otlp),
            "csv" => Ok(Self::Csv),
            _ => Err(ExportError::Format(text.to_owned())),
        }
    }
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// No such form.
    #[error("no export format is called {0:?}: use ocsf, ecs, otlp or csv")]
    Format(String),
    /// The log can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output can't be written.
    #[error("the export can't be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes the records that `options` selects to `out`; returns how many.
pub fn export(path: &Path, options: ReadOptions, format: Format, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut count = 0;
    let mut records = records(path, options)?;
    match format {
        Format::Csv => count = table::write(&mut records, out)?,
        Format::Otlp => {
            let mut batch = Vec::new();
            loop {
                let record = records.next().transpose()?;
                let last = record.is_none();
                batch.extend(record.as_ref().map(otlp::log_record));
                if !batch.is_empty() && (last || batch.len() == 1000) {
                    count += batch.len() as u64;
                    write_json(out, &otlp::document(std::mem::take(&mut batch)))?;
                }
                if last {
                    break;
                }
            }
        }
        Format::Ocsf | Format::Ecs => {
            for record in records {
                let record = record?;
                write_json(out, &if format == Format::Ocsf { ocsf::event(&record) } else { ecs::document(&record) })?;
                count += 1;
            }
        }
    }
    out.flush()?;
    Ok(count)
}

fn write_json(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    let mut line = Vec::new();
    crate::escape::to_json(&mut line, value)?;
    line.push(b'\n');
    out.write_all(&line)
}

/// Whether the operation was refused.
fn is_refused(record: &Record) -> bool {
    record.event.event == EventKind::Denial || matches!(record.event.decision, Some(Decision::Deny | Decision::Forbid))
}

/// The name and the address of the other end of a connection. A denial may name an address as its host.
fn endpoint(record: &Record) -> (Option<&str>, Option<IpAddr>) {
    let event = &record.event;
    let parse = |text: &String| text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    let by_host = event.host.as_ref().and_then(parse);
    let name = event.host.as_deref().filter(|_| by_host.is_none());
    (name, event.address.as_ref().and_then(parse).or(by_host))
}

fn millis(record: &Record) -> i64 {
    crate::clock::parse_ms(&record.time).unwrap_or(0)
}

/// An object in the making, of those members that are there.
#[derive(Default)]
struct Object(Map<String, Value>);

// Plain calls rather than a literal: a literal is code for each member, with a way out of each.
impl Object {
    fn text<'a>(&mut self, name: &str, text: impl Into<Option<&'a str>>) -> &mut Self {
        self.maybe_text(name, text.into())
    }

    #[inline(never)]
    fn maybe_text(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        self.put(name, text.map_or(Value::Null, Value::from))
    }

    fn number(&mut self, name: &str, number: impl Into<Option<i64>>) -> &mut Self {
        self.maybe_number(name, number.into())
    }

    #[inline(never)]
    fn maybe_number(&mut self, name: &str, number: Option<i64>) -> &mut Self {
        self.put(name, number.into())
    }

    #[inline(never)]
    fn object(&mut self, name: &str, object: Self) -> &mut Self {
        if object.0.is_empty() { self } else { self.put(name, Value::Object(object.0)) }
    }

    fn texts<'a>(&mut self, name: &str, texts: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.put(name, Value::Array(texts.into_iter().map(Value::from).collect()))
    }

    #[inline(never)]
    fn put(&mut self, name: &str, value: Value) -> &mut Self {
        if !value.is_null() {
            self.0.insert(name.to_owned(), value);
        }
        self
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}

/// What names the record in the log.
fn record_id(record: &Record) -> String {
    format!("{}:{}", record.session, record.seq)
}

/// The number of a record. No log holds as many as would not fit.
fn sequence(record: &Record) -> i64 {
    i64::try_from(record.seq).unwrap_or(i64::MAX)
}
