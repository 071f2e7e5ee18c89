//! ECS: its field definitions, made into a JSON Schema.

use codex_audit::Format;
use serde_json::{Map, Value, json};

use crate::{exported, fits};

/// A JSON Schema for documents that have no fields but these.
fn schema(fields: &Map<String, Value>) -> Value {
    let mut root = json!({ "type": "object", "additionalProperties": false, "properties": {}, "required": [] });
    let mut expected = Vec::new();
    for (name, field) in fields {
        let mut at = &mut root;
        let mut parts = name.split('.').peekable();
        while let Some(part) = parts.next() {
            if field["required"] == true {
                at["required"].as_array_mut().unwrap().push(part.into());
            }
            let properties = at["properties"].as_object_mut().unwrap();
            if parts.peek().is_none() {
                properties.insert(part.to_owned(), value_schema(field));
                break;
            }
            at = properties.entry(part).or_insert_with(
                || json!({ "type": "object", "additionalProperties": false, "properties": {}, "required": [] }),
            );
        }
        for value in field["allowed_values"].as_array().into_iter().flatten() {
            if let Some(types) = value["expected_event_types"].as_array() {
                expected.push(json!({
                    "if": { "properties": { "event": { "properties": { "category": { "contains": { "const": value["name"] } } }, "required": ["category"] } } },
                    "then": { "properties": { "event": { "properties": { "type": { "items": { "enum": types } } } } } },
                }));
            }
        }
    }
    root["allOf"] = expected.into();
    root
}

fn value_schema(field: &Value) -> Value {
    let mut one = match field["type"].as_str().unwrap() {
        "keyword" | "wildcard" | "match_only_text" => json!({ "type": "string" }),
        "long" => json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }),
        "date" => json!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$" }),
        "ip" => json!({ "anyOf": [{ "type": "string", "format": "ipv4" }, { "type": "string", "format": "ipv6" }] }),
        // Labels: "custom key/value pairs", whose values are keywords.
        "object" => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        other => panic!("a type that is not understood: {other}"),
    };
    let allowed: Vec<&Value> =
        field["allowed_values"].as_array().into_iter().flatten().map(|value| &value["name"]).collect();
    if !allowed.is_empty() {
        one["enum"] = json!(allowed);
    }
    let array = field["normalize"].as_array().unwrap().contains(&"array".into());
    if array { json!({ "type": "array", "items": one }) } else { one }
}

#[test]
fn ecs_has_only_fields_and_values_of_its_definitions() {
    let fields = serde_json::from_str(include_str!("../data/published/ecs-8.17.0.json")).unwrap();
    let documents = fits(&schema(&fields), &exported(Format::Ecs));
    for category in ["process", "file", "network", "session", "configuration"] {
        assert!(documents.iter().any(|document| document["event"]["category"][0] == category), "{category}");
    }
    assert!(documents.iter().all(|document| document["ecs"]["version"] == "8.17.0"));
}
