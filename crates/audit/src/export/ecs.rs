//! Elastic Common Schema, version 8.17.

use serde_json::Value;

use super::{endpoint, is_refused, object, record_id, text};
use crate::event::{Decision, EventKind};
use crate::record::Record;

pub(super) fn document(record: &Record) -> Value {
    let event = &record.event;
    let refused = is_refused(record);
    let (category, kind) = match event.event {
        EventKind::ExecDecision => ("process", "info"),
        EventKind::ExecStart => ("process", "start"),
        EventKind::ExecExit => ("process", "end"),
        EventKind::FileRead => ("file", "access"),
        EventKind::FileWrite => ("file", "change"),
        EventKind::NetworkConnect => ("network", "connection"),
        EventKind::Denial if event.host.is_some() || event.address.is_some() => ("network", "connection"),
        EventKind::Denial if event.path.is_some() && event.access.as_deref() == Some("read") => ("file", "access"),
        EventKind::Denial if event.path.is_some() => ("file", "change"),
        EventKind::Denial => ("process", "info"),
        EventKind::SessionStart => ("session", "start"),
        EventKind::SessionEnd => ("session", "end"),
        _ => ("configuration", "change"),
    };
    let failed = refused || event.error.is_some() || event.exit_code.is_some_and(|code| code != 0);
    let outcome = match () {
        () if failed => "failure",
        () if event.decision == Some(Decision::Prompt) => "unknown",
        () => "success",
    };
    let mut types = vec![Value::from(kind)];
    // Only network events may be called so; elsewhere, `event.outcome` says it.
    if refused && category == "network" {
        types.push("denied".into());
    }
    let (args, args_count) = match event.argv.len() {
        0 => (Value::Null, Value::Null),
        count => (event.argv.clone().into(), count.into()),
    };
    let (name, ip) = endpoint(record);
    object([
        ("@timestamp", record.time.as_str().into()),
        ("ecs", object([("version", "8.17.0".into())])),
        (
            "event",
            object([
                ("kind", "event".into()),
                ("category", vec![category].into()),
                ("type", types.into()),
                ("action", event.event.name().into()),
                ("outcome", outcome.into()),
                ("id", record_id(record).into()),
                ("sequence", record.seq.into()),
                ("hash", record.hash.as_str().into()),
                ("reason", text(event.reason.as_deref())),
                ("duration", event.duration_ms.map(|ms| (ms * 1e6) as i64).into()),
                ("provider", "codex".into()),
            ]),
        ),
        (
            "process",
            object([
                ("args_count", args_count),
                ("args", args),
                ("command_line", text(event.command.as_deref())),
                ("executable", text(event.program.as_deref())),
                ("hash", object([("sha256", text(event.program_sha256.as_deref()))])),
                ("working_directory", text(event.cwd.as_deref())),
                ("pid", event.pid.into()),
                ("exit_code", event.exit_code.into()),
                ("entity_id", text(event.run.as_deref())),
            ]),
        ),
        ("file", object([("path", text(event.path.as_deref()))])),
        (
            "destination",
            object([
                ("domain", text(name)),
                ("ip", ip.map(|ip| ip.to_string()).into()),
                ("address", text(event.host.as_deref().or(event.address.as_deref()))),
                ("port", event.port.into()),
            ]),
        ),
        ("rule", object([("name", text(event.rule.as_deref()))])),
        ("error", object([("message", text(event.error.as_deref())), ("code", text(event.code.as_deref()))])),
        (
            "labels",
            object([
                ("codex_session", record.session.as_str().into()),
                ("codex_decision", text(event.decision.map(Decision::name))),
                ("codex_profile", text(event.profile.as_deref())),
                ("codex_agent", text(event.agent.as_deref())),
                ("codex_prev", record.prev.as_str().into()),
            ]),
        ),
    ])
}
