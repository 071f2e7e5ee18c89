//! OpenTelemetry logs in the JSON encoding of OTLP.

use serde_json::{Map, Value};

use super::{is_refused, millis, object};
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
    if let Ok(Value::Object(fields)) = serde_json::to_value(&record.event) {
        attributes.extend(
            fields
                .iter()
                .filter(|(name, _)| *name != "event")
                .map(|(name, value)| attribute(&attribute_name(name), value)),
        );
    }
    let event = &record.event;
    let body = event.command.as_deref().or(event.reason.as_deref()).unwrap_or_else(|| event.event.name());
    object([
        ("timeUnixNano", nanos.as_str().into()),
        ("observedTimeUnixNano", nanos.as_str().into()),
        ("severityNumber", if refused { 13 } else { 9 }.into()),
        ("severityText", if refused { "WARN" } else { "INFO" }.into()),
        ("eventName", event.event.name().into()),
        ("body", object([("stringValue", body.into())])),
        ("attributes", attributes.into()),
    ])
}

/// A `LogsData` message.
pub(super) fn document(records: Vec<Value>) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let service = vec![attribute("service.name", &"codex".into()), attribute("service.version", &version.into())];
    let scope = object([("name", "codex-audit".into()), ("version", version.into())]);
    let logs = object([("scope", scope), ("logRecords", records.into())]);
    let resource = object([("attributes", service.into())]);
    let all = object([("resource", resource), ("scopeLogs", vec![logs].into())]);
    object([("resourceLogs", vec![all].into())])
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
    let mut attribute = Map::new();
    attribute.insert("key".to_owned(), key.into());
    // An empty object stands for null here.
    attribute.insert("value".to_owned(), any_value(value));
    Value::Object(attribute)
}

fn any_value(value: &Value) -> Value {
    let (kind, value) = match value {
        Value::String(text) => ("stringValue", text.as_str().into()),
        Value::Bool(flag) => ("boolValue", (*flag).into()),
        // An `intValue` has 64 bits and a sign.
        Value::Number(number) => match number.as_i64() {
            Some(integer) => ("intValue", integer.to_string().into()),
            None => ("doubleValue", number.as_f64().into()),
        },
        Value::Array(entries) => ("arrayValue", values(entries.iter().map(any_value).collect())),
        Value::Object(members) => {
            ("kvlistValue", values(members.iter().map(|(key, value)| attribute(key, value)).collect()))
        }
        Value::Null => return Value::Object(Map::new()),
    };
    object([(kind, value)])
}

fn values(values: Vec<Value>) -> Value {
    object([("values", values.into())])
}
