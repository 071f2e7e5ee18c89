//! What is enforced on Windows, and what is not.

use super::{
    container::{Container, supported},
    engine::Held,
    names,
    token::RestrictedToken,
};
use crate::{
    policy::{Limit, Limits, NetworkPolicy, SandboxPolicy},
    sandbox::{
        Boundary, Capabilities, Cause, DenialReports, Enforcement, Feature, LimitMeans, LimitScope, NetworkEnforcement,
        Promise, SandboxError, TreeEnforcement, Unenforced, limits,
    },
};

/// Reports on a sandbox of `policy`, whose files are held by `boundary`, or not at all.
///
/// # Errors
/// For a limit or a denial that was asked for and can't be held at all.
pub fn enforcement(policy: &SandboxPolicy, boundary: Option<Boundary>) -> Result<Enforcement, SandboxError> {
    if !policy.deny_read_patterns.is_empty() {
        let reason = "denyRead: Windows can't hide what matches a pattern; name files and folders".to_owned();
        return Err(SandboxError::DenyRead { reason });
    }
    if !policy.unix_sockets.is_empty() {
        return Err(SandboxError::Unavailable {
            cause: "sockets of host services can't be granted on Windows".to_owned(),
            remedy: "leave `unixSockets` out".to_owned(),
        });
    }
    Ok(Enforcement {
        profile: policy.profile,
        filesystem: boundary.into_iter().collect(),
        network: match policy.network {
            NetworkPolicy::None if boundary != Some(Boundary::RestrictedToken) => NetworkEnforcement::Blocked,
            NetworkPolicy::None | NetworkPolicy::Outbound => NetworkEnforcement::Unfiltered,
            NetworkPolicy::Host => NetworkEnforcement::Host,
        },
        processes: TreeEnforcement::JobObject,
        seccomp: false,
        capabilities_dropped: false,
        landlock_abi: 0,
        limits: held(policy, &Limits::default())?,
        denials: DenialReports::Off,
        caches: Vec::new(),
        unenforced: boundary.map(|boundary| unenforced(policy, boundary)).unwrap_or_default(),
    })
}

/// By what the limits of a command are held, its `own` and those of the policy.
///
/// # Errors
/// For one that was asked for and can't be.
pub fn held(policy: &SandboxPolicy, own: &Limits) -> Result<Held, SandboxError> {
    limits::held(policy, own, "leave it out on Windows, or use WSL 2", |limit, _, _| match limit {
        Limit::WallTime | Limit::Output => Some((LimitMeans::Engine, LimitScope::Run)),
        Limit::CpuTime | Limit::Memory | Limit::Processes => Some((LimitMeans::Job, LimitScope::Run)),
        Limit::OpenFiles | Limit::FileSize | Limit::TmpSize => None,
    })
}

fn unenforced(policy: &SandboxPolicy, boundary: Boundary) -> Vec<Unenforced> {
    let mut all = Vec::new();
    let is_token = boundary == Boundary::RestrictedToken;
    let mut missing = |promise, cause, reason: &str| all.push(Unenforced { promise, cause, reason: reason.to_owned() });
    if policy.writable_roots().next().is_some() {
        missing(
            Promise::CarveOuts,
            Cause::Machine,
            "on Windows a git hook or a setting that does not exist yet can't be kept from being made, nor the folder of one \
             from being renamed",
        );
    }
    match policy.network {
        NetworkPolicy::Outbound if is_token => missing(
            Promise::NetworkFilter,
            Cause::Machine,
            "without an app container every server can be connected to, also those of this machine",
        ),
        NetworkPolicy::Outbound => missing(
            Promise::NetworkFilter,
            Cause::Machine,
            "an app container may connect to the whole internet or to nothing",
        ),
        NetworkPolicy::None if is_token => missing(
            Promise::Network,
            Cause::Machine,
            "no app container can be made here, and a restricted token keeps no program from the network",
        ),
        NetworkPolicy::None | NetworkPolicy::Host => {}
    }
    if is_token {
        missing(
            Promise::Secrets,
            Cause::Machine,
            "without an app container a secret can be read that every account of this machine may read",
        );
    }
    let absent =
        |path: &std::path::Path| (is_token || policy.roots().any(|root| path.starts_with(root))) && !path.exists();
    if policy.deny_read.iter().any(|path| absent(path)) {
        missing(Promise::DenyRead, Cause::Machine, "a denied path that does not exist yet can't be closed");
    }
    if policy.network == NetworkPolicy::None && !is_token {
        missing(
            Promise::PrivateLoopback,
            Cause::Platform,
            "an app container without network capabilities may not be able to reach its own servers",
        );
    }
    missing(
        Promise::InvisibleProcesses,
        Cause::Version,
        "the names of processes outside may be listed; they can't be opened",
    );
    all
}

/// Tries what is used.
pub fn capabilities() -> Capabilities {
    let container = Container::new(&format!("codex.doctor.{}", std::process::id()), NetworkPolicy::None);
    let token = supported().and_then(|()| {
        RestrictedToken::new(&names::new()).map_err(|error| SandboxError::Unavailable {
            cause: format!("no restricted token can be made: {error}"),
            remedy: "use WSL 2".to_owned(),
        })
    });
    let job = super::job::Job::new(&Limits::default(), true);
    let job = job.map_err(|error| SandboxError::Unavailable {
        cause: format!("no job object can be made: {error}"),
        remedy: "use Windows 8 or newer".to_owned(),
    });
    let feature = |name, found: Result<(), SandboxError>, detail: &str| match found {
        Ok(()) => Feature::present(name, detail),
        Err(error) => Feature::missing(name, &error),
    };
    let features = vec![
        feature("container", container.map(drop), "app containers hold files and network"),
        feature("restricted-token", token.map(drop), "where no app container can be made, hold files with best effort"),
        feature("job", job.map(drop), "job objects hold the tree of a run and its limits"),
        Feature::missing(
            "carve-outs",
            &SandboxError::Unavailable {
                cause: "settings that do not exist yet can't be kept from being made in a workspace".to_owned(),
                remedy: "use WSL 2".to_owned(),
            },
        ),
    ];
    let has = |name| features.iter().any(|feature: &Feature| feature.name == name && feature.present);
    let best_effort = has("job") && (has("container") || has("restricted-token"));
    Capabilities { required: false, best_effort, features }
}
