//! What callers log: one [`Event`] becomes one record.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

use crate::escape::push_string;
use crate::fields::{FieldError, Fields, FromField, PushField, push_list, push_map};
use crate::log_note::LogNote;

/// The kind of an event, as it stands in the `event` field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[non_exhaustive]
pub enum EventKind {
    /// A writer opened the log. Written by the log itself.
    #[serde(rename = "session.start")]
    SessionStart,
    /// A writer closed the log. Written by the log itself.
    #[serde(rename = "session.end")]
    SessionEnd,
    /// A command line was judged.
    #[serde(rename = "exec.decision")]
    ExecDecision,
    /// A command was started.
    #[serde(rename = "exec.start")]
    ExecStart,
    /// A command ended.
    #[serde(rename = "exec.exit")]
    ExecExit,
    /// A file was read, or a read was judged.
    #[serde(rename = "file.read")]
    FileRead,
    /// A file was written, or a write was judged.
    #[serde(rename = "file.write")]
    FileWrite,
    /// A connection was made, or judged.
    #[serde(rename = "network.connect")]
    NetworkConnect,
    /// One operation of a run was refused by the sandbox.
    #[serde(rename = "denial")]
    Denial,
    /// The policy in force changed.
    #[serde(rename = "policy.change")]
    PolicyChange,
    /// The log was mended: a torn tail, records that a full disk refused, a failed sync. Written by the log itself.
    #[serde(rename = "log.repair")]
    LogRepair,
    /// The first record of a new file after rotation. Written by the log itself.
    #[serde(rename = "log.rotate")]
    LogRotate,
    /// A signed tree head over the records of this session. Written by the log itself.
    #[serde(rename = "log.checkpoint")]
    LogCheckpoint,
}

impl EventKind {
    /// All kinds.
    pub(crate) const ALL: [Self; 13] = [
        Self::SessionStart,
        Self::SessionEnd,
        Self::ExecDecision,
        Self::ExecStart,
        Self::ExecExit,
        Self::FileRead,
        Self::FileWrite,
        Self::NetworkConnect,
        Self::Denial,
        Self::PolicyChange,
        Self::LogRepair,
        Self::LogRotate,
        Self::LogCheckpoint,
    ];

    /// The kind of that name, if this version knows it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name as it stands in the log, such as `exec.decision`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionStart => "session.start",
            Self::SessionEnd => "session.end",
            Self::ExecDecision => "exec.decision",
            Self::ExecStart => "exec.start",
            Self::ExecExit => "exec.exit",
            Self::FileRead => "file.read",
            Self::FileWrite => "file.write",
            Self::NetworkConnect => "network.connect",
            Self::Denial => "denial",
            Self::PolicyChange => "policy.change",
            Self::LogRepair => "log.repair",
            Self::LogRotate => "log.rotate",
            Self::LogCheckpoint => "log.checkpoint",
        }
    }

    /// Whether only the log itself may write this kind.
    pub const fn is_reserved(self) -> bool {
        matches!(self, Self::SessionStart | Self::SessionEnd | Self::LogRepair | Self::LogRotate | Self::LogCheckpoint)
    }
}

/// What was decided about an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Decision {
    /// It may happen.
    Allow,
    /// It needs a person's consent.
    Prompt,
    /// The exec policy forbids it.
    Forbid,
    /// The profile or the sandbox refused it.
    Deny,
}

impl Decision {
    /// All decisions.
    pub(crate) const ALL: [Self; 4] = [Self::Allow, Self::Prompt, Self::Forbid, Self::Deny];

    /// The decision of that name: as it stands in the log, or `allowed`, `ask`, `forbidden`, `denied`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "allow" | "allowed" => Self::Allow,
            "prompt" | "ask" => Self::Prompt,
            "forbid" | "forbidden" => Self::Forbid,
            "deny" | "denied" => Self::Deny,
            _ => return None,
        })
    }

    /// The name as it stands in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Prompt => "prompt",
            Self::Forbid => "forbid",
            Self::Deny => "deny",
        }
    }
}

/// Declares [`Event`] so that each optional field is skipped when it is absent.
macro_rules! event {
    ($($(#[$meta:meta])* $name:ident : $type:ty),* $(,)?) => {
        /// One thing that happened. Every field but `event` is optional; absent fields are not written.
        ///
        /// Strings are redacted and shortened when the event is appended, never by the caller.
        #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct Event {
            /// The kind of the event.
            pub event: EventKind,
            /// Program and arguments; at most 256 are kept, each at most 2 KiB.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub argv: Vec<String>,
            /// Environment variables that the caller set for the run, by name.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            pub env: BTreeMap<String, String>,
            /// The layers that the kernel really applied, such as `landlock` or `seccomp`.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub enforcement: Vec<String>,
            /// What the platform could not enforce (best effort only).
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub not_enforced: Vec<String>,
            /// The caller's own labels.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            pub labels: BTreeMap<String, String>,
            $($(#[$meta])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $name: Option<$type>,)*
        }

        impl Event {
            /// The names of the fields.
            pub(crate) const FIELDS: &[&str] =
                &["event", "argv", "env", "enforcement", "not_enforced", "labels", $(stringify!($name)),*];

            /// An event of the given kind with nothing else in it.
            pub fn new(event: EventKind) -> Self {
                Self {
                    event,
                    argv: Vec::new(),
                    env: BTreeMap::new(),
                    enforcement: Vec::new(),
                    not_enforced: Vec::new(),
                    labels: BTreeMap::new(),
                    $($name: None,)*
                }
            }

            /// The event with those fields, each in the spelling of the log or in camel case.
            pub(crate) fn from_fields(fields: Map<String, Value>) -> Result<Self, FieldError> {
                let mut fields = Fields(fields);
                // One after the other into a whole event: a literal would have a way out of each of its parts.
                let mut event = Self::new(fields.take("event")?.ok_or(FieldError::Missing("event"))?);
                event.argv = fields.take("argv")?.unwrap_or_default();
                event.env = fields.take("env")?.unwrap_or_default();
                event.enforcement = fields.take("enforcement")?.unwrap_or_default();
                event.not_enforced = fields.either("not_enforced")?.unwrap_or_default();
                event.labels = fields.take("labels")?.unwrap_or_default();
                $(event.$name = fields.either(stringify!($name))?;)*
                fields.finish()?;
                Ok(event)
            }

            /// Appends the fields as JSON without the braces, `"event":…` first; the same as `Serialize` gives.
            pub(crate) fn push_fields(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                out.extend_from_slice(b"\"event\":\"");
                out.extend_from_slice(self.event.name().as_bytes());
                out.push(b'"');
                push_list(out, ",\"argv\":", &self.argv);
                push_map(out, ",\"env\":", &self.env);
                push_list(out, ",\"enforcement\":", &self.enforcement);
                push_list(out, ",\"not_enforced\":", &self.not_enforced);
                push_map(out, ",\"labels\":", &self.labels);
                $(if let Some(value) = &self.$name {
                    out.extend_from_slice(concat!(",\"", stringify!($name), "\":").as_bytes());
                    value.push(out)?;
                })*
                Ok(())
            }
        }
    };
}

event! {
    /// Identifies one run; the same in its decision, start, denial and exit records.
    run: String,
    /// The run or session that started this one.
    parent: String,
    /// The agent, as the supervisor names it.
    agent: String,
    /// The command as one line. Filled from `argv` in `exec.decision` when absent.
    command: String,
    /// The working directory.
    cwd: String,
    /// The workspace of the run.
    workspace: String,
    /// The program file that was resolved.
    program: String,
    /// SHA-256 of the program file, lower-case hex.
    program_sha256: String,
    /// The name of the security profile.
    profile: String,
    /// A hash of the sandbox policy or of the exec policy in force.
    policy_hash: String,
    /// What was decided.
    decision: Decision,
    /// The rule that decided, in its own words.
    rule: String,
    /// Why, in words for people.
    reason: String,
    /// The exit code.
    exit_code: i32,
    /// The signal that ended the run, such as `SIGKILL`.
    signal: String,
    /// Wall time in milliseconds.
    duration_ms: f64,
    /// Bytes that the command wrote to stdout. The output itself is never stored.
    stdout_bytes: u64,
    /// Bytes that the command wrote to stderr. The output itself is never stored.
    stderr_bytes: u64,
    /// Whether the captured output was cut at its limit.
    truncated: bool,
    /// Whether the run was ended by its time limit.
    timed_out: bool,
    /// Why the command could not be started.
    error: String,
    /// A machine-readable code that goes with `error`, such as `ENOENT`.
    code: String,
    /// The file that was read, written or refused. Claimed by the sandboxed program in a `denial`.
    path: String,
    /// The host of a connection. Claimed by the sandboxed program in a `denial`.
    host: String,
    /// The address that was dialled.
    address: String,
    /// The port of a connection.
    port: u16,
    /// What a denial is about: `read`, `write`, `connect`, `exec`, …
    access: String,
    /// The system call that was refused.
    syscall: String,
    /// The process that acted.
    pid: u32,
    /// The grant that would have let the operation pass.
    suggestion: String,
    /// What the log says about itself. Only in records that the log writes itself.
    log: Box<LogNote>,
}

impl Event {
    /// The event as JSON.
    pub(crate) fn to_value(&self) -> serde_json::Result<Value> {
        let mut json = vec![b'{'];
        self.push_fields(&mut json)?;
        json.push(b'}');
        serde_json::from_str(&String::from_utf8_lossy(&json))
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_fields(Map::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl FromField for EventKind {
    fn of(value: Value) -> Option<Self> {
        value.as_str().and_then(Self::named)
    }
}

impl FromField for Decision {
    fn of(value: Value) -> Option<Self> {
        value.as_str().and_then(Self::named)
    }
}

impl PushField for Decision {
    fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        push_string(out, self.name());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::to_json;

    #[test]
    fn the_fields_are_what_serde_gives() {
        let full = r#"{"event":"exec.exit","argv":["a","b\u0001"],"env":{"A":"x","B":"\""},"enforcement":["landlock"],
            "not_enforced":["x"],"labels":{"team":"é"},"run":"r","command":"c","decision":"deny","exit_code":-3,
            "duration_ms":12.25,"stdout_bytes":18446744073709551615,"truncated":true,"timed_out":false,"port":22,
            "pid":7,"suggestion":"\u202e","log":{"cause":"lost","lost":3,"frontier":["a"],"tie":{"at":1,"hash":""}}}"#;
        for event in [serde_json::from_str(full).unwrap(), Event::new(EventKind::Denial)] {
            let (mut fields, mut by_serde) = (vec![b'{'], Vec::new());
            event.push_fields(&mut fields).unwrap();
            fields.push(b'}');
            to_json(&mut by_serde, &event).unwrap();
            assert_eq!(String::from_utf8(fields).unwrap(), String::from_utf8(by_serde).unwrap());
        }
    }
}
