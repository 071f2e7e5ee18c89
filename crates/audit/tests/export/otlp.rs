//! OTLP: each document is read as the message that the protocol's own files declare, and written again.

use codex_audit::Format;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

use crate::exported;

fn messages() -> DescriptorPool {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/published/opentelemetry-proto-1.11.0");
    let files = protox::compile(["opentelemetry/proto/logs/v1/logs.proto"], [folder]).unwrap();
    DescriptorPool::from_file_descriptor_set(files).unwrap()
}

#[test]
fn otlp_is_logs_data() {
    let logs_data = messages().get_message_by_name("opentelemetry.proto.logs.v1.LogsData").unwrap();
    // OTLP differs from the JSON of Protobuf in this: enumerations are numbers.
    let options = SerializeOptions::new().use_enum_numbers(true).skip_default_fields(false);
    let lines = exported(Format::Otlp);
    assert_eq!(lines.lines().count(), 1);
    for line in lines.lines() {
        let written: Value = serde_json::from_str(line).unwrap();
        // Unknown members and wrong types are errors.
        let message = DynamicMessage::deserialize(logs_data.clone(), &written).unwrap();
        let again: Value = message.serialize_with_options(serde_json::value::Serializer, &options).unwrap();
        // Also read are members in snake case and numbers in other forms, which OTLP does not allow.
        is_part_of(&written, &again, "");
    }
}

/// Whether everything in `part` is the same in `whole`, which also has the members that were left out.
fn is_part_of(part: &Value, whole: &Value, at: &str) {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            for (name, value) in part {
                is_part_of(value, whole.get(name).unwrap_or(&Value::Null), &format!("{at}.{name}"));
            }
        }
        (Value::Array(part), Value::Array(whole)) if part.len() == whole.len() => {
            part.iter().zip(whole).for_each(|(part, whole)| is_part_of(part, whole, at));
        }
        _ => assert_eq!(part, whole, "at {at}"),
    }
}
