//! The Codex form, both ways.

use codex_core::{CodexPolicy, ProfileName, SandboxMode, SecurityProfile};
use serde_json::json;

use super::support::{Place, deny_read, with, writable};

#[test]
fn every_profile_has_a_form_and_comes_back() {
    let place = Place::new();
    let workspace = |network: bool| {
        json!({ "type": "workspace-write", "writable_roots": [], "network_access": network,
                "exclude_tmpdir_env_var": true, "exclude_slash_tmp": true })
    };
    for (name, form) in [
        (ProfileName::Offline, json!({ "type": "read-only" })),
        (ProfileName::NetReadOnly, json!({ "type": "read-only", "network_access": true })),
        (ProfileName::WorkspaceWrite, workspace(false)),
        (ProfileName::WorkspaceNet, workspace(true)),
        (ProfileName::Trusted, json!({ "type": "danger-full-access" })),
    ] {
        let codex = place.policy(name).to_codex().unwrap();
        assert_eq!(serde_json::to_value(&codex).unwrap(), form);
        assert_eq!(CodexPolicy::from_json(&form.to_string()).unwrap(), codex);
        assert_eq!(SecurityProfile::from_codex(&codex).unwrap(), SecurityProfile::named(name));
    }
}

#[test]
fn absent_fields_have_defaults_and_unknown_ones_are_refused() {
    let parse = |text: &str| CodexPolicy::from_json(text);
    assert_eq!(
        parse(r#"{"type":"workspace-write"}"#).unwrap(),
        CodexPolicy::WorkspaceWrite {
            writable_roots: vec![],
            network_access: false,
            exclude_tmpdir_env_var: false,
            exclude_slash_tmp: false
        }
    );
    for text in [
        r#"{"type":"read-only","writable_roots":[]}"#,
        r#"{"type":"workspace-write","writable":[]}"#,
        r#"{"type":"danger-full-access","network_access":true}"#,
        r#"{"type":"external-sandbox"}"#,
        r#"{"mode":"read-only"}"#,
        r#"{"type":"readOnly"}"#,
        r#""read-only""#,
        "{}",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn writable_roots_are_kept_and_the_workspace_is_implied() {
    let place = Place::new();
    let cache = place.dir("cache");
    let profile = with(ProfileName::WorkspaceWrite, writable([&cache]));
    let codex = place.resolve(&profile).to_codex().unwrap();
    assert!(matches!(&codex, CodexPolicy::WorkspaceWrite { writable_roots, .. } if *writable_roots == [cache]));
    assert_eq!(SecurityProfile::from_codex(&codex).unwrap(), profile);
}

#[test]
fn roots_that_no_profile_can_hold_are_refused() {
    for root in ["relative", "~/x", "", "/"] {
        let form = json!({ "type": "workspace-write", "writable_roots": [root] });
        let codex = CodexPolicy::from_json(&form.to_string()).unwrap();
        assert!(SecurityProfile::from_codex(&codex).is_err(), "{root}");
    }
}

#[test]
fn a_denied_path_is_not_lost_in_silence() {
    let place = Place::new();
    let policy = place.resolve(&with(ProfileName::Offline, deny_read(["~/.ssh"])));
    assert!(policy.to_codex().unwrap_err().to_string().contains(".ssh"));
}

#[test]
fn modes_are_profiles() {
    for (name, profile) in [
        ("read-only", ProfileName::Offline),
        ("workspace-write", ProfileName::WorkspaceWrite),
        ("danger-full-access", ProfileName::Trusted),
    ] {
        let mode: SandboxMode = name.parse().unwrap();
        assert_eq!((mode.profile(), mode.to_string().as_str()), (profile, name));
    }
    for name in ["", "Read-Only", "readonly", "offline", "full"] {
        assert!(name.parse::<SandboxMode>().unwrap_err().to_string().contains("danger-full-access"));
    }
}
