//! What the runs of a sandbox share: its container, what that was granted, its jobs.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    acl,
    container::{self, Container, Sid},
    grants::{self, Grant},
    job::Job,
    journal::{self, Journal, Record},
    report,
};
use crate::{
    policy::{Limit, SandboxPolicy},
    profile::ProfileName,
    sandbox::{Cause, Enforcement, HeldLimit, Requirement, SandboxError, SandboxOptions},
};

/// The state of a sandbox.
#[derive(Debug)]
pub struct Engine {
    policy: SandboxPolicy,
    options: SandboxOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ready: Option<Arc<Ready>>,
    jobs: Vec<Weak<Job>>,
    closed: bool,
}

/// A sandbox that stands.
#[derive(Debug)]
pub struct Ready {
    /// What is enforced.
    pub enforcement: Arc<Enforcement>,
    /// What holds file rules and the network; `None` under the trusted profile.
    pub boundary: Option<Granted>,
}

/// A container with what it was granted.
#[derive(Debug)]
pub struct Granted {
    container: Option<Container>,
    grants: Vec<Grant>,
    journal: Option<Journal>,
    /// The private tmp.
    pub tmp: PathBuf,
}

impl Engine {
    pub fn new(policy: SandboxPolicy, options: SandboxOptions) -> Result<Self, SandboxError> {
        if !policy.workspace.is_dir() {
            let reason = "is no directory that can be opened".to_owned();
            return Err(SandboxError::Directory { path: policy.workspace, reason });
        }
        Ok(Self { policy, options, state: Mutex::default() })
    }

    pub fn policy(&self) -> &SandboxPolicy {
        &self.policy
    }

    pub fn options(&self) -> &SandboxOptions {
        &self.options
    }

    /// The sandbox, made if it doesn't stand yet.
    pub fn ready(&self) -> Result<Arc<Ready>, SandboxError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(SandboxError::Closed);
        }
        if let Some(ready) = &state.ready {
            return Ok(Arc::clone(ready));
        }
        let ready = Arc::new(self.make()?);
        state.ready = Some(Arc::clone(&ready));
        Ok(ready)
    }

    /// Has a job end with the sandbox.
    pub fn keep(&self, job: &Arc<Job>) -> Result<(), SandboxError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(SandboxError::Closed);
        }
        state.jobs.retain(|job| job.strong_count() > 0);
        state.jobs.push(Arc::downgrade(job));
        Ok(())
    }

    /// Ends every run. What is returned is there as long as one of them, or what the container was granted, is.
    pub fn close(&self) -> Weak<Ready> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        for job in std::mem::take(&mut state.jobs).iter().filter_map(Weak::upgrade) {
            job.terminate(ENDED);
        }
        state.ready.take().map_or_else(Weak::new, |ready| Arc::downgrade(&ready))
    }

    fn make(&self) -> Result<Ready, SandboxError> {
        let policy = &self.policy;
        if policy.profile != ProfileName::Trusted {
            container::supported()?;
        }
        let enforcement = report::enforcement(policy)?;
        if self.options.requirement == Requirement::Required
            && let Some(missing) = enforcement.unenforced.iter().find(|missing| missing.cause == Cause::Machine)
        {
            return Err(SandboxError::Unavailable {
                cause: format!("a promise of the profile can't be held here: {}", missing.reason),
                remedy: "use WSL 2, where it can, or enforcement \"best-effort\", whose result says what is missing"
                    .into(),
            });
        }
        let boundary = match policy.profile {
            ProfileName::Trusted => None,
            _ => Some(Granted::new(policy)?),
        };
        Ok(Ready { enforcement: Arc::new(enforcement), boundary })
    }
}

/// The exit code of what a sandbox ended: one that no program is known to end with by itself.
pub const ENDED: u32 = 0xE0C0_DE09;

/// Numbers the containers of this process.
static CONTAINERS: AtomicU64 = AtomicU64::new(1);

impl Granted {
    fn new(policy: &SandboxPolicy) -> Result<Self, SandboxError> {
        let folder = journal_folder()?;
        take_back_abandoned(&folder);
        let name = name();
        let carve_outs = grants::carve_outs(policy, entries);
        let grants = grants::plan(policy, carve_outs, &folder, Path::exists);
        let record = Record { container: name.clone(), paths: grants.iter().map(|grant| grant.path.clone()).collect() };
        let journal = Journal::begin(&folder, &record).map_err(SandboxError::host("write down what it grants"))?;
        let mut granted = Self { container: None, grants, journal: Some(journal), tmp: PathBuf::new() };
        let container = granted.container.insert(Container::new(&name, policy.network)?);
        granted.tmp =
            container.folder().map_err(SandboxError::host("find the private folder of the container"))?.join("Temp");
        // What is refused comes first: at no time is more open than at the end.
        let (refused, opened): (Vec<&Grant>, Vec<&Grant>) = granted
            .grants
            .iter()
            .partition(|grant| matches!(grant.right, grants::Right::NoChange | grants::Right::Nothing));
        for grant in refused.into_iter().chain(opened) {
            acl::grant(&grant.path, container.sid(), grant.right).map_err(|error| SandboxError::Directory {
                path: grant.path.clone(),
                reason: format!("can't be opened to the container, or closed to it: {error}"),
            })?;
        }
        Ok(granted)
    }

    /// The container.
    pub fn container(&self) -> Option<&Container> {
        self.container.as_ref()
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        let Some(container) = self.container.take() else {
            self.journal.take().map(Journal::end);
            return;
        };
        let all = self.grants.iter().map(|grant| acl::take_back(&grant.path, container.sid()));
        let is_done = all.fold(true, |done, taken| done && taken.is_ok());
        drop(container);
        if is_done {
            self.journal.take().map(Journal::end);
        }
        // Else the journal stays, and the next sandbox tries again.
    }
}

/// Takes back what processes granted that are gone. What can't be taken back stays written down.
fn take_back_abandoned(folder: &Path) {
    for (journal, record) in journal::abandoned(folder) {
        // Nobody but this product is taken anything back.
        if !record.container.starts_with(PREFIX) {
            continue;
        }
        let Ok(sid) = Sid::of(&record.container) else { continue };
        let all = record.paths.iter().map(|path| acl::take_back(path, &sid));
        let is_done = all.fold(true, |done, taken| done && taken.is_ok());
        if is_done && container::delete(&record.container).is_ok() {
            drop(journal.end());
        }
    }
}

const PREFIX: &str = "codex.";

/// A name that no other container of this machine has had: ids of processes are used again.
fn name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros());
    format!("{PREFIX}{}.{}.{now}", process::id(), CONTAINERS.fetch_add(1, Relaxed))
}

fn journal_folder() -> Result<PathBuf, SandboxError> {
    let local = std::env::var_os("LOCALAPPDATA").map(PathBuf::from).filter(|path| path.is_absolute());
    local.map(|local| local.join("codex").join("grants")).ok_or_else(|| SandboxError::Unavailable {
        cause: "LOCALAPPDATA is not set, so that there is no place to write down what is granted".to_owned(),
        remedy: "set it, as Windows does at logon".to_owned(),
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    entries.unwrap_or_else(|_: io::Error| Vec::new())
}

/// What each limit is held by; the engine holds the rest of those that it can.
pub type Held = BTreeMap<Limit, HeldLimit>;
