//! What the identity of a sandbox is granted, and what it is refused below that.
//!
//! A sandbox sees nothing of the user's own files by itself, so only what a policy opens has to be said. What is refused below
//! is said at the place itself: there it counts before what is inherited.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::policy::SandboxPolicy;

/// An entry of an access list, for a file or for a folder and all in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Of what.
    pub path: PathBuf,
    /// Which.
    pub right: Right,
}

/// What a sandbox may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Look at the folder itself, not at what is in it: whether it is there, and what it is.
    Look,
    /// Read and execute.
    Read,
    /// That, and create, change and remove.
    Change,
    /// Not change, whatever was granted above.
    NoChange,
    /// Nothing, whatever was granted above.
    Nothing,
}

/// What `policy` comes to. `exists` says whether something is there; `carve_outs` are those that are. `journal` is the folder of
/// the journals, which no run may change. `sees`: what everybody may read; what `denyRead` names is then refused wherever it is.
pub fn plan(
    policy: &SandboxPolicy,
    carve_outs: Vec<PathBuf>,
    journal: &Path,
    sees: Sees,
    exists: impl Fn(&Path) -> bool,
) -> Vec<Grant> {
    let grant = |path: &PathBuf, right| Grant { path: path.clone(), right };
    let writable = || policy.writable_roots();
    let is_below_root = |path: &Path| policy.roots().any(|root| path.starts_with(root));
    let read = policy.roots().filter(|root| !writable().any(|above| root.starts_with(above)));
    let mut grants: Vec<Grant> = Vec::new();
    grants.extend(writable().map(|root| grant(root, Right::Change)));
    for root in read {
        if !grants.iter().any(|made| made.path == *root) {
            grants.push(grant(root, Right::Read));
        }
    }
    let journal = journal.to_path_buf();
    let kept = carve_outs.iter().chain(&policy.kept).chain([&journal]);
    grants.extend(kept.filter(|path| is_below_root(path) && exists(path)).map(|path| grant(path, Right::NoChange)));
    let is_seen = |path: &Path| sees == Sees::WhatEverybodyMay || is_below_root(path);
    let secrets = policy.secrets.keys().filter(|place| policy.secret(place).is_some() && is_below_root(place));
    let hidden = policy.deny_read.iter().filter(|path| is_seen(path)).chain(secrets);
    grants.extend(hidden.filter(|path| exists(path)).map(|path| grant(path, Right::Nothing)));
    grants
}

/// The folders above what a sandbox is granted, and above its private tmp, whose access lists can be changed. Programs look at each of
/// them to learn where they are (Node does so before it runs a script), and fail where one can't be looked at.
pub fn above(grants: &[Grant], tmp: &Path, is_changeable: impl Fn(&Path) -> bool) -> Vec<Grant> {
    let opened = || grants.iter().filter(|grant| matches!(grant.right, Right::Read | Right::Change));
    let is_opened = |path: &Path| opened().any(|grant| path.starts_with(&grant.path));
    let places = opened().map(|grant| grant.path.as_path()).chain([tmp]);
    let above: BTreeSet<_> = places.flat_map(|place| place.ancestors().skip(1)).collect();
    // What is denied stays so: an entry that opens takes what it opens out of one that denies.
    let is_denied =
        |path: &Path| grants.iter().any(|grant| grant.right == Right::Nothing && path.starts_with(&grant.path));
    let above = above.into_iter().filter(|path| !is_opened(path) && !is_denied(path) && is_changeable(path));
    above.map(|path| Grant { path: path.to_path_buf(), right: Right::Look }).collect()
}

/// What a sandbox sees that it wasn't granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sees {
    /// The system's own files, as an app container does.
    TheSystem,
    /// What every account of the machine may read.
    WhatEverybodyMay,
}

/// The carve-outs that are there: at the top of writable roots and in their git directories. `entries` lists a folder.
pub fn carve_outs(policy: &SandboxPolicy, entries: impl Fn(&Path) -> Vec<PathBuf>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for root in policy.writable_roots() {
        for entry in entries(root) {
            match policy.carve_out(&entry) {
                Some((path, _)) if path == entry => found.push(entry),
                _ if entry.file_name().is_some_and(|name| name.eq_ignore_ascii_case(".git")) => {
                    let inside = entries(&entry);
                    found.extend(inside.into_iter().filter(|entry| policy.carve_out(entry).is_some()));
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Grant, Right, Sees, above, carve_outs, plan};
    use crate::{
        policy::SandboxPolicy,
        profile::{ProfileName, SecurityProfile},
    };

    fn policy(name: ProfileName) -> (tempfile::TempDir, SandboxPolicy) {
        let workspace = tempfile::tempdir().unwrap();
        let policy = SecurityProfile::named(name).resolve(workspace.path()).unwrap();
        (workspace, policy)
    }

    fn rights(grants: &[Grant], path: &Path) -> Vec<Right> {
        grants.iter().filter(|grant| grant.path == path).map(|grant| grant.right).collect()
    }

    #[test]
    fn a_profile_that_writes_nothing_is_granted_reading_alone() {
        let (_workspace, policy) = policy(ProfileName::Offline);
        let grants = plan(&policy, Vec::new(), Path::new("/journal"), Sees::TheSystem, |_| true);
        assert_eq!(grants, [Grant { path: policy.workspace.clone(), right: Right::Read }]);
    }

    #[test]
    fn what_is_refused_below_a_root_is_said_at_its_place() {
        let (_workspace, mut policy) = policy(ProfileName::WorkspaceWrite);
        let (inside, outside, absent) =
            (policy.workspace.join("key"), PathBuf::from("/elsewhere/key"), policy.workspace.join("absent"));
        policy.deny_read.extend([inside.clone(), outside.clone(), absent.clone()]);
        policy.kept.insert(policy.workspace.join("log"));
        let hooks = policy.workspace.join(".envrc");
        let planned =
            |sees| plan(&policy, vec![hooks.clone()], &policy.workspace.join("journal"), sees, |path| path != absent);
        let grants = planned(Sees::TheSystem);
        assert_eq!(rights(&grants, &policy.workspace), [Right::Change]);
        assert_eq!(rights(&grants, &inside), [Right::Nothing]);
        assert_eq!(rights(&grants, &outside), []);
        assert_eq!(rights(&grants, &absent), []);
        for kept in [&hooks, &policy.workspace.join("log"), &policy.workspace.join("journal")] {
            assert_eq!(rights(&grants, kept), [Right::NoChange], "{}", kept.display());
        }
        // Where more is seen, more has to be refused.
        let grants = planned(Sees::WhatEverybodyMay);
        for path in [&inside, &outside] {
            assert_eq!(rights(&grants, path), [Right::Nothing]);
        }
        assert_eq!(rights(&grants, &absent), []);
    }

    #[test]
    fn a_denial_more_only_takes_away() {
        let (_workspace, mut policy) = policy(ProfileName::WorkspaceWrite);
        let opened = |grants: &[Grant]| {
            grants
                .iter()
                .filter(|grant| matches!(grant.right, Right::Read | Right::Change))
                .cloned()
                .collect::<Vec<_>>()
        };
        let before = plan(&policy, Vec::new(), Path::new("/journal"), Sees::TheSystem, |_| true);
        policy.deny_read.insert(policy.workspace.join("key"));
        let after = plan(&policy, Vec::new(), Path::new("/journal"), Sees::TheSystem, |_| true);
        assert_eq!(opened(&before), opened(&after));
        assert!(before.iter().all(|grant| after.contains(grant)));
    }

    #[test]
    fn folders_above_can_be_looked_at_and_those_that_are_granted_need_not() {
        let grant = |path: &str, right| Grant { path: path.into(), right };
        let grants = [
            grant("/home/me/src/project", Right::Change),
            grant("/home/me/src/project/.envrc", Right::NoChange),
            grant("/home/me/src/project/sub/more", Right::Read),
            grant("/elsewhere/key", Right::Nothing),
            grant("/tools/node", Right::Read),
            grant("/tools/hidden", Right::Nothing),
            grant("/tools/hidden/shown", Right::Read),
        ];
        let found = above(&grants, Path::new("/home/me/local/tmp"), |path| {
            path.starts_with("/home/me") || path.starts_with("/tools")
        });
        let expected = ["/home/me", "/home/me/local", "/home/me/src", "/tools"].map(|path| grant(path, Right::Look));
        assert_eq!(found, expected);
    }

    #[test]
    fn carve_outs_of_the_top_and_of_its_repository_are_found() {
        let (workspace, policy) = policy(ProfileName::WorkspaceWrite);
        for folder in [".git/hooks", ".vscode", "src"] {
            std::fs::create_dir_all(workspace.path().join(folder)).unwrap();
        }
        for file in [".git/HEAD", ".git/config", ".envrc", "README"] {
            std::fs::write(workspace.path().join(file), "").unwrap();
        }
        let entries = |folder: &Path| match std::fs::read_dir(folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(_) => Vec::new(),
        };
        let mut found = carve_outs(&policy, entries);
        found.sort();
        let expected = [".envrc", ".git/config", ".git/hooks", ".vscode"].map(|name| policy.workspace.join(name));
        assert_eq!(found, expected);
    }
}
