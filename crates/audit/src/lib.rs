//! The audit log: what happened, private and provable.

mod escape;
mod event;
mod redact;

pub use escape::{display_safe, text_from_bytes};
pub use event::{Decision, Event, EventKind, LogNote, Tie};
pub use redact::{Identity, Redacted, Redactor, RedactorError, sanitize_path};
