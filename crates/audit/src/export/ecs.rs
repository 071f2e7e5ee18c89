//! Elastic Common Schema, version 8.17.

use serde_json::{Value, json};

use super::{compact, endpoint, is_refused};
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
    let argv = (!event.argv.is_empty()).then(|| event.argv.clone());
    let mut types = vec![kind];
    // Only network events may be called so; elsewhere, `event.outcome` says it.
    if refused && category == "network" {
        types.push("denied");
    }
    let (name, ip) = endpoint(record);
    let mut out = json!({
        "@timestamp": record.time,
        "ecs": { "version": "8.17.0" },
        "event": {
            "kind": "event", "category": [category], "type": types, "action": event.event.name(), "outcome": outcome,
            "id": format!("{}:{}", record.session, record.seq), "sequence": record.seq, "hash": record.hash, "reason": event.reason,
            "duration": event.duration_ms.map(|ms| (ms * 1e6) as i64), "provider": "codex",
        },
        "process": {
            "args_count": argv.as_ref().map(Vec::len), "args": argv, "command_line": event.command, "executable": event.program,
            "hash": { "sha256": event.program_sha256 }, "working_directory": event.cwd, "pid": event.pid, "exit_code": event.exit_code, "entity_id": event.run,
        },
        "file": { "path": event.path },
        "destination": { "domain": name, "ip": ip, "address": event.host.as_deref().or(event.address.as_deref()), "port": event.port },
        "rule": { "name": event.rule },
        "error": { "message": event.error, "code": event.code },
        "labels": {
            "codex_session": record.session, "codex_decision": event.decision.map(Decision::name), "codex_profile": event.profile, "codex_agent": event.agent, "codex_prev": record.prev,
        },
    });
    compact(&mut out);
    out
}
