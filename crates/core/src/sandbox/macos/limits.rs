//! By what limits are held here.

use std::collections::BTreeMap;

use crate::{
    policy::{Limit, Limits, SandboxPolicy},
    sandbox::{HeldLimit, LimitMeans, LimitScope, SandboxError, unix::limits},
};

/// By what each of the policy's limits, or a command's `own`, is held.
///
/// # Errors
/// [`SandboxError::Unavailable`] for one that was asked for, not just a default, and can't be held.
pub fn held(policy: &SandboxPolicy, own: &Limits) -> Result<BTreeMap<Limit, HeldLimit>, SandboxError> {
    let remedy =
        "macOS has resource limits for the CPU time, open files and file sizes of a process alone: leave it out";
    limits::held(policy, own, remedy, |limit, _, _| match limit {
        Limit::WallTime | Limit::Output => Some((LimitMeans::Engine, LimitScope::Run)),
        Limit::CpuTime | Limit::OpenFiles => Some((LimitMeans::Rlimit, LimitScope::Process)),
        Limit::FileSize => Some((LimitMeans::Rlimit, LimitScope::File)),
        // The number of processes counts all of the user's; the address space isn't limited at all.
        Limit::Memory | Limit::Processes | Limit::TmpSize => None,
    })
}

/// What the program's process takes upon itself: a resource each, with its value.
pub fn of_process(limits: &Limits) -> Vec<(libc::c_int, libc::rlim_t)> {
    // A second of CPU time is the least that there is.
    let seconds = |milliseconds: u64| milliseconds.div_ceil(1000);
    [
        (libc::RLIMIT_CPU, limits.get(Limit::CpuTime).map(seconds)),
        (libc::RLIMIT_NOFILE, limits.get(Limit::OpenFiles)),
        (libc::RLIMIT_FSIZE, limits.get(Limit::FileSize)),
    ]
    .into_iter()
    .filter_map(|(resource, value)| Some((resource, value?)))
    .collect()
}

/// The limit that a signal of the kernel's is about.
pub fn met(signal: i32) -> Option<Limit> {
    match signal {
        libc::SIGXCPU => Some(Limit::CpuTime),
        libc::SIGXFSZ => Some(Limit::FileSize),
        _ => None,
    }
}
