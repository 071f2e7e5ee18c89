//! What a policy answers.

use std::{collections::BTreeSet, fs, path::PathBuf};

use codex_core::{Access, Decision, NetworkInit, NetworkPolicy, ProfileInit, ProfileName, SandboxPolicy, WriteAccess};

use super::support::{Place, deny_read, with, writable};

fn read(policy: &SandboxPolicy, path: impl Into<PathBuf>) -> Decision {
    policy.explain(&Access::Read(path.into()))
}

fn write(policy: &SandboxPolicy, path: impl Into<PathBuf>) -> Decision {
    policy.explain(&Access::Write(path.into()))
}

fn connect(policy: &SandboxPolicy, host: &str) -> Decision {
    policy.explain(&Access::Connect(host.into()))
}

fn assert_rule(decision: &Decision, allowed: bool, rule: &str) {
    assert_eq!((decision.allowed, decision.rule.as_str()), (allowed, rule), "{decision:?}");
    assert!(!decision.reason.is_empty());
    assert!(!(decision.allowed && decision.grant.is_some()), "{decision:?}");
}

#[test]
fn writes_are_judged_by_profile() {
    let place = Place::new();
    for (name, inside, outside) in [
        (ProfileName::Offline, "read-only-profile", "read-only-profile"),
        (ProfileName::NetReadOnly, "read-only-profile", "read-only-profile"),
        (ProfileName::WorkspaceWrite, "workspace", "outside-writable-roots"),
        (ProfileName::WorkspaceNet, "workspace", "outside-writable-roots"),
        (ProfileName::Trusted, "no-sandbox", "no-sandbox"),
    ] {
        let policy = place.policy(name);
        assert_rule(&write(&policy, "new/file"), name >= ProfileName::WorkspaceWrite, inside);
        assert_rule(&write(&policy, place.home.join("x")), name == ProfileName::Trusted, outside);
        assert_rule(&write(&policy, "/"), name == ProfileName::Trusted, outside);
    }
}

#[test]
fn a_denied_write_says_what_to_grant() {
    let place = Place::new();
    let grant = |name, path: PathBuf| write(&place.policy(name), path).grant.unwrap();
    assert_eq!(grant(ProfileName::Offline, place.workspace.join("x")), "use the profile workspace-write");
    assert_eq!(grant(ProfileName::NetReadOnly, place.workspace.join("x")), "use the profile workspace-net");
    let home = place.home.display();
    assert_eq!(
        grant(ProfileName::Offline, place.home.join("new/x")),
        format!("use the profile workspace-write with writable: [\"{home}\"]")
    );
    assert_eq!(grant(ProfileName::WorkspaceWrite, place.home.join("x")), format!("add writable: [\"{home}\"]"));
}

#[test]
fn a_granted_directory_is_writable() {
    let place = Place::new();
    let cache = place.dir("cache");
    let policy = place.resolve(&with(ProfileName::WorkspaceWrite, writable([&cache])));
    assert_rule(&write(&policy, cache.join("x")), true, "writable-root");
    assert_rule(&write(&policy, &cache), true, "writable-root");
    assert_rule(&write(&policy, place.root.join("cache2")), false, "outside-writable-roots");
}

#[test]
fn paths_are_judged_where_they_land() {
    let place = Place::new();
    let policy = place.policy(ProfileName::WorkspaceWrite);
    fs::create_dir(place.workspace.join("sub")).unwrap();
    for (link, target) in
        [("out", "../home"), ("etc", "/etc"), ("dangling", "../home/new"), ("in", "sub"), ("chain", "out")]
    {
        std::os::unix::fs::symlink(target, place.workspace.join(link)).unwrap();
    }
    std::os::unix::fs::symlink(&place.workspace, place.home.join("back")).unwrap();
    for path in ["../x", "a/../../x", "out/x", "etc/passwd", "dangling", "chain/x", "sub/../../home/x", "~/x"] {
        assert_rule(&write(&policy, path), false, "outside-writable-roots");
    }
    for path in ["x", "in/x", "./a/../b", "out/back/x", "out/../workspace/x"] {
        assert_rule(&write(&policy, path), true, "workspace");
    }
    // A link is followed before `..` is taken: this is the parent of the home, not of the link.
    assert_rule(&write(&policy, "out/../x"), false, "outside-writable-roots");
}

#[test]
fn paths_that_name_nothing_are_denied() {
    let place = Place::new();
    std::os::unix::fs::symlink("loop", place.workspace.join("loop")).unwrap();
    for name in ProfileName::ALL {
        for path in ["", "a\0b", "loop/x"] {
            assert_rule(&write(&place.policy(name), path), false, "unusable-path");
            assert_rule(&read(&place.policy(name), path), false, "unusable-path");
        }
    }
}

#[test]
fn denied_paths_are_denied_whatever_grants_them() {
    let place = Place::new();
    fs::create_dir(place.workspace.join("private")).unwrap();
    std::os::unix::fs::symlink("private", place.workspace.join("link")).unwrap();
    for name in [ProfileName::Offline, ProfileName::WorkspaceNet] {
        let policy = place.resolve(&with(name, deny_read(["private", "~/.ssh", "/tmp/denied"])));
        for path in ["private", "private/x", "link/x", "./private/../link", "/tmp/denied/x"] {
            assert_rule(&read(&policy, path), false, "deny-read");
            assert_rule(&write(&policy, path), false, "deny-read");
        }
        assert_rule(&read(&policy, place.home.join(".ssh/id")), false, "deny-read");
        assert_rule(&read(&policy, "private2"), true, "workspace");
        assert_rule(&read(&policy, "/etc/passwd"), true, "readable");
    }
}

#[test]
fn the_private_tmp_is_writable_in_all_but_trusted() {
    let place = Place::new();
    for name in ProfileName::ALL {
        let rule = if name == ProfileName::Trusted { "no-sandbox" } else { "private-tmp" };
        for path in ["/tmp/x", "/tmp", "/var/tmp/x", "/dev/shm/x"] {
            assert_rule(&write(&place.policy(name), path), true, rule);
            assert_rule(&read(&place.policy(name), path), true, rule);
        }
        assert_rule(
            &read(&place.policy(name), "/tmpfoo"),
            true,
            if name == ProfileName::Trusted { rule } else { "readable" },
        );
    }
    assert!(write(&place.policy(ProfileName::Offline), "/tmp/x").reason.contains("private"));
    assert_rule(&write(&place.policy(ProfileName::Offline), "/dev/null"), true, "device");
}

#[test]
fn a_workspace_below_tmp_is_the_real_one() {
    let place = Place::in_tmp();
    let cache = place.dir("cache");
    assert_rule(&write(&place.policy(ProfileName::Offline), "x"), false, "read-only-profile");
    assert_rule(&write(&place.policy(ProfileName::WorkspaceWrite), "x"), true, "workspace");
    assert_rule(&read(&place.policy(ProfileName::Offline), "x"), true, "workspace");
    let policy = place.resolve(&with(ProfileName::WorkspaceWrite, writable([&cache])));
    assert_rule(&write(&policy, cache.join("x")), true, "writable-root");
    assert_rule(&write(&policy, place.home.join("x")), true, "private-tmp");
}

#[test]
fn a_granted_tmp_is_the_real_one() {
    let place = Place::new();
    let mut policy = place.policy(ProfileName::WorkspaceWrite);
    policy.write = WriteAccess::Roots(BTreeSet::from([PathBuf::from("/tmp"), place.workspace.clone()]));
    assert_rule(&write(&policy, "/tmp/x"), true, "writable-root");
}

#[test]
fn connections_are_judged_by_network() {
    let place = Place::new();
    for (name, rule) in [
        (ProfileName::Offline, "no-network"),
        (ProfileName::NetReadOnly, "outbound-network"),
        (ProfileName::WorkspaceWrite, "no-network"),
        (ProfileName::WorkspaceNet, "outbound-network"),
        (ProfileName::Trusted, "no-sandbox"),
    ] {
        let policy = place.policy(name);
        for host in ["example.com", "example.com:443", "1.2.3.4", "[2001:db8::1]:443", "localhost.example.com"] {
            assert_rule(&connect(&policy, host), policy.network != NetworkPolicy::None, rule);
        }
        for host in ["", " ", "a b", "a\nb"] {
            assert_rule(&connect(&policy, host), false, "unusable-host");
        }
    }
    let grant = |name| connect(&place.policy(name), "example.com").grant.unwrap();
    assert!(grant(ProfileName::Offline).contains("net-read-only"));
    assert!(grant(ProfileName::WorkspaceWrite).contains("workspace-net"));
    let narrowed = ProfileInit { network: Some(NetworkInit::None), ..ProfileInit::default() };
    let policy = place.resolve(&with(ProfileName::WorkspaceNet, narrowed));
    assert_rule(&connect(&policy, "example.com"), false, "no-network");
}

#[test]
fn loopback_is_private_without_network() {
    let place = Place::new();
    let policy = place.policy(ProfileName::Offline);
    for host in
        ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:80", "::1", "[::1]:80", "a.localhost.", "127.1.2.3"]
    {
        assert_rule(&connect(&policy, host), true, "private-loopback");
    }
    for host in ["localhost.evil.com", "128.0.0.1", "127.0.0.1.nip.io"] {
        assert_rule(&connect(&policy, host), false, "no-network");
    }
}

#[test]
fn secrets_are_denied_and_opened_by_name_only() {
    let place = Place::new();
    place.dir("home/.ssh/keys");
    fs::write(place.home.join(".ssh/known_hosts"), "").unwrap();
    for name in ProfileName::ALL {
        let policy = place.policy(name);
        let rule = if name == ProfileName::Trusted { "no-sandbox" } else { "secret" };
        let secrets = [".ssh", ".ssh/id", ".aws/absent"].map(|below| place.home.join(below));
        for path in secrets.into_iter().chain([PathBuf::from("/etc/shadow")]) {
            assert_rule(&read(&policy, path), name == ProfileName::Trusted, rule);
        }
        assert!(read(&policy, place.home.join(".sshx")).allowed);
    }
    let open = |paths: &[&str]| {
        let readable = paths.iter().map(PathBuf::from).collect();
        place.resolve(&with(ProfileName::Offline, ProfileInit { readable, ..ProfileInit::default() }))
    };
    let one = open(&["~/.ssh/known_hosts"]);
    assert_rule(&read(&one, place.home.join(".ssh/known_hosts")), true, "readable-root");
    assert_rule(&read(&one, place.home.join(".ssh/keys")), false, "secret");
    assert_rule(&read(&open(&["~/.ssh"]), place.home.join(".ssh/keys/x")), true, "readable-root");
    assert_rule(&write(&open(&["~/.ssh"]), place.home.join(".ssh/keys/x")), false, "read-only-profile");
    assert_rule(&read(&open(&["~"]), place.home.join(".ssh/keys")), false, "secret");
    let grant = read(&place.policy(ProfileName::Offline), place.home.join(".ssh/known_hosts")).grant.unwrap();
    assert!(grant.contains("readable") && grant.contains("known_hosts"), "{grant}");
}

#[test]
fn a_write_to_a_secret_is_granted_as_a_write_or_not_at_all() {
    let place = Place::new();
    place.dir("home/.ssh/keys");
    fs::write(place.home.join(".netrc"), "").unwrap();
    let policy = place.policy(ProfileName::WorkspaceWrite);
    let told = |below: &str| {
        let decision = write(&policy, place.home.join(below));
        (decision.rule, decision.grant)
    };
    let grant = |below: &str| Some(format!("add writable: [{:?}]", place.home.join(below).display().to_string()));
    let [secret, outside] = ["secret", "outside-writable-roots"].map(str::to_owned);
    assert_eq!(told(".ssh/keys/new"), (secret.clone(), grant(".ssh/keys")));
    assert_eq!(told(".ssh/known_hosts"), (secret.clone(), grant(".ssh")));
    assert_eq!(told(".netrc"), (secret, None));
    // What isn't there is not hidden, and the home is no grant for it.
    assert_eq!(told(".python_history"), (outside, None));
    let granted = place.resolve(&with(ProfileName::WorkspaceWrite, writable([&place.home])));
    let hidden = write(&granted, place.home.join(".netrc"));
    assert_eq!(hidden.rule, "secret");
    assert!(hidden.grant.unwrap().contains("readable"), "the home is writable already");
}

#[test]
fn carve_outs_are_read_only_until_named() {
    let place = Place::new();
    let policy = place.policy(ProfileName::WorkspaceWrite);
    for path in [".git/hooks/x", "a/.git/config", ".vscode/x", ".envrc", ".git/modules/a/hooks"] {
        assert_rule(&write(&policy, path), false, "carve-out");
        assert_rule(&read(&policy, path), true, "workspace");
    }
    for path in [".git/index", ".git/config.lock", "a/.vscode"] {
        assert_rule(&write(&policy, path), true, "workspace");
    }
    let named = place.resolve(&with(ProfileName::WorkspaceWrite, writable([".git/hooks", ".vscode"])));
    assert_rule(&write(&named, ".git/hooks/x"), true, "workspace");
    assert_rule(&write(&named, ".vscode/x"), true, "workspace");
    assert_rule(&write(&named, ".git/config"), false, "carve-out");
    let git_directory = place.dir("elsewhere/.git");
    for name in ["objects", "refs", "worktrees/w"] {
        place.dir(&format!("elsewhere/.git/{name}"));
    }
    fs::write(git_directory.join("HEAD"), "ref: x").unwrap();
    let granted = place.resolve(&with(ProfileName::WorkspaceWrite, writable([&git_directory])));
    assert_rule(&write(&granted, git_directory.join("hooks/x")), false, "carve-out");
    assert_rule(&write(&granted, git_directory.join("worktrees/w/commondir")), false, "carve-out");
    assert_rule(&write(&granted, git_directory.join("worktrees/w/index.lock")), true, "writable-root");
}
