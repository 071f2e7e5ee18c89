//! What Seatbelt holds of a profile, and what it can't.

use std::collections::BTreeMap;

use crate::{
    policy::{Limit, NetworkPolicy, SandboxPolicy},
    profile::ProfileName,
    sandbox::{
        Boundary, Cause, DenialReports, Enforcement, HeldLimit, NetworkEnforcement, Promise, TreeEnforcement,
        Unenforced,
    },
};

/// Reports on a sandbox of `policy`. `marked` says why the processes of a run can't be told from others, if they can't.
pub fn enforcement(
    policy: &SandboxPolicy,
    limits: BTreeMap<Limit, HeldLimit>,
    marked: Result<(), String>,
) -> Enforcement {
    let sandboxed = policy.profile != ProfileName::Trusted;
    let mut unenforced = Vec::new();
    let mut missing =
        |promise, cause, reason: &str| unenforced.push(Unenforced { promise, cause, reason: reason.to_owned() });
    if sandboxed {
        missing(
            Promise::PrivateTmp,
            Cause::Platform,
            "a program finds its private tmp by TMPDIR; the tmp directories of the host are neither read nor written",
        );
        missing(
            Promise::PrivateLoopback,
            Cause::Platform,
            "macOS has no loopback for one sandbox: programs inside reach neither this machine's servers nor each other's",
        );
        missing(
            Promise::TreeEnd,
            Cause::Platform,
            "when the process that started a run is killed, the run goes on in its sandbox until it ends by itself",
        );
        if let Err(reason) = &marked {
            missing(Promise::TreeEnd, Cause::Machine, reason);
        }
        if policy.network == NetworkPolicy::Outbound {
            missing(
                Promise::NetworkFilter,
                Cause::Version,
                "not in this version: every address but those of this machine can be connected to",
            );
        }
    }
    Enforcement {
        profile: policy.profile,
        filesystem: if sandboxed { vec![Boundary::Seatbelt] } else { Vec::new() },
        network: match policy.network {
            NetworkPolicy::None => NetworkEnforcement::Blocked,
            NetworkPolicy::Outbound => NetworkEnforcement::Unfiltered,
            NetworkPolicy::Host => NetworkEnforcement::Host,
        },
        processes: match (sandboxed, &marked) {
            (true, Ok(())) => TreeEnforcement::SandboxMark,
            _ => TreeEnforcement::ProcessGroup,
        },
        seccomp: false,
        capabilities_dropped: false,
        landlock_abi: 0,
        limits,
        denials: DenialReports::Off,
        caches: Vec::new(),
        unenforced,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::enforcement;
    use crate::{
        ProfileName, SecurityProfile,
        sandbox::{Boundary, Cause, Enforcement, NetworkEnforcement, Promise, TreeEnforcement},
    };

    fn report(name: ProfileName, marked: Result<(), String>) -> Enforcement {
        let policy = SecurityProfile::named(name).resolve(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        enforcement(&policy, BTreeMap::new(), marked)
    }

    #[test]
    fn a_whole_machine_is_not_refused_and_says_what_the_system_has_not() {
        for name in ProfileName::ALL.into_iter().filter(|name| *name != ProfileName::Trusted) {
            let report = report(name, Ok(()));
            assert!(report.unenforced.iter().all(|missing| missing.cause != Cause::Machine));
            assert_eq!((report.filesystem, report.processes), (vec![Boundary::Seatbelt], TreeEnforcement::SandboxMark));
        }
        let offline = report(ProfileName::Offline, Ok(()));
        assert_eq!(offline.network, NetworkEnforcement::Blocked);
        for promise in [Promise::PrivateTmp, Promise::PrivateLoopback, Promise::TreeEnd] {
            assert!(offline.unenforced.iter().any(|missing| missing.promise == promise), "{promise:?}");
        }
    }

    #[test]
    fn processes_that_can_not_be_found_are_the_machines_doing() {
        let report = report(ProfileName::Offline, Err("no answer".into()));
        assert_eq!(report.processes, TreeEnforcement::ProcessGroup);
        assert!(report.unenforced.iter().any(|missing| missing.cause == Cause::Machine));
    }

    #[test]
    fn trusted_promises_nothing() {
        let report = report(ProfileName::Trusted, Ok(()));
        assert_eq!((report.unenforced.len(), report.filesystem.len()), (0, 0));
    }
}
