//! What callers log: one [`Event`] becomes one record.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::escape::{push_string, to_json};

/// The kind of an event, as it stands in the `event` field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Decision {
    /// It may happen.
    #[serde(alias = "allowed")]
    Allow,
    /// It needs a person's consent.
    #[serde(alias = "ask")]
    Prompt,
    /// The exec policy forbids it.
    #[serde(alias = "forbidden")]
    Forbid,
    /// The profile or the sandbox refused it.
    #[serde(alias = "denied")]
    Deny,
}

impl Decision {
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
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
            #[serde(default, skip_serializing_if = "Vec::is_empty", alias = "notEnforced")]
            pub not_enforced: Vec<String>,
            /// The caller's own labels.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            pub labels: BTreeMap<String, String>,
            $($(#[$meta])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $name: Option<$type>,)*
        }

        impl Event {
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
    #[serde(alias = "programSha256")]
    program_sha256: String,
    /// The name of the security profile.
    profile: String,
    /// A hash of the sandbox policy or of the exec policy in force.
    #[serde(alias = "policyHash")]
    policy_hash: String,
    /// What was decided.
    decision: Decision,
    /// The rule that decided, in its own words.
    rule: String,
    /// Why, in words for people.
    reason: String,
    /// The exit code.
    #[serde(alias = "exitCode")]
    exit_code: i32,
    /// The signal that ended the run, such as `SIGKILL`.
    signal: String,
    /// Wall time in milliseconds.
    #[serde(alias = "durationMs")]
    duration_ms: f64,
    /// Bytes that the command wrote to stdout. The output itself is never stored.
    #[serde(alias = "stdoutBytes")]
    stdout_bytes: u64,
    /// Bytes that the command wrote to stderr. The output itself is never stored.
    #[serde(alias = "stderrBytes")]
    stderr_bytes: u64,
    /// Whether the captured output was cut at its limit.
    truncated: bool,
    /// Whether the run was ended by its time limit.
    #[serde(alias = "timedOut")]
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
    log: LogNote,
}

/// A value of an optional field as JSON.
trait Field {
    fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()>;
}

impl Field for String {
    fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        push_string(out, self);
        Ok(())
    }
}

impl Field for Decision {
    fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        push_string(out, self.name());
        Ok(())
    }
}

/// What is rare, and numbers, go through serde.
macro_rules! by_serde {
    ($($type:ty)*) => {
        $(impl Field for $type {
            fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                to_json(out, self)
            }
        })*
    };
}

by_serde!(i32 u16 u32 u64 f64 bool LogNote);

fn push_list(out: &mut Vec<u8>, name: &str, list: &[String]) {
    if list.is_empty() {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    for (at, text) in list.iter().enumerate() {
        out.push(if at == 0 { b'[' } else { b',' });
        push_string(out, text);
    }
    out.push(b']');
}

fn push_map(out: &mut Vec<u8>, name: &str, map: &BTreeMap<String, String>) {
    if map.is_empty() {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    for (at, (key, value)) in map.iter().enumerate() {
        out.push(if at == 0 { b'{' } else { b',' });
        push_string(out, key);
        out.push(b':');
        push_string(out, value);
    }
    out.push(b'}');
}

/// What the log says about itself: in `session.*` and `log.*` records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// `log.repair` and `log.rotate`: why, such as `torn`, `lost`, `sync-failed`, `size`.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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

#[cfg(test)]
mod tests {
    use super::*;

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
