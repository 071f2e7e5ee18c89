//! What a sandbox was granted on the user's files, until it is taken back.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    acl::{self, Reach},
    confinement::Confinement,
    container::{self, Container},
    grants::{self, Grant, Right, Sees},
    journal::{self, Journal, OfToken, Record},
    label, names,
    sid::Sid,
    token::RestrictedToken,
    turn::Turn,
    walk::walk,
};
use crate::{
    policy::SandboxPolicy,
    sandbox::{Boundary, SandboxError},
};

/// How many files and folders of a writable directory are labelled.
const MOST_LABELLED: usize = 400_000;

/// A container or a token, with what it was granted.
#[derive(Debug)]
pub struct Granted {
    confinement: Option<Confinement>,
    record: Record,
    journal: Option<Journal>,
    /// Whether it has a share in the labels.
    is_lowered: bool,
    /// The private tmp.
    pub tmp: PathBuf,
}

impl Granted {
    /// An app container that may do what `policy` says.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] where there can be none.
    pub fn by_container(policy: &SandboxPolicy) -> Result<Self, SandboxError> {
        let (folder, name) = (taken_back_folder()?, names::new());
        let grants = plan(policy, &folder, Sees::TheSystem);
        let mut granted = Self::begin(&folder, &name, &grants, &packages_folder()?, None)?;
        let container = Container::new(&name, policy.network)?;
        let tmp =
            container.folder().map_err(SandboxError::host("find the private folder of the container"))?.join("Temp");
        fs::create_dir_all(&tmp).map_err(SandboxError::host("make a private tmp"))?;
        granted.tmp = tmp;
        granted.apply(Confinement::Container(container), &grants)?;
        Ok(granted)
    }

    /// A restricted token that may do what `policy` says about files.
    ///
    /// # Errors
    /// [`SandboxError::Unavailable`] where there can be none.
    pub fn by_token(policy: &SandboxPolicy) -> Result<Self, SandboxError> {
        let (folder, name) = (taken_back_folder()?, names::new());
        let tmp = codex_folder()?.join("tmp").join(&name);
        let mut grants = plan(policy, &folder, Sees::WhatEverybodyMay);
        grants.push(Grant { path: tmp.clone(), right: Right::Change });
        let lowered = policy.writable_roots().chain([&tmp]).cloned().collect();
        let token = OfToken { lowered, tmp: tmp.clone() };
        let mut granted = Self::begin(&folder, &name, &grants, &tmp, Some(token))?;
        granted.tmp = tmp.clone();
        fs::create_dir_all(&tmp).map_err(SandboxError::host("make a private tmp"))?;
        let token = RestrictedToken::new(&name).map_err(|error| SandboxError::Unavailable {
            cause: format!("neither an app container nor a restricted token can be made: {error}"),
            remedy: "use WSL 2".to_owned(),
        })?;
        granted.apply(Confinement::Token(token), &grants)?;
        granted.lower(&grants)?;
        Ok(granted)
    }

    fn begin(
        folder: &Path,
        name: &str,
        grants: &[Grant],
        tmp: &Path,
        token: Option<OfToken>,
    ) -> Result<Self, SandboxError> {
        let paths = grants.iter().map(|grant| grant.path.clone()).collect();
        let above = grants::above(grants, tmp, acl::is_changeable).into_iter().map(|grant| grant.path).collect();
        let record = Record { container: name.to_owned(), paths, above, token };
        let journal = Journal::begin(folder, &record).map_err(SandboxError::host("write down what it grants"))?;
        Ok(Self { confinement: None, record, journal: Some(journal), is_lowered: false, tmp: PathBuf::new() })
    }

    fn apply(&mut self, confinement: Confinement, grants: &[Grant]) -> Result<(), SandboxError> {
        let confinement = self.confinement.insert(confinement);
        let _turn =
            Turn::wait(&codex_folder()?).map_err(SandboxError::host("wait for another sandbox that is made"))?;
        // What is refused comes first: at no time is more open than at the end.
        let (refused, opened): (Vec<&Grant>, Vec<&Grant>) = grants.iter().partition(|grant| refuses(grant.right));
        for grant in refused.into_iter().chain(opened) {
            acl::grant(&grant.path, confinement.sid(), grant.right)
                .map_err(|error| SandboxError::Directory { path: grant.path.clone(), reason: unchangeable(&error) })?;
        }
        for folder in &self.record.above {
            // One that stays closed is not a promise that is broken: programs that look at it are told no.
            let _ = acl::grant(folder, confinement.sid(), Right::Look);
        }
        Ok(())
    }

    /// Has a token of low integrity change what it may, but for what it is refused.
    fn lower(&mut self, grants: &[Grant]) -> Result<(), SandboxError> {
        let spared: Vec<_> =
            grants.iter().filter(|grant| refuses(grant.right)).map(|grant| grant.path.clone()).collect();
        let mut shares = shares();
        self.is_lowered = true;
        for root in lowered(&self.record) {
            *shares.entry(root.clone()).or_default() += 1;
        }
        for root in lowered(&self.record) {
            walk(root, &spared, MOST_LABELLED, &mut label::lower).map_err(|error| SandboxError::Directory {
                path: root.clone(),
                reason: format!("can't be made writable for the sandbox: {error}"),
            })?;
        }
        Ok(())
    }

    /// What its processes are made with.
    pub fn confinement(&self) -> Option<&Confinement> {
        self.confinement.as_ref()
    }

    /// What holds its files.
    pub fn boundary(&self) -> Boundary {
        match self.record.token {
            None => Boundary::AppContainer,
            Some(_) => Boundary::RestrictedToken,
        }
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        if self.is_lowered {
            let mut shares = shares();
            for root in lowered(&self.record) {
                shares.entry(root.clone()).and_modify(|count| *count -= 1);
            }
            shares.retain(|_, count| *count > 0);
        }
        let is_done = self.confinement.as_ref().is_none_or(|confinement| take_back(&self.record, confinement.sid()));
        let is_done = remove_tmp(&self.record) && is_done;
        self.confinement = None;
        if is_done {
            self.journal.take().map(Journal::end);
        }
        // Else the journal stays, and the next sandbox tries again.
    }
}

/// Why an access list is as it was.
fn unchangeable(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return "belongs to another account, as what an administrator's program made does, so that its access list can't be changed; \
                take it over (`takeown`, `icacls /setowner`)"
            .to_owned();
    }
    format!("can't be opened to the sandbox, or closed to it: {error}")
}

fn plan(policy: &SandboxPolicy, journals: &Path, sees: Sees) -> Vec<Grant> {
    grants::plan(policy, grants::carve_outs(policy, entries), journals, sees, Path::exists)
}

fn refuses(right: Right) -> bool {
    matches!(right, Right::NoChange | Right::Nothing)
}

/// Takes back all that a sandbox of that identity was granted. Returns whether nothing of it is left.
fn take_back(record: &Record, sid: &Sid) -> bool {
    let Ok(_turn) = codex_folder().map_err(io::Error::other).and_then(|folder| Turn::wait(&folder)) else {
        return false;
    };
    let grants = record.paths.iter().map(|path| acl::take_back(path, sid, Reach::AllInIt));
    let above = record.above.iter().map(|path| acl::take_back(path, sid, Reach::Itself));
    let shares = shares();
    let unshared = lowered(record).filter(|root| !shares.contains_key(*root));
    let labels = unshared.map(|root| walk(root, &[], usize::MAX, &mut label::restore));
    // Whatever fails, the others are taken back.
    grants.chain(above).chain(labels).filter(|taken| taken.is_err()).count() == 0
}

/// The folders that have labels, each with how many sandboxes of this process want them. Held while labels are changed.
fn shares() -> MutexGuard<'static, BTreeMap<PathBuf, usize>> {
    static SHARES: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());
    SHARES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lowered(record: &Record) -> impl Iterator<Item = &PathBuf> {
    record.token.iter().flat_map(|token| &token.lowered)
}

fn remove_tmp(record: &Record) -> bool {
    record.token.as_ref().is_none_or(|token| match fs::remove_dir_all(&token.tmp) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    })
}

/// The folder of the journals, when what processes granted that are gone is taken back. What can't be stays written down.
fn taken_back_folder() -> Result<PathBuf, SandboxError> {
    let folder = codex_folder()?.join("grants");
    for (journal, record) in journal::abandoned(&folder) {
        // Nobody but this product is taken anything back.
        let Some(sid) = identity(&record) else { continue };
        let is_done = take_back(&record, &sid) & remove_tmp(&record);
        let is_gone = record.token.is_some() || container::delete(&record.container).is_ok();
        if is_done && is_gone {
            drop(journal.end());
        }
    }
    Ok(folder)
}

/// The identity of a sandbox that is gone. `None` for what is no sandbox of this product, or has a private tmp elsewhere.
fn identity(record: &Record) -> Option<Sid> {
    match &record.token {
        None if record.container.starts_with(names::PREFIX) => Sid::of_container(&record.container).ok(),
        Some(token) if token.tmp == codex_folder().ok()?.join("tmp").join(&record.container) => {
            Sid::of_token(&record.container).ok()
        }
        _ => None,
    }
}

/// What this product keeps for the user.
fn codex_folder() -> Result<PathBuf, SandboxError> {
    local_folder().map(|local| local.join("codex"))
}

/// Where the system keeps the private folders of containers.
fn packages_folder() -> Result<PathBuf, SandboxError> {
    local_folder().map(|local| local.join("Packages").join("container"))
}

fn local_folder() -> Result<PathBuf, SandboxError> {
    let local = std::env::var_os("LOCALAPPDATA").map(PathBuf::from).filter(|path| path.is_absolute());
    local.ok_or_else(|| SandboxError::Unavailable {
        cause: "LOCALAPPDATA is not set, so that there is no place to write down what is granted".to_owned(),
        remedy: "set it, as Windows does at logon".to_owned(),
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    entries.unwrap_or_else(|_: io::Error| Vec::new())
}
