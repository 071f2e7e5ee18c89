//! Profiles from text and files.

use std::{fs, path::Path};

use codex_core::{ProfileError, ProfileName, SecurityProfile};

use super::support::Place;

const TOML: &str = r#"
profile = "workspace-net"
writable = ["/opt/cache", "~/x"]
denyRead = ["~/.config/secrets", "private"]
network = "none"

[environment]
mode = "minimal"
allow = ["NPM_TOKEN"]
deny = ["DEBUG"]
set = { A = "1" }
"#;

const JSON: &str = r#"{ "profile": "workspace-net", "writable": ["/opt/cache", "~/x"],
  "denyRead": ["~/.config/secrets", "private"], "network": "none",
  "environment": { "mode": "minimal", "allow": ["NPM_TOKEN"], "deny": ["DEBUG"], "set": { "A": "1" } } }"#;

#[test]
fn toml_and_json_have_the_same_keys() {
    let toml = SecurityProfile::from_toml(TOML).unwrap();
    assert_eq!(toml, SecurityProfile::from_json(JSON).unwrap());
    assert_eq!(toml.name(), ProfileName::WorkspaceNet);
    assert_eq!(SecurityProfile::from_toml("").unwrap(), SecurityProfile::default());
    assert_eq!(SecurityProfile::from_json("{}").unwrap(), SecurityProfile::default());
}

#[test]
fn toml_errors_name_the_key_and_the_position() {
    for (text, key, line, column) in [
        ("denyRead = [\n  \"/a\",\n  \"*/..\",\n]", Some("denyRead[1]"), 3, 3),
        ("profile = \"offline\"\nwritable = [\"/a\"]", Some("writable"), 2, 12),
        ("[environment]\ndeny = [\"A\", \"A=B\"]", Some("environment.deny[1]"), 2, 14),
        ("\nprofile = \"strict\"", Some("profile"), 2, 11),
        ("writable = 3", Some("writable"), 1, 12),
        ("network = \"all\"", Some("network"), 1, 11),
        ("\nprofil = \"offline\"", Some("profil"), 2, 1),
        ("deny_read = []", Some("deny_read"), 1, 1),
        ("[environment]\nkeep = []", Some("environment.keep"), 2, 1),
        ("profile = \"ö", None, 1, 13),
    ] {
        let error = SecurityProfile::from_toml(text).unwrap_err();
        assert_eq!(error.key(), key, "{text}: {error}");
        let message = error.to_string();
        assert!(message.starts_with(&format!("TOML, line {line}, column {column}: ")), "{text}: {message}");
        assert!(key.is_none_or(|key| message.contains(key)), "{message}");
    }
}

/// A key that stands twice is named in the message only.
#[test]
fn json_errors_name_the_key() {
    for (text, key) in [
        (r#"{"denyRead": ["/a", "*/.."]}"#, Some("denyRead[1]")),
        (r#"{"writable": "x"}"#, Some("writable")),
        (r#"{"profile": "strict"}"#, Some("profile")),
        (r#"{"profile": null, "x": 1}"#, Some("x")),
        (r#"{"environment": {"keep": []}}"#, Some("environment.keep")),
        (r#"{"environment": []}"#, Some("environment")),
        (r#"["trusted"]"#, None),
        (r#""trusted""#, None),
        ("{} {}", None),
        ("", None),
        (r#"{"profile": "offline", "profile": "trusted"}"#, None),
    ] {
        let error = SecurityProfile::from_json(text).unwrap_err();
        assert_eq!(error.key(), key, "{text}: {error}");
    }
}

#[test]
fn a_file_is_read_by_its_ending() {
    let place = Place::new();
    let write = |name: &str, text: &str| {
        let path = place.root.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    assert_eq!(
        SecurityProfile::load(&write("a.toml", TOML)).unwrap(),
        SecurityProfile::load(&write("a.JSON", JSON)).unwrap()
    );
    for name in ["a.yaml", "a", ".toml"] {
        let error = SecurityProfile::load(&write(name, "")).unwrap_err();
        assert!(matches!(error, ProfileError::Extension { .. }), "{error}");
    }
    let error = SecurityProfile::load(&write("b.toml", "x = 1")).unwrap_err();
    assert!(error.to_string().contains("b.toml") && error.key() == Some("x"), "{error}");
    let error = SecurityProfile::load(&write("big.toml", &"#".repeat((1 << 20) + 1))).unwrap_err();
    assert!(matches!(error, ProfileError::TooLarge { .. }), "{error}");
    SecurityProfile::load(&write("fits.toml", &"#".repeat(1 << 20))).unwrap();
    let error = SecurityProfile::load(Path::new("/nonexistent/p.toml")).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/p.toml"), "{error}");
    fs::write(place.root.join("bytes.toml"), b"\xff").unwrap();
    let error = SecurityProfile::load(&place.root.join("bytes.toml")).unwrap_err();
    assert!(matches!(error, ProfileError::Io { .. }), "{error}");
}
