//! OpenTelemetry logs in the JSON encoding of OTLP.

use serde_json::{Map, Value, json};

use super::{is_refused, millis};
use crate::record::Record;

/// One log record. Times are strings of nanoseconds, as the encoding demands for 64-bit numbers.
pub(super) fn log_record(record: &Record) -> Value {
    let refused = is_refused(record);
    let nanos = (i128::from(millis(record)) * 1_000_000).to_string();
    let mut attributes = vec![
        attribute("codex.session", &record.session.clone().into()),
        attribute("codex.seq", &record.seq.into()),
        attribute("codex.hash", &record.hash.clone().into()),
    ];
    if let Ok(Value::Object(fields)) = serde_json::to_value(&record.event) {
        attributes.extend(
            fields
                .iter()
                .filter(|(name, _)| *name != "event")
                .map(|(name, value)| attribute(&attribute_name(name), value)),
        );
    }
    json!({
        "timeUnixNano": nanos,
        "observedTimeUnixNano": nanos,
        "severityNumber": if refused { 13 } else { 9 },
        "severityText": if refused { "WARN" } else { "INFO" },
        "eventName": record.event.event.name(),
        "body": { "stringValue": record.event.command.clone().or_else(|| record.event.reason.clone()).unwrap_or_else(|| record.event.event.name().to_owned()) },
        "attributes": attributes,
    })
}

/// A `LogsData` message.
pub(super) fn document(records: Vec<Value>) -> Value {
    json!({ "resourceLogs": [{
        "resource": { "attributes": [attribute("service.name", &"codex".into()), attribute("service.version", &env!("CARGO_PKG_VERSION").into())] },
        "scopeLogs": [{ "scope": { "name": "codex-audit", "version": env!("CARGO_PKG_VERSION") }, "logRecords": records }],
    }] })
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
    json!({ "key": key, "value": any_value(value) })
}

fn any_value(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Bool(flag) => json!({ "boolValue": flag }),
        // An `intValue` has 64 bits and a sign.
        Value::Number(number) => match number.as_i64() {
            Some(integer) => json!({ "intValue": integer.to_string() }),
            None => json!({ "doubleValue": number.as_f64() }),
        },
        Value::Array(entries) => {
            json!({ "arrayValue": { "values": entries.iter().map(any_value).collect::<Vec<_>>() } })
        }
        Value::Object(members) => {
            json!({ "kvlistValue": { "values": members.iter().map(|(key, value)| attribute(key, value)).collect::<Vec<_>>() } })
        }
        Value::Null => Value::Object(Map::new()),
    }
}
