//! A profile and a workspace become a policy.

use std::{collections::BTreeSet, fs, path::Path};

use codex_core::{EnvironmentBase, NetworkPolicy, ProfileError, ProfileName, SecurityProfile, WriteAccess};

use super::support::{Place, deny_read, with, writable};

fn error(profile: &SecurityProfile, workspace: &Path, home: Option<&Path>) -> String {
    profile.resolve_with_home(workspace, home).unwrap_err().to_string()
}

#[test]
fn each_profile_becomes_its_policy() {
    let place = Place::new();
    for (name, writes, network) in [
        (ProfileName::Offline, false, NetworkPolicy::None),
        (ProfileName::NetReadOnly, false, NetworkPolicy::Outbound),
        (ProfileName::WorkspaceWrite, true, NetworkPolicy::None),
        (ProfileName::WorkspaceNet, true, NetworkPolicy::Outbound),
    ] {
        let policy = place.policy(name);
        let roots = if writes { BTreeSet::from([place.workspace.clone()]) } else { BTreeSet::new() };
        assert_eq!(policy.profile, name);
        assert_eq!(policy.workspace, place.workspace);
        assert_eq!(policy.write, WriteAccess::Roots(roots));
        assert_eq!(policy.network, network);
        assert_eq!(policy.environment.base, EnvironmentBase::Screened);
    }
    let trusted = place.policy(ProfileName::Trusted);
    assert_eq!(trusted.write, WriteAccess::All);
    assert_eq!(trusted.network, NetworkPolicy::Host);
    assert_eq!(trusted.environment.base, EnvironmentBase::Host);
}

#[test]
fn the_policy_is_shown_in_camel_case() {
    let place = Place::new();
    let shown = serde_json::to_value(place.policy(ProfileName::WorkspaceWrite)).unwrap();
    assert_eq!(shown["profile"], "workspace-write");
    assert_eq!(shown["denyRead"], serde_json::json!([]));
    assert_eq!(shown["write"]["roots"][0], place.workspace.to_str().unwrap());
    assert_eq!(shown["network"], "none");
    assert_eq!(shown["environment"]["base"], "screened");
}

#[test]
fn a_workspace_must_be_an_absolute_directory() {
    let place = Place::new();
    fs::write(place.root.join("file"), "").unwrap();
    for name in ProfileName::ALL {
        let profile = SecurityProfile::named(name);
        let home = Some(place.home.as_path());
        assert!(error(&profile, Path::new("relative"), home).contains("is not absolute"));
        assert!(error(&profile, Path::new(""), home).contains("is not absolute"));
        assert!(error(&profile, &place.root.join("missing"), home).contains("doesn't exist"));
        assert!(error(&profile, &place.root.join("file"), home).contains("is not a directory"));
        assert!(error(&profile, &place.root.join("file/below"), home).contains("is not a directory"));
    }
}

#[test]
fn the_whole_file_system_is_no_workspace_to_write() {
    let place = Place::new();
    std::os::unix::fs::symlink("/", place.root.join("link")).unwrap();
    let link = place.root.join("link");
    for spelling in [Path::new("/"), Path::new("//"), Path::new("/."), Path::new("/usr/.."), &link] {
        for name in [ProfileName::WorkspaceWrite, ProfileName::WorkspaceNet] {
            let message = error(&SecurityProfile::named(name), spelling, Some(&place.home));
            assert!(message.contains("whole file system"), "{message}");
        }
        for name in [ProfileName::Offline, ProfileName::NetReadOnly, ProfileName::Trusted] {
            SecurityProfile::named(name).resolve_with_home(spelling, Some(&place.home)).unwrap();
        }
    }
    let profile = with(ProfileName::WorkspaceWrite, writable([link]));
    assert!(error(&profile, &place.workspace, Some(&place.home)).contains("whole file system"));
}

#[test]
fn the_home_is_a_workspace_to_write_only_when_named() {
    let place = Place::new();
    let home = Some(place.home.as_path());
    for workspace in [&place.home, &place.root] {
        for name in [ProfileName::WorkspaceWrite, ProfileName::WorkspaceNet] {
            let message = error(&SecurityProfile::named(name), workspace, home);
            assert!(message.contains("home directory") && message.contains("writable"), "{message}");
        }
        SecurityProfile::named(ProfileName::Offline).resolve_with_home(workspace, home).unwrap();
        with(ProfileName::WorkspaceWrite, writable([workspace])).resolve_with_home(workspace, home).unwrap();
    }
    with(ProfileName::WorkspaceWrite, writable(["~"])).resolve_with_home(&place.home, home).unwrap();
    SecurityProfile::named(ProfileName::WorkspaceWrite).resolve_with_home(&place.home, None).unwrap();
}

#[test]
fn writable_directories_are_found_from_the_workspace_and_the_home() {
    let place = Place::new();
    let (a, b, c) = (place.dir("a"), place.dir("home/b"), place.dir("workspace/c"));
    let profile = with(ProfileName::WorkspaceWrite, writable([a.to_str().unwrap(), "~/b", "c"]));
    let roots = BTreeSet::from([a, b, c, place.workspace.clone()]);
    assert_eq!(place.resolve(&profile).write, WriteAccess::Roots(roots));

    for (path, what) in [("missing", "doesn't exist"), ("file", "is not a directory")] {
        fs::write(place.workspace.join("file"), "").unwrap();
        let message = error(&with(ProfileName::WorkspaceWrite, writable([path])), &place.workspace, None);
        assert!(message.contains("`writable[0]`") && message.contains(what), "{message}");
    }
    let message = error(&with(ProfileName::WorkspaceWrite, writable(["~/b"])), &place.workspace, None);
    assert!(message.contains("no home directory"), "{message}");
}

#[test]
fn denied_paths_are_resolved_and_need_not_exist() {
    let place = Place::new();
    let real = place.dir("real");
    std::os::unix::fs::symlink(&real, place.workspace.join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere/below", place.workspace.join("dangling")).unwrap();
    let denied = ["~/.ssh", "link", "link/../x", "dangling", "./not/yet"];
    let policy = place.resolve(&with(ProfileName::Offline, deny_read(denied)));
    let expected = BTreeSet::from([
        place.home.join(".ssh"),
        real,
        place.root.join("x"),
        place.workspace.join("nowhere/below"),
        place.workspace.join("not/yet"),
    ]);
    assert_eq!(policy.deny_read, expected);
}

#[test]
fn what_the_run_needs_cannot_be_denied() {
    let place = Place::new();
    let cache = place.dir("cache");
    for denied in [Path::new("."), Path::new(".."), Path::new("/"), &place.workspace] {
        let profile = with(ProfileName::Offline, deny_read([denied]));
        let error = profile.resolve_with_home(&place.workspace, Some(&place.home)).unwrap_err();
        assert!(matches!(error, ProfileError::DeniesNeeded { .. }), "{error}");
    }
    let profile = with(ProfileName::WorkspaceWrite, writable([&cache])).extend(deny_read([&cache])).unwrap();
    assert!(error(&profile, &place.workspace, Some(&place.home)).contains("must read"));
}

#[test]
fn a_loop_of_links_is_an_error() {
    let place = Place::new();
    std::os::unix::fs::symlink("loop", place.workspace.join("loop")).unwrap();
    let message = error(&with(ProfileName::Offline, deny_read(["loop/x"])), &place.workspace, None);
    assert!(message.contains("`denyRead[0]`") && message.contains("symbolic links"), "{message}");
}

#[test]
fn the_home_of_this_user_is_found() {
    let place = Place::new();
    let profile = with(ProfileName::Offline, deny_read(["~/a-name-that-is-not-there"]));
    if std::env::home_dir().is_some_and(|home| home.is_absolute()) {
        let policy = profile.resolve(&place.workspace).unwrap();
        assert!(policy.deny_read.first().unwrap().is_absolute());
    } else {
        assert!(profile.resolve(&place.workspace).is_err());
    }
}
