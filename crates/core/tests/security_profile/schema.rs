//! The published schema.

use std::path::Path;

use codex_core::{SecurityProfile, profile_schema};
use serde_json::{Value, json};

#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/security-profile.schema.json");
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(
        committed,
        profile_schema().to_value(),
        "run `cargo run -p codex-core --example write_schemas` and commit the file"
    );
}

#[test]
fn the_schema_and_the_reader_agree_on_form() {
    let schema = profile_schema().to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (document, valid) in [
        (json!({}), true),
        (json!({ "profile": "workspace" }), true),
        (json!({ "profile": "workspace-write", "writable": ["a"] }), true),
        (json!({ "denyRead": ["~/.ssh"], "network": "none" }), true),
        (json!({ "environment": { "mode": "minimal", "allow": ["A"], "deny": ["B"], "set": { "C": "d" } } }), true),
        (json!({ "profile": "strict" }), false),
        (json!({ "profil": "offline" }), false),
        (json!({ "writable": "a" }), false),
        (json!({ "network": "all" }), false),
        (json!({ "environment": { "mode": "none" } }), false),
        (json!({ "environment": { "keep": [] } }), false),
        (json!({ "environment": { "set": { "A": 1 } } }), false),
        (json!([]), false),
    ] {
        assert_eq!(validator.is_valid(&document), valid, "{document}");
        assert_eq!(SecurityProfile::from_json(&document.to_string()).is_ok(), valid, "{document}");
    }
}
