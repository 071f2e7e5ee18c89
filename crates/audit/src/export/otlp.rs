//! OpenTelemetry logs in the JSON encoding of OTLP.

use serde_json::Value;

use super::{Object, is_refused, millis};
use crate::record::Record;

/// One log record. Times are strings of nanoseconds, as the encoding demands for 64-bit numbers.
pub(super) fn log_record(record: &Record) -> Value {
    let refused = is_refused(record);
    let nanos = (i128::from(millis(record)) * 1_000_000).to_string();
    let mut attributes = vec![
        attribute("codex.session", &record.session.as_str().into()),
        attribute("codex.seq", &record.seq.into()),
        attribute("codex.hash", &record.hash.as_str().into()),
    ];
    if let Ok(Value::Object(fields)) = record.event.to_value() {
        attributes.extend(
            fields
                .iter()
                .filter(|(name, _)| *name != "event")
                .map(|(name, value)| attribute(&attribute_name(name), value)),
        );
    }
    let event = &record.event;
    let (mut log, mut body) = (Object::default(), Object::default());
    body.text("stringValue", event.command.as_deref().or(event.reason.as_deref()).unwrap_or(event.event.name()));
    log.text("timeUnixNano", nanos.as_str())
        .text("observedTimeUnixNano", nanos.as_str())
        .number("severityNumber", if refused { 13 } else { 9 })
        .text("severityText", if refused { "WARN" } else { "INFO" })
        .text("eventName", event.event.name())
        .object("body", body)
        .put("attributes", attributes.into());
    log.into()
}

/// A `LogsData` message.
pub(super) fn document(records: Vec<Value>) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let service = vec![attribute("service.name", &"codex".into()), attribute("service.version", &version.into())];
    let (mut scope, mut logs, mut resource, mut all, mut document) =
        (Object::default(), Object::default(), Object::default(), Object::default(), Object::default());
    scope.text("name", "codex-audit").text("version", version);
    logs.object("scope", scope).put("logRecords", records.into());
    resource.put("attributes", service.into());
    all.object("resource", resource).put("scopeLogs", Value::Array(vec![logs.into()]));
    document.put("resourceLogs", Value::Array(vec![all.into()]));
    document.into()
}

/// The names that the semantic conventions have for a field.
fn attribute_name(field: &str) -> String {
    match field {
        "argv" => "process.command_args".to_owned(),
        "command" => "process.command_line".to_owned(),
        "program" => "process.executable.path".to_owned(),
        "cwd" => "process.working_directory".to_owned(),
        "pid" => "process.pid".to_owned(),
        "exit_code" => "process.exit.code".to_owned(),
        "path" => "file.path".to_owned(),
        "host" => "server.address".to_owned(),
        "port" => "server.port".to_owned(),
        "address" => "network.peer.address".to_owned(),
        other => format!("codex.{other}"),
    }
}

fn attribute(key: &str, value: &Value) -> Value {
    let mut attribute = Object::default();
    attribute.text("key", key).put("value", any_value(value));
    attribute.into()
}

fn any_value(value: &Value) -> Value {
    let mut any = Object::default();
    match value {
        Value::String(text) => any.text("stringValue", text.as_str()),
        Value::Bool(flag) => any.put("boolValue", (*flag).into()),
        // An `intValue` has 64 bits and a sign.
        Value::Number(number) => match number.as_i64() {
            Some(integer) => any.text("intValue", integer.to_string().as_str()),
            None => any.put("doubleValue", number.as_f64().into()),
        },
        Value::Array(entries) => any.object("arrayValue", values(entries.iter().map(any_value).collect())),
        Value::Object(members) => {
            any.object("kvlistValue", values(members.iter().map(|(key, value)| attribute(key, value)).collect()))
        }
        // An empty object stands for it.
        Value::Null => &mut any,
    };
    any.into()
}

fn values(values: Vec<Value>) -> Object {
    let mut object = Object::default();
    object.put("values", values.into());
    object
}
