//! OCSF: the files of the schema itself, made into JSON Schemas by the rules that its documentation gives.

use codex_audit::Format;
use serde_json::{Map, Value, json};

use crate::{exported, fits};

macro_rules! published {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../data/published/ocsf-1.6.0/", $name, ".json")))),*]
    };
}

const FILES: [(&str, &str); 20] = published! {
    "categories" "dictionary" "profiles/host"
    "events/base_event" "events/system" "events/process_activity" "events/file_activity" "events/network"
    "events/network_activity"
    "objects/object" "objects/_entity" "objects/metadata" "objects/product" "objects/actor" "objects/endpoint"
    "objects/device" "objects/process_entity" "objects/process" "objects/file" "objects/network_endpoint"
};

fn file(name: &str) -> Option<Value> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| serde_json::from_str(text).unwrap())
}

/// What a class or an object is once it has inherited.
#[derive(Default)]
struct Definition {
    attributes: Map<String, Value>,
    constraints: Map<String, Value>,
    category: Value,
}

/// Joins two JSON objects: members of `more` go before those of `base`, and those of both are joined.
fn merge(base: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more {
        match (base.get_mut(name), value) {
            (Some(Value::Object(base)), Value::Object(more)) => merge(base, more),
            _ => drop(base.insert(name.clone(), value.clone())),
        }
    }
}

fn definition(folder: &str, name: &str) -> Definition {
    let path = [format!("{folder}/{name}"), format!("events/{name}")].into_iter().find(|path| file(path).is_some());
    let text = file(&path.unwrap_or_else(|| panic!("{name} is not among the published files"))).unwrap();
    let mut found = text["extends"].as_str().map(|base| definition(folder, base)).unwrap_or_default();
    let mut attributes = text["attributes"].as_object().unwrap().clone();
    // What a profile adds belongs to an event only where it says so; other profiles are never said.
    for profile in attributes.remove("$include").iter().flat_map(|names| names.as_array().unwrap()) {
        let Some(profile) = file(profile.as_str().unwrap().trim_end_matches(".json")) else { continue };
        for (name, attribute) in profile["attributes"].as_object().unwrap() {
            let mut attribute = attribute.as_object().unwrap().clone();
            attribute.insert("profile".into(), profile["name"].clone());
            merge(&mut found.attributes, &json!({ name: attribute }).as_object().unwrap().clone());
        }
    }
    merge(&mut found.attributes, &attributes);
    if let Some(constraints) = text["constraints"].as_object() {
        found.constraints.clone_from(constraints);
    }
    if text["category"].is_string() {
        found.category = text["category"].clone();
    }
    found
}

/// A JSON Schema for a definition. Attributes of a profile need the event to name it.
fn schema(definition: &Definition, dictionary: &Value) -> Value {
    let (mut properties, mut required, mut all) = (Map::new(), Vec::new(), Vec::new());
    for (name, attribute) in &definition.attributes {
        // Attributes that never occur are not among the published files, so they are not allowed.
        let Some(known) = dictionary["attributes"][name].as_object() else { continue };
        let mut attribute = attribute.as_object().unwrap().clone();
        let mut whole = known.clone();
        merge(&mut whole, &attribute);
        properties.insert(name.clone(), value_schema(&whole, dictionary));
        let profile = attribute.remove("profile").filter(Value::is_string);
        match profile {
            Some(profile) => all.push(json!({
                "if": { "required": [name] },
                "then": { "properties": { "metadata": { "required": ["profiles"], "properties": { "profiles": { "contains": { "const": profile } } } } } },
            })),
            None if attribute.get("requirement") == Some(&"required".into()) => required.push(name.clone()),
            None => {}
        }
    }
    for (kind, names) in &definition.constraints {
        let each: Vec<Value> = names.as_array().unwrap().iter().map(|name| json!({ "required": [name] })).collect();
        let keyword = match kind.as_str() {
            "at_least_one" => "anyOf",
            "just_one" => "oneOf",
            other => panic!("a constraint that is not understood: {other}"),
        };
        all.push(json!({ keyword: each }));
    }
    let mut schema =
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    if !all.is_empty() {
        schema["allOf"] = all.into();
    }
    schema
}

/// A JSON Schema for the value of an attribute.
fn value_schema(attribute: &Map<String, Value>, dictionary: &Value) -> Value {
    let name = attribute["type"].as_str().unwrap();
    let mut one = match &dictionary["types"]["attributes"][name] {
        Value::Null if name == "object" => json!({ "type": "object" }),
        // An object that never occurs, such as a user, is not among the published files.
        Value::Null if file(&format!("objects/{name}")).is_none() => json!(false),
        // A process has a parent process, and so on; none occurs.
        Value::Null => schema(&definition("objects", name), dictionary),
        primitive => primitive_schema(name, primitive),
    };
    if let Some(values) = attribute.get("enum").and_then(Value::as_object) {
        one["enum"] = values.keys().map(|key| key.parse::<i64>().map_or(json!(key), Value::from)).collect();
    }
    if attribute.get("is_array") == Some(&true.into()) { json!({ "type": "array", "items": one }) } else { one }
}

fn primitive_schema(name: &str, primitive: &Value) -> Value {
    let base = primitive["type"].as_str().unwrap_or(name);
    let mut one = match base {
        "string_t" => json!({ "type": "string" }),
        "integer_t" | "long_t" => json!({ "type": "integer" }),
        "float_t" => json!({ "type": "number" }),
        "boolean_t" => json!({ "type": "boolean" }),
        "json_t" => json!({}),
        other => panic!("a type that is not understood: {other}"),
    };
    for (ours, theirs) in [("pattern", "regex"), ("maxLength", "max_len")] {
        if !primitive[theirs].is_null() {
            one[ours] = primitive[theirs].clone();
        }
    }
    if let [least, most] = primitive["range"].as_array().map(Vec::as_slice).unwrap_or_default() {
        (one["minimum"], one["maximum"]) = (least.clone(), most.clone());
    }
    one
}

/// The schema of a class with the numbers that follow from its place in its category.
fn class(name: &str) -> (u64, Value) {
    let dictionary = file("dictionary").unwrap();
    let folder = "events";
    let found = definition(folder, name);
    let uid = file(&format!("events/{name}")).unwrap()["uid"].as_u64().unwrap_or(0);
    let categories = file("categories").unwrap();
    let category = categories["attributes"][found.category.as_str().unwrap()]["uid"].as_u64().unwrap_or(0);
    let number = category * 1000 + uid;
    let activities = found.attributes["activity_id"]["enum"].as_object().unwrap().keys();
    let types: Vec<u64> = activities.map(|activity| number * 100 + activity.parse::<u64>().unwrap()).collect();
    let mut schema = schema(&found, &dictionary);
    for (name, values) in
        [("class_uid", json!([number])), ("category_uid", json!([category])), ("type_uid", json!(types))]
    {
        schema["properties"][name]["enum"] = values;
    }
    schema["properties"]["metadata"]["properties"]["version"]["const"] = codex_audit::OCSF_VERSION.into();
    (number, schema)
}

#[test]
fn ocsf_is_what_its_classes_say() {
    let classes = ["base_event", "process_activity", "file_activity", "network_activity"].map(class);
    assert_eq!(classes.each_ref().map(|(number, _)| *number), [0, 1007, 1001, 4001]);
    let choose = |(number, schema): &(u64, Value)| json!({ "if": { "properties": { "class_uid": { "const": number } } }, "then": schema });
    let known: Vec<u64> = classes.iter().map(|(number, _)| *number).collect();
    let any = json!({ "required": ["class_uid"], "properties": { "class_uid": { "enum": known } }, "allOf": classes.iter().map(choose).collect::<Vec<_>>() });
    let events = fits(&any, &exported(Format::Ocsf));
    for number in known {
        assert!(events.iter().any(|event| event["class_uid"] == number), "no event of class {number}");
    }
    for event in &events {
        let [class, activity, kind] =
            ["class_uid", "activity_id", "type_uid"].map(|name| event[name].as_u64().unwrap());
        assert_eq!(kind, class * 100 + activity);
    }
    // The schema that was put together here says no where it should.
    let any = jsonschema::validator_for(&any).unwrap();
    let process = events.iter().find(|event| event["class_uid"] == 1007 && event["process"]["pid"] == 7).unwrap();
    for (at, wrong) in [
        ("/severity_id", json!(77)),
        ("/activity_id", json!(6)),
        ("/metadata/product", json!({})),
        ("/device", json!({ "type_id": 0 })),
        ("/process", json!({ "cmd_line": "x" })),
        ("/process/pid", json!("7")),
        ("/process/file/name", json!(null)),
        ("/actor", json!({})),
    ] {
        let mut changed = process.clone();
        *changed.pointer_mut(at).unwrap() = wrong;
        assert!(any.is_valid(process) && !any.is_valid(&changed), "{at}");
    }
}
