//! A profile and a workspace become a sandbox policy.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    DirectoryProblem, EnvironmentMode, PathProblem, ProfileError, ProfileName, SecurityProfile,
    paths::{self, directory, existing, expand, land},
    security_profile::Parts,
};
use crate::policy::{
    Access, DenyPattern, EnvironmentBase, EnvironmentPolicy, NetworkPolicy, SandboxPolicy, ToolVariable, WriteAccess,
    caches, carve_outs, deny_pattern::is_pattern, secrets, tool_variables,
};

impl SecurityProfile {
    /// The policy of a run in `workspace`, which must be an absolute path of a directory; links are resolved.
    /// `~` is the home directory of this user; secrets are looked for there and in the home of the user database.
    ///
    /// # Errors
    /// When the workspace or a writable directory is missing or no directory; when the profile would write `/`, or the
    /// home directory without being told so in `writable`; when a denied path holds a directory that the run needs.
    pub fn resolve(&self, workspace: &Path) -> Result<SandboxPolicy, ProfileError> {
        let home = paths::home();
        let mut homes = paths::account_homes();
        homes.extend(home.clone());
        homes.dedup();
        self.resolve_for(workspace, home.as_deref(), &homes)
    }

    /// [`resolve`](Self::resolve) for a user whose home directory is `home`; without one, a path with `~` is an error.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn resolve_with_home(&self, workspace: &Path, home: Option<&Path>) -> Result<SandboxPolicy, ProfileError> {
        self.resolve_for(workspace, home, &home.map(Path::to_path_buf).into_iter().collect::<Vec<_>>())
    }

    fn resolve_for(
        &self,
        workspace: &Path,
        home: Option<&Path>,
        homes: &[PathBuf],
    ) -> Result<SandboxPolicy, ProfileError> {
        let Parts { writable, readable, deny_read, .. } = self.parts();
        let refuse = |problem| ProfileError::Directory { key: "workspace".into(), path: workspace.into(), problem };
        if !workspace.is_absolute() {
            return Err(refuse(DirectoryProblem::NotAbsolute));
        }
        let resolved = directory(workspace).map_err(refuse)?;

        let mut roots = BTreeSet::new();
        let mut lifted = BTreeSet::new();
        for (index, path) in writable.iter().enumerate() {
            match carve_out(path, &resolved, home) {
                Some(carve_out) => lifted.insert(carve_out),
                None => roots.insert(writable_root(index, path, &resolved, home)?),
            };
        }
        let named = roots.clone();
        if self.name().writes_workspace() {
            if is_root(&resolved) {
                return Err(refuse(DirectoryProblem::Root));
            }
            if is_own(&resolved) {
                return Err(refuse(DirectoryProblem::Own));
            }
            let holds_home =
                home.is_some_and(|home| land(home, home, None).is_ok_and(|home| home.starts_with(&resolved)));
            if holds_home && !roots.iter().any(|root| resolved.starts_with(root)) {
                return Err(refuse(DirectoryProblem::Home));
            }
            roots.insert(resolved.clone());
        }

        let mut open = BTreeSet::new();
        for (index, path) in readable.iter().enumerate() {
            open.insert(readable_root(index, path, &resolved, home)?);
        }

        let mut denied = BTreeSet::new();
        let mut patterns = Vec::new();
        for (index, path) in deny_read.iter().enumerate() {
            // A file whose name has such characters is denied as well.
            if is_pattern(path) {
                let land = |base: &Path| land(base, &resolved, home);
                let pattern = DenyPattern::new(path, land).and_then(|pattern| pattern.ok_or(PathProblem::Glob));
                patterns.push(pattern.map_err(|problem| path_error("denyRead", index, path, problem))?);
                if !expand(path, &resolved, home).is_ok_and(|literal| literal.exists()) {
                    continue;
                }
            }
            let landed = land(path, &resolved, home).map_err(|problem| path_error("denyRead", index, path, problem))?;
            if let Some(needed) = roots.iter().chain([&resolved]).find(|needed| needed.starts_with(&landed)) {
                return Err(ProfileError::DeniesNeeded { denied: landed, needed: needed.clone() });
            }
            if !secrets::leads_to_device(&landed) {
                denied.insert(landed);
            }
        }

        let caches = caches::locate(home, |name| std::env::var_os(name));
        let mut secrets = BTreeMap::new();
        if self.name() != ProfileName::Trusted {
            secrets = secrets::locate(homes);
            secrets.extend(caches.secrets);
        }
        // A working directory that happens to lie there is no wish to open it.
        if let Some((secret, reason)) = resolved.ancestors().find_map(|above| secrets.get_key_value(above))
            && !named.iter().chain(&open).any(|root| root.starts_with(secret) && resolved.starts_with(root))
        {
            return Err(refuse(DirectoryProblem::Secret { secret: secret.clone(), reason }));
        }

        let mut sockets = BTreeSet::new();
        for (index, path) in self.unix_sockets().iter().enumerate() {
            let landed =
                land(path, &resolved, home).map_err(|problem| path_error("unixSockets", index, path, problem))?;
            sockets.insert(landed);
        }

        let mut policy = SandboxPolicy {
            profile: self.name(),
            workspace: resolved,
            deny_read: denied,
            deny_read_patterns: patterns,
            secrets,
            lifted,
            kept: BTreeSet::new(),
            readable: open,
            caches: BTreeSet::new(),
            tool_variables: Vec::new(),
            unix_sockets: sockets,
            write: if self.name() == ProfileName::Trusted { WriteAccess::All } else { WriteAccess::Roots(roots) },
            network: self.network(),
            environment: self.environment(),
            limits: self.limits(),
        };
        if self.name().writes_workspace() {
            policy.caches = overlaid(&policy, caches.directories, home);
            // What the profile grants is written where it is.
            let may_have_overlay = |place: &Path| policy.caches.iter().any(|cache| place.starts_with(cache));
            let granted = |place: &Path| policy.explain(&Access::Write(place.to_path_buf())).allowed;
            let counts =
                |one: &ToolVariable| one.value.is_fixed() || may_have_overlay(&one.place) || !granted(&one.place);
            policy.tool_variables = caches.variables.into_iter().filter(counts).collect();
            policy.tool_variables.push(tool_variables::of_uv());
        } else if self.name() != ProfileName::Trusted {
            policy.tool_variables.extend(tool_variables::of_readers());
        }
        if self.name() != ProfileName::Trusted {
            policy.tool_variables.extend(tool_variables::of_compilers());
            policy.tool_variables.extend(tool_variables::of_maven(home));
            #[cfg(target_os = "linux")]
            policy.tool_variables.push(tool_variables::of_fakeroot());
        }
        #[cfg(target_os = "linux")]
        if self.name() != ProfileName::Trusted && !opens_browsers(&policy, home) {
            policy.tool_variables.push(tool_variables::of_browsers(home));
        }
        Ok(policy)
    }

    /// The rule for the environment of a run; it needs no workspace.
    #[must_use]
    pub fn environment(&self) -> EnvironmentPolicy {
        let environment = self.parts().environment;
        let mut set = BTreeMap::new();
        set.extend(environment.set.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes())));
        EnvironmentPolicy {
            base: match environment.mode {
                Some(EnvironmentMode::Minimal) => EnvironmentBase::Minimal,
                _ if self.name() == ProfileName::Trusted => EnvironmentBase::Host,
                _ => EnvironmentBase::Screened,
            },
            routes: self.network() != NetworkPolicy::None,
            allow: set_of(&environment.allow),
            deny: set_of(&environment.deny),
            set,
        }
    }
}

// Filled rather than collected, as are the maps around it: to collect one sorts first, which is compiled for each type.
fn set_of(names: &[String]) -> BTreeSet<String> {
    let mut set = BTreeSet::new();
    set.extend(names.iter().cloned());
    set
}

/// Of the caches those that the run may read and could not write. One that holds the home directory is no cache.
fn overlaid(policy: &SandboxPolicy, caches: BTreeSet<PathBuf>, home: Option<&Path>) -> BTreeSet<PathBuf> {
    let home = home.and_then(|home| land(home, home, None).ok());
    let mut overlaid = BTreeSet::<PathBuf>::new();
    // In order, what holds another comes first.
    for cache in caches {
        let nested = overlaid.iter().any(|outer| cache.starts_with(outer));
        let holds_home = is_root(&cache) || home.as_ref().is_some_and(|home| home.starts_with(&cache));
        let can = |access| policy.explain(&access).allowed;
        if !nested && !holds_home && can(Access::Read(cache.clone())) && !can(Access::Write(cache.clone())) {
            overlaid.insert(cache);
        }
    }
    overlaid
}

/// Whether the run was given the profile of a browser.
#[cfg(target_os = "linux")]
fn opens_browsers(policy: &SandboxPolicy, home: Option<&Path>) -> bool {
    let hidden = |home: &Path, name| policy.secret(&home.join(".config").join(name)).is_some();
    home.is_some_and(|home| !["chromium", "google-chrome"].iter().all(|name| hidden(home, name)))
}

fn writable_root(index: usize, path: &Path, workspace: &Path, home: Option<&Path>) -> Result<PathBuf, ProfileError> {
    let expanded = expand(path, workspace, home).map_err(|problem| path_error("writable", index, path, problem))?;
    let refuse = |problem| ProfileError::Directory { key: format!("writable[{index}]"), path: path.into(), problem };
    let root = existing(&expanded).map_err(refuse)?;
    if is_device(&root) {
        return Err(refuse(DirectoryProblem::Device));
    }
    let root = directory(&root).map_err(refuse)?;
    if is_root(&root) {
        return Err(path_error("writable", index, path, PathProblem::Root));
    }
    if is_own(&root) {
        return Err(refuse(DirectoryProblem::Own));
    }
    Ok(root)
}

/// The carve-out of the workspace that a path names exactly.
fn carve_out(path: &Path, workspace: &Path, home: Option<&Path>) -> Option<PathBuf> {
    let landed = land(path, workspace, home).ok()?;
    let (found, _) = carve_outs::locate(workspace, landed.strip_prefix(workspace).ok()?)?;
    (found == landed).then_some(landed)
}

fn readable_root(index: usize, path: &Path, workspace: &Path, home: Option<&Path>) -> Result<PathBuf, ProfileError> {
    let expanded = expand(path, workspace, home).map_err(|problem| path_error("readable", index, path, problem))?;
    let refuse = |problem| ProfileError::Directory { key: format!("readable[{index}]"), path: path.into(), problem };
    let root = existing(&expanded).map_err(refuse)?;
    if is_device(&root) { Err(refuse(DirectoryProblem::Device)) } else { Ok(root) }
}

/// Whether a path lies in the `/dev` of the machine, of which sandboxes have their own, with what is harmless.
fn is_device(path: &Path) -> bool {
    const HARMLESS: [&str; 8] = ["null", "zero", "full", "random", "urandom", "tty", "pts", "shm"];
    let below = path.strip_prefix("/dev").ok().and_then(|below| below.iter().next());
    cfg!(target_os = "linux") && below.is_some_and(|name| !HARMLESS.iter().any(|harmless| name == *harmless))
}

fn path_error(key: &str, index: usize, path: &Path, problem: PathProblem) -> ProfileError {
    ProfileError::Path { key: format!("{key}[{index}]"), path: path.into(), problem }
}

/// Whether every run has a directory of its own in place of this one. What lies in it may be written all the same.
fn is_own(path: &Path) -> bool {
    cfg!(target_os = "linux")
        && ["/tmp", "/var/tmp", "/dev", "/dev/shm", "/run"].iter().any(|own| path == Path::new(own))
}

/// Whether a resolved path is the root of a file system tree (on Windows, of a drive).
fn is_root(path: &Path) -> bool {
    path.parent().is_none()
}
