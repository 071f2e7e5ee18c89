//! From a plan to a sandbox, step by step, each failure with the step that failed.

use std::os::fd::OwnedFd;

use codex_launcher::protocol::{
    Applied, Boundary, LANDLOCK_SCOPES, LaunchPlan, Network, ProcessLimit, Refusal, Step, Watch,
};
use rustix::io::Errno;

use super::{
    caches::Overlay,
    devices,
    filter::{self, Base, Program},
    granted::{Granted, LANDLOCK_CUTS},
    landlock_rules::{self, Rules},
    limits,
    mounts::{self, Arranged},
    namespaces, privileges, watch_table, watch_trial,
};

/// What every run of this launcher takes before its program starts.
pub struct Restrictions {
    /// The mechanism that the run's processes live under.
    pub boundary: Boundary,
    /// The cached Landlock ruleset, if the kernel has Landlock.
    pub landlock: Option<OwnedFd>,
    /// The rights that it gives, where nothing else holds the files.
    pub granted: Option<Granted>,
    /// The filter that closes what the launcher itself still needs.
    pub filter: Option<Program>,
}

/// A step that failed.
pub type SetupError = Refusal;

/// Names the step that an error belongs to.
pub trait During<T> {
    /// Turns the error into a refusal at `step`.
    fn during(self, step: Step) -> Result<T, SetupError>;
}

impl<T> During<T> for Result<T, Errno> {
    fn during(self, step: Step) -> Result<T, SetupError> {
        self.map_err(|errno| Refusal { step, errno: errno.raw_os_error(), path: None })
    }
}

/// Turns this process into the sandbox of `plan`.
///
/// # Errors
/// The first step that failed. The process must then end: it may be half-way into the sandbox.
pub fn become_sandbox(plan: &LaunchPlan) -> Result<(Restrictions, Applied), SetupError> {
    match plan.boundary {
        Boundary::None => Ok((
            Restrictions { boundary: plan.boundary, landlock: None, granted: None, filter: None },
            Applied {
                landlock_abi: 0,
                seccomp: false,
                processes: ProcessLimit::None,
                caches: Vec::new(),
                unheld: Vec::new(),
                watch: Watch::Off,
            },
        )),
        Boundary::Namespaces => {
            // The mounts of the host are listed before anything is put over them.
            limits::offer_to_memory_killer();
            namespaces::enter(plan.network)?;
            let trial = namespaces::try_proc(plan.processes.is_some())?;
            // Where they are, something may be put over them.
            let outputs: Vec<_> = plan.outputs.iter().filter_map(|pinned| mounts::open_pinned(pinned).ok()).collect();
            let Arranged { overlays, unheld } = mounts::arrange(plan)?;
            devices::take_null().during(Step::Devices)?;
            let (restrictions, applied) = restrict(plan, trial.result()?, &overlays, &outputs)?;
            Ok((restrictions, Applied { unheld, ..applied }))
        }
        Boundary::Landlock => {
            limits::offer_to_memory_killer();
            restrict(plan, ProcessLimit::None, &[], &[])
        }
    }
}

/// The part that both mechanisms share: no privileges, Landlock, seccomp.
fn restrict(
    plan: &LaunchPlan,
    processes: ProcessLimit,
    overlays: &[Overlay<'_>],
    outputs: &[OwnedFd],
) -> Result<(Restrictions, Applied), SetupError> {
    privileges::renounce(plan.boundary).during(Step::Privileges)?;
    let (rules, landlock_abi) = landlock_rules::build(plan, overlays, outputs)?;
    let (landlock, granted) = rules.map(|Rules { ruleset, granted }| (ruleset, granted)).unzip();
    let unix_sockets = keeps_unix_sockets(plan, landlock_abi);
    let watch = watchable(plan).during(Step::Seccomp)?;
    let base = Base {
        boundary: plan.boundary,
        network: plan.network,
        tells_sockets: watch != Watch::Off,
        unix_sockets,
        holds_cuts: landlock_abi >= LANDLOCK_CUTS,
        makes_changes: plan.boundary == Boundary::Namespaces && watch == Watch::Full,
    };
    filter::install_base(&base).during(Step::Seccomp)?;
    let run_filter = filter::for_runs().during(Step::Seccomp)?;
    Ok((
        Restrictions { boundary: plan.boundary, landlock, granted, filter: Some(run_filter) },
        Applied {
            landlock_abi,
            seccomp: true,
            processes,
            caches: overlays.iter().map(|overlay| overlay.index).collect(),
            unheld: Vec::new(),
            watch,
        },
    ))
}

/// What can be watched of the runs. Under Landlock alone this process has no rights over them but those of its user. And
/// where it stands may be watched itself, as in the containers of LXC, which the kernel lets happen but once.
fn watchable(plan: &LaunchPlan) -> Result<Watch, Errno> {
    let calls = watch_table::watched(plan.watch, plan.boundary, plan.network);
    let can = match plan.boundary {
        _ if calls.is_empty() => true,
        Boundary::Landlock => watch_trial::can_watch(&calls, true)?,
        _ => !filter::is_filtered()? || watch_trial::can_watch(&calls, false)?,
    };
    Ok(if can { plan.watch } else { Watch::Off })
}

/// Whether runs may make Unix sockets: where those of the host that have no path are out of their reach, or where they were
/// granted a socket; what that opens, the engine tells or refuses.
fn keeps_unix_sockets(plan: &LaunchPlan, landlock_abi: u32) -> bool {
    match (plan.boundary, plan.network) {
        (Boundary::Landlock, Network::Private) => false,
        (Boundary::Namespaces, Network::Host) => landlock_abi >= LANDLOCK_SCOPES || !plan.sockets.is_empty(),
        _ => true,
    }
}
