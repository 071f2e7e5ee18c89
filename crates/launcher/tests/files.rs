//! What runs may write and read.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use codex_core::{ProfileInit, ProfileName, exec::End};
use support::{Fixture, text};

#[test]
fn the_workspace_is_written_and_nothing_else_is() {
    let fixture = Fixture::new(ProfileName::WorkspaceWrite);
    let outside = fixture.outside.display().to_string();
    let outcome =
        fixture.sh(&format!("echo in > f; echo out > {outside}/f; touch {outside}; chmod 777 {outside}; true"));
    assert_eq!(outcome.end, End::Code(0));
    assert_eq!(std::fs::read_to_string(fixture.workspace.join("f")).unwrap(), "in\n");
    assert_eq!(std::fs::read_dir(&fixture.outside).unwrap().count(), 0);
}

#[test]
fn a_link_in_the_workspace_leads_nowhere_writable() {
    let fixture = Fixture::new(ProfileName::WorkspaceWrite);
    std::fs::write(fixture.outside.join("target"), "before").unwrap();
    std::os::unix::fs::symlink(&fixture.outside, fixture.workspace.join("link")).unwrap();
    let outcome = fixture.sh("echo after > link/target");
    assert_ne!(outcome.end, End::Code(0));
    assert_eq!(std::fs::read_to_string(fixture.outside.join("target")).unwrap(), "before");
}

#[test]
fn a_workspace_that_was_replaced_is_refused() {
    let fixture = Fixture::new(ProfileName::WorkspaceWrite);
    std::fs::remove_dir(&fixture.workspace).unwrap();
    std::fs::create_dir(&fixture.workspace).unwrap();
    let refused = fixture.try_run(support::shell("true")).unwrap_err().to_string();
    assert!(refused.contains("was replaced"), "{refused}");
}

#[test]
fn offline_writes_nothing_but_its_private_tmp() {
    let fixture = Fixture::new(ProfileName::Offline);
    let outcome = fixture.sh("echo x > f; echo kept > /tmp/codex-private-file && cat /tmp/codex-private-file");
    assert_eq!(text(&outcome.stdout.bytes), "kept");
    assert_eq!(text(&fixture.sh("cat $TMPDIR/codex-private-file").stdout.bytes), "kept");
    assert!(!fixture.workspace.join("f").exists());
    assert!(!std::path::Path::new("/tmp/codex-private-file").exists());
}

#[test]
fn denied_paths_are_hidden_inside_the_workspace_and_outside() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().canonicalize().unwrap().join("secret");
    std::fs::write(&secret, "hidden").unwrap();
    let init =
        ProfileInit { deny_read: vec![secret.clone(), "own-secret".into(), "folder".into()], ..ProfileInit::default() };
    let fixture = prepared(init);
    let outcome = fixture.sh(&format!("cat {} own-secret folder/inner; ls folder; cat open", secret.display()));
    assert_eq!(text(&outcome.stdout.bytes), "open");
}

#[test]
fn a_run_has_no_capability_and_no_way_to_one() {
    let fixture = Fixture::new(ProfileName::WorkspaceWrite);
    let status = fixture.sh("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status");
    for line in text(&status.stdout.bytes).lines() {
        let (name, value) = line.split_once(':').unwrap();
        let wanted = match name {
            "NoNewPrivs" => "1",
            "Seccomp" => "2",
            _ => "0000000000000000",
        };
        assert_eq!(value.trim(), wanted, "{line}");
    }
    for forbidden in [
        "mount -t tmpfs none .",
        "unshare -U true",
        "unshare -m true",
        "chroot . true",
        "echo x > /proc/sys/kernel/core_pattern",
    ] {
        assert_ne!(fixture.sh(forbidden).end, End::Code(0), "{forbidden}");
    }
}

/// A fixture whose denied files existed before its sandbox was made.
fn prepared(init: ProfileInit) -> Fixture {
    let mut fixture = Fixture::new(ProfileName::WorkspaceWrite);
    std::fs::write(fixture.workspace.join("own-secret"), "hidden").unwrap();
    std::fs::create_dir(fixture.workspace.join("folder")).unwrap();
    std::fs::write(fixture.workspace.join("folder/inner"), "hidden").unwrap();
    std::fs::write(fixture.workspace.join("open"), "open").unwrap();
    fixture.remake(ProfileName::WorkspaceWrite, init);
    fixture
}
