//! From a policy and what a launcher applied to the report of what was enforced.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use codex_launcher::protocol::{Applied, Boundary as Mechanism, LANDLOCK_SCOPES};

use super::denied;
use crate::{
    policy::{Limit, NetworkPolicy, SandboxPolicy},
    profile::ProfileName,
    sandbox::{Boundary, Cause, Enforcement, HeldLimit, NetworkEnforcement, Promise, TreeEnforcement, Unenforced},
};

/// What a machine can't hold although a profile promises it.
const WITHOUT_NAMESPACES: [(Promise, &str); 7] = [
    (
        Promise::FileMetadata,
        "Landlock has no right for modes, owners and times; mounts in a user namespace would do it",
    ),
    (
        Promise::PrivateTmp,
        "a directory of its own stands in for it, and TMPDIR points there; /tmp is the host's, read-only, and /dev/shm closed",
    ),
    (
        Promise::PrivateIpc,
        "without an ipc namespace System V and message queue calls answer as on a kernel without them",
    ),
    (Promise::Terminals, "without a mount namespace the user's terminals are in the same place, and it is closed"),
    (
        Promise::InvisibleProcesses,
        "without a pid namespace the processes of the host are listed in /proc, and can be scheduled otherwise",
    ),
    (Promise::Limits, "without namespaces only a control group limits processes, and nothing the place of the tmp"),
    (Promise::TreeEnd, "without a pid namespace a process that forks without end can outrun its end"),
];

/// What covering sockets by mounts leaves open.
const SOCKETS_MADE_LATER: &str = "held for /run and for what listened when the sandbox was made; a socket that a host \
    program makes later outside of /run and the tmp directories, or by a relative path, can be connected to";

/// What was found to be missing when the sandbox was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gaps {
    /// How many paths the policy denies that did not exist.
    pub absent_denials: usize,
    /// Why not every carve-out is found that a run makes.
    pub carve_outs: Option<&'static str>,
}

/// Reports on a sandbox of `policy`.
///
/// `limits` are those that are held.
pub fn enforcement(
    policy: &SandboxPolicy,
    mechanism: Mechanism,
    applied: &Applied,
    gaps: Gaps,
    limits: BTreeMap<Limit, HeldLimit>,
) -> Enforcement {
    let mut unenforced = Vec::new();
    let mut missing =
        |promise, cause, reason: &str| unenforced.push(Unenforced { promise, cause, reason: reason.to_owned() });
    if mechanism != Mechanism::None {
        if let Some(reason) = gaps.carve_outs {
            missing(Promise::CarveOuts, Cause::Version, reason);
        }
        match (mechanism, policy.network) {
            (Mechanism::Namespaces, _) => missing(Promise::HostUnixSockets, Cause::Version, SOCKETS_MADE_LATER),
            // No socket that could connect can be made at all.
            (_, NetworkPolicy::None) => {}
            _ => missing(
                Promise::HostUnixSockets,
                Cause::Machine,
                "without a mount namespace sockets of host services can be connected to by path",
            ),
        }
        if policy.network == NetworkPolicy::Outbound {
            missing(Promise::NetworkFilter, Cause::Version, "not in this version: the host's network is used as it is");
            // Else the launcher closes them all, but for pairs.
            let are_open = mechanism == Mechanism::Landlock || !policy.unix_sockets.is_empty();
            if applied.landlock_abi < LANDLOCK_SCOPES && are_open {
                missing(
                    Promise::AbstractUnixSockets,
                    Cause::Machine,
                    "needs Landlock 6 (Linux 6.12) where the host's network is used and a socket is granted",
                );
            }
        }
        if !policy.deny_read_patterns.is_empty() {
            missing(
                Promise::DenyRead,
                Cause::Version,
                "a pattern hides what it matches when the sandbox starts; what appears later can be read",
            );
        }
        if gaps.absent_denials > 0 {
            missing(
                Promise::DenyRead,
                Cause::Version,
                "a denied path did not exist when the sandbox was made; one that appears later can be read",
            );
        }
    }
    if mechanism == Mechanism::Landlock {
        for (promise, reason) in WITHOUT_NAMESPACES {
            missing(promise, Cause::Machine, reason);
        }
        if writes_workspace(policy.profile) {
            missing(
                Promise::CarveOuts,
                Cause::Machine,
                "without mounts, git hooks and editor settings that exist can be changed; new ones are taken away",
            );
        }
        if policy.network == NetworkPolicy::None {
            missing(
                Promise::PrivateLoopback,
                Cause::Machine,
                "without a network namespace no socket that connects can be made at all, not to a granted service either",
            );
        }
        if applied.landlock_abi < LANDLOCK_SCOPES {
            missing(Promise::Signals, Cause::Machine, "needs Landlock 6 (Linux 6.12) where there is no pid namespace");
        }
        let hidden = [
            (Promise::Secrets, policy.secrets.keys().collect::<Vec<_>>()),
            (Promise::DenyRead, policy.deny_read.iter().collect()),
        ];
        for (promise, paths) in hidden {
            let patterns = promise == Promise::DenyRead && !policy.deny_read_patterns.is_empty();
            // What a pattern matches can be anywhere.
            let in_writable = |path: &Path| policy.writable_roots().any(|root| path.starts_with(root));
            // A link may lead into one.
            let lands = |path: &Path| std::fs::canonicalize(path).is_ok_and(|landed| in_writable(&landed));
            if paths.iter().any(|path| in_writable(path) || lands(path))
                || patterns && policy.writable_roots().next().is_some()
            {
                missing(
                    promise,
                    Cause::Machine,
                    "Landlock can't take a right away below a directory that can be written",
                );
            } else if !paths.is_empty() || patterns {
                missing(
                    promise,
                    Cause::Machine,
                    "Landlock keeps what is in the files; their names can be listed, their sizes and times seen",
                );
            }
        }
    }
    Enforcement {
        profile: policy.profile,
        filesystem: filesystem(mechanism, applied),
        network: network(policy.network, mechanism),
        processes: match mechanism {
            Mechanism::Namespaces => TreeEnforcement::PidNamespace,
            Mechanism::Landlock | Mechanism::None => TreeEnforcement::Subreaper,
        },
        seccomp: applied.seccomp,
        capabilities_dropped: mechanism != Mechanism::None,
        landlock_abi: applied.landlock_abi,
        denials: denied::reports(applied.watch),
        limits,
        caches: Vec::new(),
        unenforced,
    }
}

/// The same of a run, before which a gap may have come up in what is seen of carve-outs.
pub fn with_gap(enforcement: Arc<Enforcement>, gap: Option<&str>) -> Arc<Enforcement> {
    let Some(reason) = gap else {
        return enforcement;
    };
    if enforcement.unenforced.iter().any(|missing| missing.reason == reason) {
        return enforcement;
    }
    let mut enforcement = Enforcement::clone(&enforcement);
    let reason = reason.to_owned();
    enforcement.unenforced.push(Unenforced { promise: Promise::CarveOuts, cause: Cause::Version, reason });
    Arc::new(enforcement)
}

fn filesystem(mechanism: Mechanism, applied: &Applied) -> Vec<Boundary> {
    let mounts = (mechanism == Mechanism::Namespaces).then_some(Boundary::Mounts);
    let landlock = (applied.landlock_abi > 0).then_some(Boundary::Landlock);
    mounts.into_iter().chain(landlock).collect()
}

fn network(policy: NetworkPolicy, mechanism: Mechanism) -> NetworkEnforcement {
    match (policy, mechanism) {
        (NetworkPolicy::None, Mechanism::Namespaces) => NetworkEnforcement::PrivateLoopback,
        (NetworkPolicy::None, Mechanism::Landlock | Mechanism::None) => NetworkEnforcement::Blocked,
        (NetworkPolicy::Outbound, _) => NetworkEnforcement::Unfiltered,
        (NetworkPolicy::Host, _) => NetworkEnforcement::Host,
    }
}

fn writes_workspace(profile: ProfileName) -> bool {
    matches!(profile, ProfileName::WorkspaceWrite | ProfileName::WorkspaceNet)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use codex_launcher::protocol::{Applied, Boundary as Mechanism, ProcessLimit, Watch};

    use super::{Gaps, enforcement};
    use crate::{
        profile::{ProfileName, SecurityProfile},
        sandbox::{Boundary, Cause, Enforcement, NetworkEnforcement, Promise, TreeEnforcement},
    };

    const NEWEST: Applied = Applied {
        landlock_abi: 7,
        seccomp: true,
        processes: ProcessLimit::UserNamespace,
        caches: Vec::new(),
        unheld: Vec::new(),
        watch: Watch::Full,
    };

    fn report(name: ProfileName, mechanism: Mechanism, applied: &Applied) -> Enforcement {
        let policy = SecurityProfile::named(name).resolve(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        enforcement(&policy, mechanism, applied, Gaps::default(), std::collections::BTreeMap::new())
    }

    fn machine_lacks(report: &Enforcement) -> Vec<Promise> {
        let missing = report.unenforced.iter().filter(|missing| missing.cause == Cause::Machine);
        missing.map(|missing| missing.promise).collect()
    }

    #[test]
    fn a_whole_machine_lacks_nothing_that_this_version_enforces() {
        for name in ProfileName::ALL.into_iter().filter(|name| *name != ProfileName::Trusted) {
            let report = report(name, Mechanism::Namespaces, &NEWEST);
            assert_eq!(machine_lacks(&report), []);
            assert_eq!(report.filesystem, [Boundary::Mounts, Boundary::Landlock]);
            assert_eq!(report.processes, TreeEnforcement::PidNamespace);
        }
    }

    #[test]
    fn mounts_alone_hold_every_profile() {
        let without_landlock = Applied { landlock_abi: 0, ..NEWEST };
        for name in [ProfileName::WorkspaceWrite, ProfileName::WorkspaceNet] {
            assert_eq!(machine_lacks(&report(name, Mechanism::Namespaces, &without_landlock)), []);
        }
    }

    #[test]
    fn landlock_alone_says_what_it_can_not_hold() {
        let report = report(ProfileName::WorkspaceWrite, Mechanism::Landlock, &NEWEST);
        assert_eq!(report.filesystem, [Boundary::Landlock]);
        assert_eq!(report.network, NetworkEnforcement::Blocked);
        let lacks = machine_lacks(&report);
        for promise in [Promise::FileMetadata, Promise::PrivateLoopback, Promise::InvisibleProcesses, Promise::TreeEnd]
        {
            assert!(lacks.contains(&promise), "{promise:?}");
        }
    }

    #[test]
    fn no_more_is_said_to_be_told_than_is_watched() {
        for watch in [Watch::Full, Watch::Network, Watch::Off] {
            let applied = Applied { watch, ..NEWEST };
            for mechanism in [Mechanism::Namespaces, Mechanism::Landlock] {
                let told = report(ProfileName::Offline, mechanism, &applied).denials;
                assert_eq!(crate::sandbox::linux::denied::watch(told), watch);
            }
        }
    }

    #[test]
    fn what_is_not_held_is_said_and_trusted_promises_nothing() {
        let offline = report(ProfileName::Offline, Mechanism::Namespaces, &NEWEST);
        let said = |promise| offline.unenforced.iter().any(|missing| missing.promise == promise);
        assert!(!said(Promise::Secrets) && said(Promise::HostUnixSockets));
        assert!(!said(Promise::CarveOuts));
        let net = report(ProfileName::NetReadOnly, Mechanism::Namespaces, &NEWEST);
        assert_eq!(net.network, NetworkEnforcement::Unfiltered);
        assert!(net.unenforced.iter().any(|missing| missing.promise == Promise::NetworkFilter));
        let trusted = report(
            ProfileName::Trusted,
            Mechanism::None,
            &Applied {
                landlock_abi: 0,
                seccomp: false,
                processes: ProcessLimit::None,
                caches: Vec::new(),
                unheld: Vec::new(),
                watch: Watch::Off,
            },
        );
        assert_eq!((trusted.unenforced.len(), trusted.filesystem.len()), (0, 0));
    }
}
