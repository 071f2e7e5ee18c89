//! What the runs of a sandbox share: its container, what that was granted, its jobs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{container, granted::Granted, job::Job, report};
use crate::{
    policy::{Limit, SandboxPolicy},
    profile::ProfileName,
    sandbox::{Boundary, Enforcement, HeldLimit, Requirement, SandboxError, SandboxOptions},
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

impl Engine {
    pub fn new(policy: SandboxPolicy, options: SandboxOptions) -> Result<Self, SandboxError> {
        if !policy.workspace.is_dir() {
            let reason = "is no directory that can be opened".to_owned();
            return Err(SandboxError::Directory { path: policy.workspace, reason });
        }
        let is_confined = policy.profile != ProfileName::Trusted;
        if let Some(root) = policy.roots().find(|root| is_confined && root.parent().is_none()) {
            let reason = "is the root of a drive, on which every access list would have to be changed".to_owned();
            return Err(SandboxError::Directory { path: root.clone(), reason });
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
        if policy.profile == ProfileName::Trusted {
            let enforcement = report::enforcement(policy, None)?;
            return Ok(Ready { enforcement: Arc::new(enforcement), boundary: None });
        }
        container::supported()?;
        let enforcement = report::enforcement(policy, Some(Boundary::AppContainer))?;
        if self.options.requirement == Requirement::Required {
            enforcement
                .whole("use WSL 2, where it can, or enforcement \"best-effort\", whose result says what is missing")?;
        }
        let boundary = match Granted::by_container(policy) {
            // A token keeps nobody from the network: no profile can be had by it where its promises are required.
            Err(SandboxError::Unavailable { .. }) if self.options.requirement == Requirement::BestEffort => {
                Granted::by_token(policy)?
            }
            other => other?,
        };
        let enforcement = report::enforcement(policy, Some(boundary.boundary()))?;
        Ok(Ready { enforcement: Arc::new(enforcement), boundary: Some(boundary) })
    }
}

/// The exit code of what a sandbox ended: one that no program is known to end with by itself.
pub const ENDED: u32 = 0xE0C0_DE09;

/// What each limit is held by; the engine holds the rest of those that it can.
pub type Held = BTreeMap<Limit, HeldLimit>;
