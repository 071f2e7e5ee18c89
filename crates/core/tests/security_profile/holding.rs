//! What each profile can hold.

use codex_core::{
    EnvironmentInit, EnvironmentMode, NetworkInit, NetworkPolicy, ProfileError, ProfileInit, ProfileName,
    SecurityProfile,
};

use super::support::{deny_read, with, writable};

fn network(network: NetworkInit) -> ProfileInit {
    ProfileInit { network: Some(network), ..ProfileInit::default() }
}

fn refused(name: ProfileName, init: ProfileInit) -> String {
    SecurityProfile::with(name, init).unwrap_err().to_string()
}

#[test]
fn the_default_is_offline_with_nothing_added() {
    let default = SecurityProfile::default();
    assert_eq!(default, SecurityProfile::named(ProfileName::Offline));
    assert_eq!(default, SecurityProfile::from_init(ProfileInit::default()).unwrap());
    assert_eq!(default.network(), NetworkPolicy::None);
}

#[test]
fn writable_directories_need_a_workspace_profile() {
    for name in [ProfileName::WorkspaceWrite, ProfileName::WorkspaceNet] {
        SecurityProfile::with(name, writable(["/opt/x", "~/x", "x"])).unwrap();
    }
    assert!(refused(ProfileName::Offline, writable(["/opt/x"])).contains("use workspace-write"));
    assert!(refused(ProfileName::NetReadOnly, writable(["/opt/x"])).contains("use workspace-net"));
}

#[test]
fn the_network_can_only_be_narrowed() {
    assert!(refused(ProfileName::Offline, network(NetworkInit::Outbound)).contains("use net-read-only"));
    assert!(refused(ProfileName::WorkspaceWrite, network(NetworkInit::Outbound)).contains("use workspace-net"));
    for name in [ProfileName::NetReadOnly, ProfileName::WorkspaceNet] {
        assert_eq!(with(name, network(NetworkInit::Outbound)).network(), NetworkPolicy::Outbound);
        let narrowed = with(name, network(NetworkInit::None));
        assert_eq!(narrowed.network(), NetworkPolicy::None);
        let error = narrowed.extend(network(NetworkInit::Outbound)).unwrap_err();
        assert!(matches!(error, ProfileError::Widens { key: "network", .. }), "{error}");
    }
}

#[test]
fn trusted_holds_no_restriction_of_a_sandbox() {
    for init in [writable(["/opt"]), deny_read(["/opt"]), network(NetworkInit::None), network(NetworkInit::Outbound)] {
        assert!(matches!(SecurityProfile::with(ProfileName::Trusted, init), Err(ProfileError::Unenforced { .. })));
    }
}

#[test]
fn an_extension_loses_nothing() {
    let minimal =
        EnvironmentInit { mode: Some(EnvironmentMode::Minimal), deny: vec!["A".into()], ..EnvironmentInit::default() };
    let base = with(
        ProfileName::WorkspaceNet,
        ProfileInit { environment: minimal, network: Some(NetworkInit::None), ..deny_read(["/a"]) },
    );
    assert_eq!(base.extend(ProfileInit::default()).unwrap(), base);
    let extended = base.extend(deny_read(["/b", "/a"])).unwrap().to_init();
    assert_eq!(extended.deny_read, ["/a", "/b"].map(std::path::PathBuf::from));
    assert_eq!(extended.network, Some(NetworkInit::None));
    assert_eq!(extended.environment.deny, ["A"]);
    let inherit = EnvironmentInit { mode: Some(EnvironmentMode::Inherit), ..EnvironmentInit::default() };
    let error = base.extend(ProfileInit { environment: inherit, ..ProfileInit::default() }).unwrap_err();
    assert_eq!(error.key(), Some("environment.mode"));
}

#[test]
fn an_extension_keeps_the_base() {
    let base = SecurityProfile::named(ProfileName::Offline);
    let named = |name| ProfileInit { profile: Some(name), ..ProfileInit::default() };
    assert_eq!(base.extend(named(ProfileName::Offline)).unwrap(), base);
    let error = base.extend(named(ProfileName::Trusted)).unwrap_err().to_string();
    assert!(error.contains("trusted") && error.contains("offline"), "{error}");
    assert!(SecurityProfile::with(ProfileName::Offline, named(ProfileName::Trusted)).is_err());
}

#[test]
fn unusable_paths_are_refused_by_key() {
    for path in ["/", "//", "/.", "/usr/..", "/usr/../..", "", "a\0b", "~other/x"] {
        let error = SecurityProfile::with(ProfileName::WorkspaceWrite, writable(["/opt", path])).unwrap_err();
        assert_eq!(error.key(), Some("writable[1]"), "{path:?}: {error}");
    }
    for path in ["", "a\0b", "a[", "/a/{b", "*/../x", "~other"] {
        let error = SecurityProfile::with(ProfileName::Offline, deny_read(["/opt", path])).unwrap_err();
        assert_eq!(error.key(), Some("denyRead[1]"), "{path:?}: {error}");
    }
}

#[test]
fn unusable_variables_are_refused_by_key() {
    let environment = |environment| ProfileInit { environment, ..ProfileInit::default() };
    for name in ["", "A=B", "A\0", "AWS_*", "A?"] {
        let deny = EnvironmentInit { deny: vec![name.into()], ..EnvironmentInit::default() };
        let error = SecurityProfile::with(ProfileName::Offline, environment(deny)).unwrap_err();
        assert_eq!(error.key(), Some("environment.deny[0]"), "{error}");
        let set = EnvironmentInit { set: [(name.into(), "x".into())].into(), ..EnvironmentInit::default() };
        assert!(SecurityProfile::with(ProfileName::Offline, environment(set)).is_err());
    }
    let nul = EnvironmentInit { set: [("A".into(), "a\0b".into())].into(), ..EnvironmentInit::default() };
    assert!(refused(ProfileName::Offline, environment(nul)).contains("NUL byte in its value"));
}

#[test]
fn a_description_covers_every_topic_and_shows_no_value() {
    for name in ProfileName::ALL {
        let set = EnvironmentInit { set: [("A".into(), "hunter2".into())].into(), ..EnvironmentInit::default() };
        let facts = with(name, ProfileInit { environment: set, ..ProfileInit::default() }).describe();
        for topic in ["profile", "read", "write", "network", "environment"] {
            assert!(facts.iter().any(|fact| fact.topic == topic), "{name} {topic}");
        }
        assert!(!facts.iter().any(|fact| fact.fact.contains("hunter2")));
    }
}
