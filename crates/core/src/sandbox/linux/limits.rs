//! The limits of a run: what holds for it, by what, and what can't be held.

use std::collections::BTreeMap;

use codex_launcher::protocol::{Applied, Boundary, LEAST_BY_PID_NAMESPACE, Limit as Met, ProcessLimit, RunLimits};

use super::groups::{self, Groups};
use crate::{
    policy::{Limit, Limits, SandboxPolicy},
    sandbox::{HeldLimit, LimitMeans, LimitScope, SandboxError, unix::limits},
};

/// What a sandbox can hold limits by.
#[derive(Debug, Clone, Copy)]
pub struct Means<'a> {
    /// The mechanism of the sandbox.
    pub boundary: Boundary,
    /// What its launcher put in force.
    pub applied: &'a Applied,
    /// Its control groups.
    pub groups: Option<&'a Groups>,
}

/// Whether control groups could hold something of `limits` better than anything else.
pub fn wants_groups(limits: &Limits) -> bool {
    groups::HELD.into_iter().any(|limit| limits.get(limit).is_some())
}

/// By what each of the policy's limits, or a command's `own`, is held.
///
/// # Errors
/// [`SandboxError::Unavailable`] for one that was asked for, not just a default, and can't be held.
pub fn held(
    policy: &SandboxPolicy,
    own: &Limits,
    means: Means<'_>,
) -> Result<BTreeMap<Limit, HeldLimit>, SandboxError> {
    let remedy = "allow user namespaces, or run it where this user may make control groups \
                  (`systemd-run --user --scope -p Delegate=yes …`), or leave the limit out";
    limits::held(policy, own, remedy, |limit, value, is_own| means.of(limit, value, is_own))
}

/// In the form of a request. A run takes control groups only for a limit that was asked for: entering them takes the kernel
/// longer than all the rest of a run.
pub fn to_request(limits: &Limits, asked: &Limits, groups: Option<&Groups>) -> RunLimits {
    let value = |limit| limits.get(limit).unwrap_or(0);
    RunLimits {
        grouped: groups.is_some_and(|groups| {
            groups::HELD.into_iter().any(|limit| asked.get(limit).is_some() && groups.holds(limit))
        }),
        cpu_time: value(Limit::CpuTime),
        memory: value(Limit::Memory),
        processes: value(Limit::Processes),
        open_files: value(Limit::OpenFiles),
        file_size: value(Limit::FileSize),
    }
}

/// A limit in the words of the launcher.
pub fn met(limit: Met) -> Limit {
    match limit {
        Met::CpuTime => Limit::CpuTime,
        Met::Memory => Limit::Memory,
        Met::Processes => Limit::Processes,
        Met::FileSize => Limit::FileSize,
        Met::TmpSize => Limit::TmpSize,
    }
}

impl Means<'_> {
    fn of(&self, limit: Limit, value: u64, own: bool) -> Option<(LimitMeans, LimitScope)> {
        let grouped = self.groups.is_some_and(|groups| groups.holds(limit));
        let scope = if own { LimitScope::Run } else { LimitScope::Sandbox };
        match limit {
            Limit::WallTime | Limit::Output => Some((LimitMeans::Engine, LimitScope::Run)),
            Limit::CpuTime if grouped => Some((LimitMeans::Cgroup, LimitScope::Run)),
            Limit::Memory | Limit::Processes if grouped => Some((LimitMeans::Cgroup, scope)),
            Limit::CpuTime | Limit::Memory | Limit::OpenFiles => Some((LimitMeans::Rlimit, LimitScope::Process)),
            Limit::FileSize => Some((LimitMeans::Rlimit, LimitScope::File)),
            Limit::TmpSize => {
                (self.boundary == Boundary::Namespaces).then_some((LimitMeans::Tmpfs, LimitScope::Sandbox))
            }
            Limit::Processes => match self.applied.processes {
                ProcessLimit::UserNamespace => Some((LimitMeans::Rlimit, LimitScope::Sandbox)),
                ProcessLimit::PidNamespace if !own && value >= LEAST_BY_PID_NAMESPACE => {
                    Some((LimitMeans::PidNamespace, LimitScope::Run))
                }
                ProcessLimit::PidNamespace | ProcessLimit::None => None,
            },
        }
    }
}
