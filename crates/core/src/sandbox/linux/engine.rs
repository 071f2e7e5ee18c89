//! One launcher for one policy: started when it is first needed, again when it died, and never after the close.

use std::{
    fs::File,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use codex_launcher::protocol::{Boundary, Held, LaunchPlan, Network, Refusal};
use once_cell::sync::OnceCell;
use rustix::{fs::fstat, process::geteuid};
use tokio::runtime::Handle;

use super::{
    denied,
    groups::Groups,
    guard::Guard,
    hidden,
    launcher::Launcher,
    limits::{self, Means},
    outputs,
    pinned::PinnedPath,
    refusal,
    report::{self, Gaps},
    sockets, ssh_settings,
    stand_in::StandIn,
    starting::{Answer, Standing, Starting},
};
use crate::{
    policy::{Limit, Limits, NetworkPolicy, SandboxPolicy, WriteAccess},
    sandbox::{Requirement, SandboxError, SandboxOptions, unix::environment::ScreenedHost},
};

/// What stands behind a sandbox.
#[derive(Debug)]
pub struct Engine {
    policy: SandboxPolicy,
    options: SandboxOptions,
    absent_denials: usize,
    /// Whether root makes it for a writable workspace of another user.
    is_foreign: bool,
    null: &'static File,
    screened: ScreenedHost,
    next_run: AtomicU64,
    /// A terminal whose modes the launcher puts back when this process is gone.
    kept_terminal: OnceCell<OwnedFd>,
    state: Mutex<State>,
    /// Held while a launcher starts, so that two commands at once start one.
    starting: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    launcher: Option<Arc<Launcher>>,
    /// What the policy names, held open until the close.
    pinned: Option<Arc<PinnedPaths>>,
}

#[derive(Debug)]
struct PinnedPaths {
    workspace: PinnedPath,
    writable: Vec<PinnedPath>,
    readable: Vec<PinnedPath>,
    caches: Vec<PinnedPath>,
    deny_read: Vec<PinnedPath>,
    sockets: Vec<PinnedPath>,
}

impl Engine {
    pub fn new(policy: SandboxPolicy, options: SandboxOptions) -> Result<Self, SandboxError> {
        let roots = match &policy.write {
            WriteAccess::Roots(roots) => roots.iter().collect(),
            WriteAccess::All => Vec::new(),
        };
        let writable = roots.into_iter().map(|root| PinnedPath::directory(root)).collect::<Result<_, _>>()?;
        let denied = policy.deny_read.iter().map(|path| PinnedPath::existing(path)).collect::<Result<Vec<_>, _>>()?;
        let absent_denials = denied.iter().filter(|pinned| pinned.is_none()).count();
        let workspace = PinnedPath::directory(&policy.workspace)?;
        let is_foreign = matches!(&policy.write, WriteAccess::Roots(roots) if roots.contains(&policy.workspace))
            && geteuid().is_root()
            && fstat(workspace.handle()).is_ok_and(|found| found.st_uid != 0);
        let pinned = PinnedPaths {
            workspace,
            writable,
            // A denial is stronger than what grants the same.
            readable: policy
                .readable
                .iter()
                .filter(|root| !policy.deny_read.iter().any(|denied| root.starts_with(denied)))
                .map(|root| PinnedPath::present(root))
                .collect::<Result<_, _>>()?,
            // One that went away meanwhile needs nothing.
            caches: policy.caches.iter().filter_map(|cache| PinnedPath::directory(cache).ok()).collect(),
            deny_read: denied.into_iter().flatten().collect(),
            sockets: policy.unix_sockets.iter().map(|path| PinnedPath::socket(path)).collect::<Result<_, _>>()?,
        };
        Ok(Self {
            absent_denials,
            is_foreign,
            null: null()?,
            screened: ScreenedHost::default(),
            next_run: AtomicU64::new(1),
            kept_terminal: OnceCell::new(),
            state: Mutex::new(State { launcher: None, pinned: Some(Arc::new(pinned)) }),
            starting: tokio::sync::Mutex::new(()),
            policy,
            options,
        })
    }

    /// The workspace, when root can't write what its owner has there.
    pub fn foreign_workspace(&self) -> Option<PathBuf> {
        self.is_foreign.then(|| self.policy.workspace.clone())
    }

    pub fn options(&self) -> &SandboxOptions {
        &self.options
    }

    /// The policy.
    pub fn policy(&self) -> &SandboxPolicy {
        &self.policy
    }

    pub fn runtime(&self) -> &Handle {
        &self.options.runtime
    }

    /// The null device.
    pub fn null(&self) -> &File {
        self.null
    }

    /// The host's environment as the policy lets it through.
    pub fn screened(&self) -> &ScreenedHost {
        &self.screened
    }

    /// Has the launcher that starts next put the modes of a terminal back when this process is gone.
    pub fn keep_terminal(&self, terminal: OwnedFd) {
        let _ = self.kept_terminal.set(terminal);
    }

    /// A number for a run, unique in this sandbox.
    pub fn next_run(&self) -> u64 {
        self.next_run.fetch_add(1, Relaxed)
    }

    /// Whether the workspace, where runs may write it, is still the directory that they write: one that was put in its place
    /// would be read-only to them, and they would find no reason for it.
    pub fn workspace_in_place(&self) -> Result<(), SandboxError> {
        match &self.policy.write {
            WriteAccess::Roots(roots) if roots.contains(&self.policy.workspace) => {
                let pinned = self.state().pinned.clone().ok_or(SandboxError::Closed)?;
                pinned.workspace.in_place()
            }
            WriteAccess::Roots(_) | WriteAccess::All => Ok(()),
        }
    }

    /// The launcher, if one stands.
    pub fn current(&self) -> Option<Arc<Launcher>> {
        let state = self.state();
        // After the close the launcher is only kept for those who wait for its end.
        let open = state.pinned.is_some();
        state.launcher.as_ref().filter(|launcher| open && launcher.is_alive()).map(Arc::clone)
    }

    /// The launcher, started if need be.
    pub async fn ready(&self) -> Result<Arc<Launcher>, SandboxError> {
        let _one_at_a_time = self.starting.lock().await;
        let pinned = self.state().pinned.clone().ok_or(SandboxError::Closed)?;
        if let Some(launcher) = self.current() {
            return Ok(launcher);
        }
        let launcher = self.start(&pinned).await?;
        let mut state = self.state();
        if state.pinned.is_none() {
            launcher.end();
            return Err(SandboxError::Closed);
        }
        state.launcher = Some(Arc::clone(&launcher));
        Ok(launcher)
    }

    /// Ends the launcher with everything in it, for good.
    pub async fn close(&self) {
        let launcher = {
            let mut state = self.state();
            state.pinned = None;
            state.launcher.clone()
        };
        if let Some(launcher) = launcher {
            launcher.end();
            launcher.ended().await;
            // Only now: another close waits for the same end. What it holds open goes with it.
            self.state().launcher = None;
        }
    }

    async fn start(&self, pinned: &PinnedPaths) -> Result<Arc<Launcher>, SandboxError> {
        let boundary = if self.policy.write == WriteAccess::All { Boundary::None } else { Boundary::Namespaces };
        let (guard, mut held) = self.guard(pinned)?;
        held.extend(self.kept(pinned));
        match self.launch(pinned, boundary, held, None).await? {
            Answer::Ready(standing) => self.admit(pinned, standing, boundary, guard, None),
            Answer::Refused(refusal) => self.fall_back(pinned, &refusal).await,
        }
    }

    /// Without namespaces: Landlock and seccomp alone, where the caller takes what is missing then.
    async fn fall_back(&self, pinned: &PinnedPaths, refused: &Refusal) -> Result<Arc<Launcher>, SandboxError> {
        if self.options.requirement == Requirement::Required || !refusal::is_about_namespaces(refused) {
            return Err(refusal::explain(refused));
        }
        if !self.policy.kept.is_empty() {
            return Err(SandboxError::Unavailable {
                cause: "without mounts an audit log in a writable directory can't be kept from the run".to_owned(),
                remedy: "put the log elsewhere".to_owned(),
            });
        }
        let stand_in =
            StandIn::new().map_err(SandboxError::host("make a directory that stands in for the private tmp"))?;
        // Nothing can be held without mounts; what appears is still found.
        let (guard, _) = self.guard(pinned)?;
        match self.launch(pinned, Boundary::Landlock, Vec::new(), Some(stand_in.path())).await? {
            Answer::Ready(standing) => self.admit(pinned, standing, Boundary::Landlock, guard, Some(stand_in)),
            Answer::Refused(second) => Err(refusal::explain_both(refused, &second)),
        }
    }

    /// Finds the carve-outs of what may be written.
    fn guard(&self, pinned: &PinnedPaths) -> Result<(Option<Guard>, Vec<Held>), SandboxError> {
        if pinned.writable.is_empty() {
            return Ok((None, Vec::new()));
        }
        let roots = pinned.writable.iter().map(PinnedPath::duplicate).collect::<Result<_, _>>()?;
        let (guard, held) = Guard::new(roots, &self.policy);
        Ok((Some(guard), held))
    }

    /// What the policy keeps from being changed, in the form of the launch plan.
    fn kept(&self, pinned: &PinnedPaths) -> Vec<Held> {
        let below = |kept: &PathBuf| {
            let roots = pinned.writable.iter().enumerate();
            let (index, root) = roots
                .filter(|(_, root)| kept.starts_with(root.path()))
                .max_by_key(|(_, root)| root.path().as_os_str().len())?;
            let below = kept.strip_prefix(root.path()).ok()?.as_os_str().as_bytes().to_vec();
            Some(Held { root: u32::try_from(index).ok()?, below })
        };
        self.policy.kept.iter().filter_map(below).collect()
    }

    /// Starts a launcher; anew where something on the host was just replaced that it was to hide, as programs do that save a
    /// file.
    async fn launch(
        &self,
        pinned: &PinnedPaths,
        boundary: Boundary,
        held: Vec<Held>,
        stand_in_tmp: Option<&Path>,
    ) -> Result<Answer, SandboxError> {
        for _ in 1..TRIES {
            match self.launch_once(pinned, boundary, held.clone(), stand_in_tmp).await? {
                Answer::Refused(refusal) if refusal::is_about_a_change(&refusal) => {}
                other => return Ok(other),
            }
        }
        self.launch_once(pinned, boundary, held, stand_in_tmp).await
    }

    async fn launch_once(
        &self,
        pinned: &PinnedPaths,
        boundary: Boundary,
        held: Vec<Held>,
        stand_in_tmp: Option<&Path>,
    ) -> Result<Answer, SandboxError> {
        let mut writable: Vec<_> = pinned.writable.iter().map(PinnedPath::to_plan).collect();
        if let Some(path) = stand_in_tmp {
            writable.push(PinnedPath::directory(path)?.to_plan());
        }
        let (secrets, matched) = (hidden::secrets(&self.policy)?, hidden::pattern_matches(&self.policy)?);
        let mut hidden = Vec::new();
        for place in pinned.deny_read.iter().chain(&matched).chain(&secrets).map(PinnedPath::to_plan) {
            // What two of them name is covered once: a cover is another object than what the second means.
            if !hidden.contains(&place) {
                hidden.push(place);
            }
        }
        let limits = self.policy.limits_in_force();
        let plan = LaunchPlan {
            boundary,
            network: match self.policy.network {
                NetworkPolicy::None => Network::Private,
                NetworkPolicy::Outbound | NetworkPolicy::Host => Network::Host,
            },
            visible: pinned.readable.iter().chain([&pinned.workspace]).map(PinnedPath::to_plan).collect(),
            writable,
            held,
            hidden,
            caches: pinned.caches.iter().map(PinnedPath::to_plan).collect(),
            sockets: pinned.sockets.iter().map(PinnedPath::to_plan).collect(),
            hidden_sockets: match boundary {
                Boundary::Namespaces => sockets::listening(&self.policy.unix_sockets),
                Boundary::Landlock | Boundary::None => Vec::new(),
            },
            outputs: match boundary {
                Boundary::Namespaces => outputs::files(),
                Boundary::Landlock | Boundary::None => Vec::new(),
            },
            as_own: match boundary {
                Boundary::Namespaces => ssh_settings::of_root(),
                Boundary::Landlock | Boundary::None => Vec::new(),
            },
            tmp_bytes: limits.get(Limit::TmpSize).unwrap_or(0),
            processes: limits.get(Limit::Processes),
            watch: denied::watch(self.options.denials),
            remove_at_end: stand_in_tmp.map(|path| path.as_os_str().as_bytes().to_vec()),
        };
        let terminal = self.kept_terminal.get().map(AsFd::as_fd);
        Starting::new(&self.options.launcher, &plan, terminal, self.runtime())?.answer().await
    }

    fn admit(
        &self,
        pinned: &PinnedPaths,
        standing: Standing,
        boundary: Boundary,
        guard: Option<Guard>,
        stand_in_tmp: Option<StandIn>,
    ) -> Result<Arc<Launcher>, SandboxError> {
        let applied = &standing.applied;
        let unheld = guard.as_ref().map_or_else(|| applied.unheld.clone(), |guard| guard.forget(&applied.unheld));
        if !unheld.is_empty() {
            return Err(SandboxError::Unavailable {
                cause: "the audit log was moved or removed while the sandbox was made, and could not be kept from it"
                    .to_owned(),
                remedy: "try again, or put the log elsewhere".to_owned(),
            });
        }
        let groups = if limits::wants_groups(&self.policy.limits) { Groups::make(&self.policy.limits) } else { None };
        let means = Means { boundary, applied, groups: groups.as_ref() };
        let held = limits::held(&self.policy, &Limits::default(), means)?;
        let gaps = Gaps { absent_denials: self.absent_denials, carve_outs: guard.as_ref().and_then(Guard::gap) };
        let mut enforcement = report::enforcement(&self.policy, boundary, applied, gaps, held);
        let overlaid = applied.caches.iter().filter_map(|index| pinned.caches.get(usize::try_from(*index).ok()?));
        enforcement.caches = overlaid.map(|cache| cache.path().to_path_buf()).collect();
        if self.options.requirement == Requirement::Required {
            enforcement.whole("see `codex doctor`, or ask for best-effort enforcement")?;
        }
        let launcher = Launcher::new(standing, enforcement, guard, stand_in_tmp, self.runtime());
        if groups.is_some() {
            launcher.take_groups(|| groups).map_err(|errno| SandboxError::host("reach the launcher")(errno.into()))?;
        }
        Ok(launcher)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often a launcher is started while what it is to hide changes.
const TRIES: usize = 5;

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(launcher) = self.state().launcher.take() {
            launcher.end();
        }
    }
}

/// The null device, opened once for all sandboxes.
fn null() -> Result<&'static File, SandboxError> {
    static NULL: OnceCell<File> = OnceCell::new();
    NULL.get_or_try_init(|| File::options().read(true).write(true).open("/dev/null"))
        .map_err(SandboxError::host("open /dev/null"))
}
