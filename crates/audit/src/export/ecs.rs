//! Elastic Common Schema, version 8.17.

use serde_json::Value;

use super::{Object, endpoint, is_refused, record_id, sequence};
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
    let mut types = vec![kind];
    // Only network events may be called so; elsewhere, `event.outcome` says it.
    if refused && category == "network" {
        types.push("denied");
    }
    let (name, ip) = endpoint(record);

    let (mut version, mut what, mut process, mut hash) =
        (Object::default(), Object::default(), Object::default(), Object::default());
    version.text("version", "8.17.0");
    what.text("kind", "event")
        .texts("category", [category])
        .texts("type", types)
        .text("action", event.event.name())
        .text("outcome", outcome)
        .text("id", record_id(record).as_str())
        .number("sequence", sequence(record))
        .text("hash", record.hash.as_str())
        .text("reason", event.reason.as_deref())
        .number("duration", event.duration_ms.map(|ms| (ms * 1e6) as i64))
        .text("provider", "codex");
    hash.text("sha256", event.program_sha256.as_deref());
    if !event.argv.is_empty() {
        process.number("args_count", i64::try_from(event.argv.len()).ok());
        process.texts("args", event.argv.iter().map(String::as_str));
    }
    process
        .text("command_line", event.command.as_deref())
        .text("executable", event.program.as_deref())
        .object("hash", hash)
        .text("working_directory", event.cwd.as_deref())
        .number("pid", event.pid.map(i64::from))
        .number("exit_code", event.exit_code.map(i64::from))
        .text("entity_id", event.run.as_deref());

    let (mut file, mut destination, mut rule, mut error, mut labels) =
        (Object::default(), Object::default(), Object::default(), Object::default(), Object::default());
    file.text("path", event.path.as_deref());
    destination
        .text("domain", name)
        .text("ip", ip.map(|ip| ip.to_string()).as_deref())
        .text("address", event.host.as_deref().or(event.address.as_deref()))
        .number("port", event.port.map(i64::from));
    rule.text("name", event.rule.as_deref());
    error.text("message", event.error.as_deref()).text("code", event.code.as_deref());
    labels
        .text("codex_session", record.session.as_str())
        .text("codex_decision", event.decision.map(Decision::name))
        .text("codex_profile", event.profile.as_deref())
        .text("codex_agent", event.agent.as_deref())
        .text("codex_prev", record.prev.as_str());

    let mut document = Object::default();
    document
        .text("@timestamp", record.time.as_str())
        .object("ecs", version)
        .object("event", what)
        .object("process", process)
        .object("file", file)
        .object("destination", destination)
        .object("rule", rule)
        .object("error", error)
        .object("labels", labels);
    document.into()
}
