//! The audit log: what happened, private and provable.
//!
//! One record is one line of JSON. Names and secrets are taken out before a record is hashed; each writer chains its
//! records with SHA-256 and signs checkpoints with Ed25519; [`verify`] names the first record that does not hold.
//! This crate knows no sandbox and no Node: others hand it [`Event`]s.

mod clock;
mod escape;
mod event;
mod export;
mod fields;
mod guard;
mod hash;
mod keyfile;
mod limit;
mod lines;
mod log_note;
mod note;
mod number;
mod query;
mod read;
mod record;
mod redact;
mod report;
mod stats;
mod store;
mod tree;
mod verify;
mod writer;

pub use escape::{display_safe, text_from_bytes};
pub use event::{Decision, Event, EventKind};
pub use export::{ExportError, Format, OCSF_VERSION, export};
pub use guard::{folder_of, is_inside};
pub use hash::sha256_of;
pub use keyfile::{KeyError, key_beside};
pub use log_note::{LogNote, Tie};
pub use note::{Checkpoint, Key, NoteError, PublicKey, SignedCheckpoint};
pub use query::{Query, QueryError};
pub use read::{ReadError, ReadOptions, Records, parse_since, records};
pub use record::{FORMAT_VERSION, Record, RecordError, record_schema};
pub use redact::{Identity, Redacted, Redactor, RedactorError, sanitize_path};
pub use report::report;
pub use stats::{SessionSummary, Stats, sessions, stats};
pub use verify::{FirstBad, Verdict, VerifyError, VerifyOptions, checkpoint, verify};
pub use writer::{Ack, AppendError, AuditLog, CheckpointError, KeySource, Level, OpenError, Options};
