//! The line of a record: its layout, how it is built, and how it is read back.
//!
//! ```text
//! {"v":1,"session":"<32 hex>","seq":N,"time":"<UTC, ms>","event":"…",…,"prev":"<64 hex>","hash":"<64 hex>"}
//! ```
//!
//! `hash` is the SHA-256 of every byte of the line in front of `,"hash":`; `prev` is the hash of the session's record
//! before this one, or zeros. The first four fields and the last two stand at fixed places, so that a verifier needs
//! no JSON parser.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use schemars::{JsonSchema, schema_for};
use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::clock::TIME_LENGTH;
use crate::event::Event;
use crate::hash::{Hash, from_hex, is_hex, push_hash, sha256};

/// The version of the record format; `v` in every record.
pub const FORMAT_VERSION: u32 = 1;

/// What every record line starts with. It holds quotes, so it can't stand inside a JSON string.
pub(crate) const PREFIX: &[u8] = b"{\"v\":1,\"session\":\"";
/// A longer line is not a record.
pub(crate) const LONGEST_LINE: usize = 1 << 20;
const SESSION_LENGTH: usize = 32;
/// `,"hash":"…"}`
const HASH_TAIL: usize = 9 + 64 + 2;
/// `,"prev":"…"`
const PREV_TAIL: usize = 9 + 64 + 1;

/// A record as it is read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Identifies the writer that wrote it: 32 hex digits that sort by the time it opened the log.
    pub session: String,
    /// The number of the record in its session, from 0.
    pub seq: u64,
    /// When it was written, UTC, RFC 3339 with milliseconds.
    pub time: String,
    /// What happened.
    pub event: Event,
    /// How many places redaction hid.
    pub redacted: u32,
    /// How many strings were shortened and arguments dropped.
    pub cut: u32,
    /// The hash of the session's record before this one, lower-case hex.
    pub prev: String,
    /// The hash of this record, lower-case hex.
    pub hash: String,
}

/// The names of the fields that the log itself gives a record.
pub(crate) const ENVELOPE: [&str; 8] = ["v", "session", "seq", "time", "redacted", "cut", "prev", "hash"];

/// The fields that every record has, for the schema.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Envelope {
    /// The version of the format: 1.
    v: u32,
    /// Identifies the writer that wrote the record: 32 hex digits that sort by the time it opened the log.
    session: String,
    /// The number of the record in its session, from 0.
    seq: u64,
    /// When it was written, UTC, RFC 3339 with milliseconds.
    time: String,
    /// How many places redaction hid; absent for none.
    #[serde(default)]
    redacted: u32,
    /// How many strings were shortened and arguments dropped; absent for none.
    #[serde(default)]
    cut: u32,
    /// The hash of the session's record before this one, lower-case hex; zeros for the first.
    prev: String,
    /// SHA-256 of the line in front of `,"hash":`, lower-case hex.
    hash: String,
}

/// Why a line is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The line is not JSON, or lacks a field.
    #[error("not a record: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The format version is newer than this reader.
    #[error("format version {0} is unknown: read it with a newer release")]
    Version(u64),
}

impl Record {
    /// Reads one line, without checking its hash.
    pub fn parse(line: &[u8]) -> Result<Self, RecordError> {
        let line = std::str::from_utf8(line).map_err(serde_json::Error::custom)?;
        let mut fields: Map<String, Value> = serde_json::from_str(line)?;
        let mut envelope = Map::new();
        for name in ENVELOPE {
            if let Some(value) = fields.remove(name) {
                envelope.insert(name.to_owned(), value);
            }
        }
        if let Some(version) = envelope.get("v").and_then(Value::as_u64).filter(|v| *v != u64::from(FORMAT_VERSION)) {
            return Err(RecordError::Version(version));
        }
        let envelope: Envelope = serde_json::from_value(Value::Object(envelope))?;
        let event = Event::from_fields(fields).map_err(serde_json::Error::custom)?;
        let Envelope { session, seq, time, redacted, cut, prev, hash, .. } = envelope;
        Ok(Self { session, seq, time, event, redacted, cut, prev, hash })
    }
}

/// The JSON Schema of a record, as committed in `schemas/audit-record.schema.json`.
pub fn record_schema() -> Value {
    let mut schema = schema_for!(Event).to_value();
    let envelope = schema_for!(Envelope).to_value();
    let Some(root) = schema.as_object_mut() else {
        return schema;
    };
    root.insert("title".to_owned(), "AuditRecord".into());
    root.insert("description".to_owned(), "One line of the audit log, format version 1.".into());
    if let (Some(Value::Object(properties)), Some(Value::Object(more))) =
        (root.get_mut("properties"), envelope.get("properties"))
    {
        properties.extend(more.clone());
        properties.insert(
            "v".to_owned(),
            serde_json::json!({ "description": "The version of the format.", "const": FORMAT_VERSION }),
        );
        for (name, pattern) in [("session", "^[0-9a-f]{32}$"), ("prev", "^[0-9a-f]{64}$"), ("hash", "^[0-9a-f]{64}$")] {
            if let Some(Value::Object(field)) = properties.get_mut(name) {
                field.insert("pattern".to_owned(), pattern.into());
            }
        }
    }
    root.insert("required".to_owned(), serde_json::json!(["v", "session", "seq", "time", "event", "prev", "hash"]));
    schema
}

/// What goes into a line besides its event.
pub(crate) struct Place<'a> {
    pub(crate) session: &'a str,
    pub(crate) seq: u64,
    pub(crate) time: [u8; TIME_LENGTH],
    pub(crate) prev: &'a Hash,
}

/// Appends the line of a record, newline included, and returns its hash. `fields` is `"event":…` and what follows.
pub(crate) fn push_line(out: &mut Vec<u8>, place: &Place, fields: &[u8]) -> Hash {
    let start = out.len();
    out.reserve(PREFIX.len() + SESSION_LENGTH + 64 + fields.len() + PREV_TAIL + HASH_TAIL);
    out.extend_from_slice(PREFIX);
    out.extend_from_slice(place.session.as_bytes());
    out.extend_from_slice(b"\",\"seq\":");
    push_number(out, place.seq);
    out.extend_from_slice(b",\"time\":\"");
    out.extend_from_slice(&place.time);
    out.extend_from_slice(b"\",");
    out.extend_from_slice(fields);
    out.extend_from_slice(b",\"prev\":\"");
    push_hash(out, place.prev);
    out.push(b'"');
    let hash = sha256(&out[start..]);
    out.extend_from_slice(b",\"hash\":\"");
    push_hash(out, &hash);
    out.extend_from_slice(b"\"}\n");
    hash
}

/// A record line taken apart at its fixed places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawLine<'a> {
    /// The line without its newline.
    pub(crate) line: &'a [u8],
    pub(crate) session: &'a str,
    pub(crate) seq: u64,
    pub(crate) time: &'a str,
    pub(crate) event: &'a str,
    pub(crate) prev: Hash,
    pub(crate) hash: Hash,
}

impl<'a> RawLine<'a> {
    /// Takes a line apart; the reason is for people.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, &'static str> {
        let Shape { session, seq, time, event, prev, hash } = Shape::of(line)?;
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| "not UTF-8");
        Ok(Self {
            line,
            session: text(session)?,
            seq,
            time: text(time)?,
            event: text(event)?,
            prev: from_hex(prev).ok_or("no previous hash")?,
            hash: from_hex(hash).ok_or("no hash at the end")?,
        })
    }

    /// The hash that the line ought to have.
    pub(crate) fn computed(&self) -> Hash {
        sha256(&self.line[..self.line.len() - HASH_TAIL])
    }
}

/// The parts of a line at their fixed places, not yet read.
pub(crate) struct Shape<'a> {
    session: &'a [u8],
    seq: u64,
    pub(crate) time: &'a [u8],
    event: &'a [u8],
    prev: &'a [u8],
    hash: &'a [u8],
}

impl<'a> Shape<'a> {
    fn of(line: &'a [u8]) -> Result<Self, &'static str> {
        let Head { session, seq, rest } = head(line).ok_or("not a record of format version 1")?;
        let (time, rest) = rest
            .strip_prefix(b",\"time\":\"")
            .and_then(|r| r.split_at_checked(TIME_LENGTH))
            .ok_or("no time behind the sequence number")?;
        let name = rest.strip_prefix(b"\",\"event\":\"").ok_or("no event behind the time")?;
        let name_end = memchr::memchr(b'"', name).ok_or("no end of the event name")?;
        let hash_at = line.len().checked_sub(HASH_TAIL).ok_or("no hash at the end")?;
        let hash = line[hash_at..]
            .strip_prefix(b",\"hash\":\"")
            .and_then(|r| r.strip_suffix(b"\"}"))
            .ok_or("no hash at the end")?;
        let prev_at = hash_at.checked_sub(PREV_TAIL).ok_or("no previous hash")?;
        let prev = line[prev_at..hash_at]
            .strip_prefix(b",\"prev\":\"")
            .and_then(|r| r.strip_suffix(b"\""))
            .ok_or("no previous hash")?;
        Ok(Self { session, seq, time, event: &name[..name_end], prev, hash })
    }

    /// The shape of a line that [`RawLine::parse`] takes, too, when it is UTF-8.
    pub(crate) fn of_record(line: &'a [u8]) -> Option<Self> {
        Self::of(line).ok().filter(|shape| is_hex(shape.prev) && is_hex(shape.hash))
    }
}

/// The first fields of a line, which even a torn line may have.
pub(crate) struct Head<'a> {
    pub(crate) session: &'a [u8],
    pub(crate) seq: u64,
    rest: &'a [u8],
}

/// Reads session and sequence number; nothing when the line is cut before their end.
pub(crate) fn head(line: &[u8]) -> Option<Head<'_>> {
    let (session, rest) = line.strip_prefix(PREFIX)?.split_at_checked(SESSION_LENGTH)?;
    if !session.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)) {
        return None;
    }
    let rest = rest.strip_prefix(b"\",\"seq\":")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 19 || (rest[0] == b'0' && digits > 1) || digits == rest.len() {
        return None;
    }
    let seq = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    Some(Head { session, seq, rest: &rest[digits..] })
}

/// Splits off what a torn write left in front of a record on the same line. The fragment is usually empty.
pub(crate) fn split_torn(line: &[u8]) -> (&[u8], &[u8]) {
    if line.len() <= PREFIX.len() {
        return (&[], line);
    }
    // Almost always the line holds one record, and looking for a second start is a fast memory search.
    static START: LazyLock<Finder> = LazyLock::new(|| Finder::new(PREFIX));
    match START.find_iter(&line[1..]).last() {
        Some(at) => line.split_at(at + 1),
        None => (&[], line),
    }
}

/// The fields of an event as they stand in a line, `"event":…` first.
pub(crate) fn fields_of(event: &Event, redacted: u32, cut: u32) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(1024);
    event.push_fields(&mut json)?;
    for (name, count) in [(",\"redacted\":", redacted), (",\"cut\":", cut)] {
        if count > 0 {
            json.extend_from_slice(name.as_bytes());
            push_number(&mut json, count.into());
        }
    }
    Ok(json)
}

/// Appends a number in decimal.
fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
