//! What a profile can hold, and which paths and names are usable at all. Asks the file system nothing.

use std::path::{Component, Path};

use super::{NetworkInit, PathProblem, ProfileError, ProfileInit, ProfileName, VariableProblem};
use crate::policy::{DenyPattern, NetworkPolicy, deny_pattern::is_pattern};

/// Checks `init` as an addition to the profile `name`.
pub(super) fn validate(name: ProfileName, init: &ProfileInit) -> Result<(), ProfileError> {
    what_the_profile_holds(name, init)?;
    for (index, path) in init.writable.iter().enumerate() {
        let problem = path_problem(path).or_else(|| spells_root(path).then_some(PathProblem::Root));
        report("writable", index, path, problem)?;
    }
    for (index, path) in init.readable.iter().enumerate() {
        report("readable", index, path, path_problem(path))?;
    }
    for (index, path) in init.deny_read.iter().enumerate() {
        let broken = is_pattern(path) && !DenyPattern::is_valid(path);
        let problem = path_problem(path).or_else(|| broken.then_some(PathProblem::Glob));
        report("denyRead", index, path, problem)?;
    }
    for (index, path) in init.unix_sockets.iter().enumerate() {
        report("unixSockets", index, path, path_problem(path))?;
    }
    let environment = &init.environment;
    for (key, names) in [("environment.allow", &environment.allow), ("environment.deny", &environment.deny)] {
        for (index, variable) in names.iter().enumerate() {
            if let Some(problem) = name_problem(variable) {
                return Err(ProfileError::Variable { key: format!("{key}[{index}]"), name: variable.clone(), problem });
            }
        }
    }
    for (variable, value) in &environment.set {
        let nul = value.contains('\0').then_some(VariableProblem::NulInValue);
        if let Some(problem) = name_problem(variable).or(nul) {
            return Err(ProfileError::Variable { key: "environment.set".into(), name: variable.clone(), problem });
        }
    }
    Ok(())
}

/// The network that a profile has when nothing narrows it.
pub(super) const fn default_network(name: ProfileName) -> NetworkPolicy {
    match name {
        ProfileName::Offline | ProfileName::WorkspaceWrite => NetworkPolicy::None,
        ProfileName::NetReadOnly | ProfileName::WorkspaceNet => NetworkPolicy::Outbound,
        ProfileName::Trusted => NetworkPolicy::Host,
    }
}

fn what_the_profile_holds(name: ProfileName, init: &ProfileInit) -> Result<(), ProfileError> {
    if name == ProfileName::Trusted {
        let key = if !init.writable.is_empty() {
            "writable"
        } else if !init.readable.is_empty() {
            "readable"
        } else if !init.deny_read.is_empty() {
            "denyRead"
        } else if !init.unix_sockets.is_empty() {
            "unixSockets"
        } else if init.network.is_some() {
            "network"
        } else if init.limits.tmp_size.is_some() {
            "limits.tmpSize"
        } else {
            return Ok(());
        };
        return Err(ProfileError::Unenforced { key });
    }
    if !init.writable.is_empty() && !name.writes_workspace() {
        let instead = match default_network(name) {
            NetworkPolicy::None => "workspace-write",
            NetworkPolicy::Outbound | NetworkPolicy::Host => "workspace-net",
        };
        return Err(ProfileError::Grant { key: "writable", profile: name, instead });
    }
    if init.network == Some(NetworkInit::Outbound) && default_network(name) == NetworkPolicy::None {
        let instead = if name.writes_workspace() { "workspace-net" } else { "net-read-only" };
        return Err(ProfileError::Grant { key: "network", profile: name, instead });
    }
    Ok(())
}

fn report(key: &str, index: usize, path: &Path, problem: Option<PathProblem>) -> Result<(), ProfileError> {
    match problem {
        None => Ok(()),
        Some(problem) => Err(ProfileError::Path { key: format!("{key}[{index}]"), path: path.to_path_buf(), problem }),
    }
}

fn path_problem(path: &Path) -> Option<PathProblem> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        Some(PathProblem::Empty)
    } else if bytes.contains(&0) {
        Some(PathProblem::Nul)
    } else if bytes.starts_with(b"~") && !matches!(bytes.get(1), None | Some(b'/')) {
        Some(PathProblem::OtherHome)
    } else {
        None
    }
}

/// Whether the path is `/` as it is written, in any spelling: `//`, `/.`, `/usr/..`. Links are followed later.
fn spells_root(path: &Path) -> bool {
    let mut depth = 0_usize;
    for component in path.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::ParentDir => depth = depth.saturating_sub(1),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path.has_root() && depth == 0
}

fn name_problem(name: &str) -> Option<VariableProblem> {
    if name.is_empty() {
        Some(VariableProblem::Empty)
    } else if name.contains(['=', '\0']) {
        Some(VariableProblem::Malformed)
    } else if name.contains(['*', '?']) {
        Some(VariableProblem::Pattern)
    } else {
        None
    }
}
