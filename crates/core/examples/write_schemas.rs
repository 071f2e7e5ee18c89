//! Writes the JSON Schemas of this crate into `schemas/` at the root of the repository.

use std::{error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let text = serde_json::to_string_pretty(&codex_core::profile_schema())?;
    fs::write(schemas.join("security-profile.schema.json"), text + "\n")?;
    Ok(())
}
