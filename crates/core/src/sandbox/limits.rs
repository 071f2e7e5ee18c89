//! The limits of a run: what holds for it, and by what.

use std::collections::BTreeMap;

use crate::{
    exec::{Command, ExecError},
    policy::{Limit, Limits, SandboxPolicy},
    sandbox::{HeldLimit, LimitMeans, LimitScope, SandboxError},
};

/// The limits of `command`: its own, then those of the policy.
///
/// # Errors
/// [`ExecError::Limit`] when it would raise one, or asks for one that a command can't have.
pub fn of_command(command: &Command, policy: &SandboxPolicy) -> Result<Limits, ExecError> {
    let in_force = policy.limits_in_force();
    let refuse = |limit, problem: String| Err(ExecError::Limit { limit, problem });
    if command.limits.tmp_size.is_some() {
        let problem = "the runs of a sandbox share one private tmp; set it in the profile".to_owned();
        return refuse(Limit::TmpSize, problem);
    }
    if let Some(limit) = command.limits.first_above(&in_force) {
        let held = in_force.get(limit).unwrap_or_default();
        return refuse(limit, format!("the profile holds {held}, and a command can only lower it"));
    }
    let limits = command.limits.or(&in_force);
    if limits.output.is_some() && (command.stdout.is_passed_on() || command.stderr.is_passed_on()) {
        let problem = "only captured output can be limited; capture it, or leave the limit out".to_owned();
        return refuse(Limit::Output, problem);
    }
    Ok(limits)
}

/// By what each of the policy's limits, or a command's `own`, is held. `of` says it of one; `remedy` what to do without.
///
/// # Errors
/// [`SandboxError::Unavailable`] for one that was asked for, not just a default, and can't be held.
pub fn held(
    policy: &SandboxPolicy,
    own: &Limits,
    remedy: &str,
    of: impl Fn(Limit, u64, bool) -> Option<(LimitMeans, LimitScope)>,
) -> Result<BTreeMap<Limit, HeldLimit>, SandboxError> {
    let mut all = BTreeMap::new();
    for (limit, value) in own.or(&policy.limits_in_force()).iter() {
        let is_own = own.get(limit).is_some();
        match of(limit, value, is_own) {
            Some((by, per)) => {
                all.insert(limit, HeldLimit { value, by, per });
            }
            None if is_own || policy.limits.get(limit).is_some() => {
                let cause = format!("this machine can't hold `{}`", limit.key());
                return Err(SandboxError::Unavailable { cause, remedy: remedy.to_owned() });
            }
            // A default is no promise.
            None => {}
        }
    }
    Ok(all)
}
