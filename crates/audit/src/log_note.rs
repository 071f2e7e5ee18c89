//! What the log says about itself, in the records that it writes by itself.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::escape::to_json;
use crate::fields::{Fields, FromField, PushField};

/// What the log says about itself: in `session.*` and `log.*` records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogNote {
    /// `session.start`: the version of the program that writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `session.start`: `standard` or `strict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `session.start`: the public key that this session's checkpoints are signed with, in note form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `session.start`: the record before this one, which ties the session to what was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie: Option<Tie>,
    /// `log.checkpoint`: the signed note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// `log.rotate`: the file that was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// `log.rotate`: how many records all earlier files held together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<u64>,
    /// `log.rotate`: the roots of the perfect subtrees over those records, largest first, lower-case hex.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frontier: Vec<String>,
    /// `log.rotate`: how many of those records retention has removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<u64>,
    /// `log.rotate` in a log folder: the files that retention removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_files: Vec<String>,
    /// `log.repair` and `log.rotate`: why, such as `torn`, `lost`, `removed`, `cut`, `sync-failed`, `size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// `log.repair`: where in this file the torn bytes start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// `log.repair`: how many bytes are torn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// `log.repair`: SHA-256 of the torn bytes, lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// `log.repair`: how many events could not be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
}

/// A reference to an earlier record.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    /// The file it stands in; absent for the same file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The offset just behind its line, in bytes; 0 when the file held no record.
    pub at: u64,
    /// Its hash, lower-case hex; empty when the file held no record.
    pub hash: String,
}

impl FromField for Box<LogNote> {
    fn of(value: Value) -> Option<Self> {
        let Value::Object(fields) = value else { return None };
        let mut fields = Fields(fields);
        let note = LogNote {
            version: fields.take("version").ok()?,
            level: fields.take("level").ok()?,
            key: fields.take("key").ok()?,
            tie: fields.take("tie").ok()?,
            note: fields.take("note").ok()?,
            previous: fields.take("previous").ok()?,
            base: fields.take("base").ok()?,
            frontier: fields.take("frontier").ok()?.unwrap_or_default(),
            removed: fields.take("removed").ok()?,
            removed_files: fields.take("removed_files").ok()?.unwrap_or_default(),
            cause: fields.take("cause").ok()?,
            at: fields.take("at").ok()?,
            bytes: fields.take("bytes").ok()?,
            sha256: fields.take("sha256").ok()?,
            lost: fields.take("lost").ok()?,
        };
        fields.finish().ok()?;
        Some(Self::new(note))
    }
}

impl PushField for Box<LogNote> {
    fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        to_json(out, self)
    }
}

impl FromField for Tie {
    fn of(value: Value) -> Option<Self> {
        let Value::Object(fields) = value else { return None };
        let mut fields = Fields(fields);
        let tie =
            Self { file: fields.take("file").ok()?, at: fields.take("at").ok()??, hash: fields.take("hash").ok()?? };
        fields.finish().ok()?;
        Some(tie)
    }
}
