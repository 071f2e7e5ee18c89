//! The published schema and the product's own rules.

use crate::rules::RulesFile;

/// Where the schema is committed.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/exec-policy.schema.json");

#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let mut schema = schemars::schema_for!(RulesFile);
    schema.insert("title".into(), "codex exec policy".into());
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).expect("a schema"));
    if std::env::var_os("CODEX_WRITE_SCHEMA").is_some() {
        std::fs::write(SCHEMA, &text).expect("the schema is written");
    }
    let committed = std::fs::read_to_string(SCHEMA).expect("the schema is committed");
    assert_eq!(committed, text, "run this test with CODEX_WRITE_SCHEMA=1 and commit the schema");
}

#[test]
fn every_rule_of_the_product_does_what_its_examples_say() {
    let rules = crate::rules::parse_text(crate::ExecPolicy::builtin_toml(), "builtin.toml").expect("rules that parse");
    assert!(rules.len() > 30);
    crate::rules::examine(&rules).expect("rules that hold");
    let report = crate::ExecPolicy::builtin().test();
    assert!(report.ok(), "{:?}", report.failures);
    assert_eq!(report.rules, rules.len());
}
