//! The JSON Schema of a profile file.

use schemars::{Schema, generate::SchemaSettings};

use super::ProfileInit;

/// The JSON Schema (draft 2020-12) of [`ProfileInit`].
///
/// `schemas/security-profile.schema.json` is this, written by `cargo run -p codex-core --example write_schemas`;
/// a test compares the two.
#[must_use]
pub fn profile_schema() -> Schema {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ProfileInit>();
    schema.insert("title".into(), "Security profile".into());
    schema
}
