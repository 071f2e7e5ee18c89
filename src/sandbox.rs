//! The sandbox class.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use codex_core::sandbox::{DenialReports, Enforcement, Requirement, Sandbox, SandboxOptions, Signaller};
use codex_supervisor::{Approval, Report, RunError, Session};
use napi::{
    Env, Status,
    bindgen_prelude::{Array, FnArgs, Function, ObjectFinalize, PromiseRaw},
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};

use crate::{
    audit::NativeAuditLog,
    convert::{self, NativeCommand, ReportArgs},
    error::ErrorFacts,
    policy::NativePolicy,
    profile::NativeProfile,
    runtime,
    spawn::Spawned,
};

/// The way of reports to one JavaScript thread. One function for all runs: making one takes longer than a run's own
/// share of the work.
#[napi_derive::napi]
pub struct NativeReports {
    settle: Arc<ReportFunction>,
    started: Arc<StartFunction>,
}

/// Does not keep the process alive by itself: the JavaScript face does, while runs are under way.
pub type ReportFunction = ThreadsafeFunction<ReportArgs, (), ReportArgs, Status, false, true>;

/// Likewise.
pub type StartFunction = ThreadsafeFunction<FnArgs<(u32, i32)>, (), FnArgs<(u32, i32)>, Status, false, true>;

#[napi_derive::napi]
impl NativeReports {
    /// `settle` is called with a token and its report, see [`ReportArgs`], and before that `started` with a token and a process id, for
    /// runs that have streams.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        settle: Function<'_, ReportArgs, ()>,
        started: Function<'_, FnArgs<(u32, i32)>, ()>,
    ) -> napi::Result<Self> {
        let settle = settle.build_threadsafe_function().weak::<true>().build()?;
        let started = started.build_threadsafe_function().weak::<true>().build()?;
        Ok(Self { settle: Arc::new(settle), started: Arc::new(started) })
    }
}

/// A session of the supervisor.
#[napi_derive::napi(custom_finalize)]
pub struct NativeSandbox {
    pub(crate) session: Session,
    pub(crate) shared: Arc<Shared>,
    pub(crate) reports: Arc<ReportFunction>,
    pub(crate) starts: Arc<StartFunction>,
}

/// Ends a run with all that it started, on every platform.
const SIGKILL: i32 = 9;

/// What a sandbox weighs to the garbage collector, in bytes: its processes, mounts and descriptors are nothing that it could
/// see, and one that is forgotten without being closed should not wait for the heap to fill.
const WEIGHT: i64 = 16 << 20;

/// Runs keep the object: when it goes and there are some, the JavaScript thread that asked for them is gone, and they end with it.
impl ObjectFinalize for NativeSandbox {
    fn finalize(self, env: Env) -> napi::Result<()> {
        #[cfg(target_os = "linux")]
        self.shared.abandon_joining();
        for signaller in self.shared.signallers().values() {
            signaller.signal(SIGKILL);
        }
        env.adjust_external_memory(-WEIGHT).map(drop)
    }
}

/// Where and how a sandbox is made.
#[napi_derive::napi(object, object_to_js = false)]
pub struct NativeSandboxOptions {
    /// The launcher's path.
    pub launcher: String,
    /// Whether to go on where a promise can't be held.
    pub best_effort: bool,
    /// Which refusals are told: `full`, `network` or `off`.
    pub denials: String,
}

/// What the runs of a sandbox share.
#[derive(Default)]
pub struct Shared {
    /// Runs that are under way, by the number that JavaScript gave them.
    signallers: Mutex<HashMap<u32, Signaller>>,
    /// The ends of their streams that JavaScript may take, likewise.
    spawned: Mutex<HashMap<u32, Spawned>>,
    /// The processes that are being started to stand for runs, by what they are told by.
    #[cfg(target_os = "linux")]
    pub(crate) joining: Mutex<Vec<(std::os::fd::OwnedFd, Arc<codex_core::sandbox::Fork>)>>,
    /// The reports of the launchers so far; results carry their index.
    enforcements: Mutex<Vec<Arc<Enforcement>>>,
}

#[napi_derive::napi]
impl NativeSandbox {
    /// Makes a session; starts nothing.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        reports: &NativeReports,
        profile: &NativeProfile,
        workspace: String,
        given: NativeSandboxOptions,
        policy: Option<&NativePolicy>,
        audit: Option<&NativeAuditLog>,
    ) -> napi::Result<Self> {
        let options = options(given.launcher, given.best_effort, denials(given.denials)?);
        let session = Session::new(profile.get(), Path::new(&workspace), options)
            .map_err(|error| ErrorFacts::from(&error).throw())?;
        let session = match policy {
            Some(policy) => session.with_exec_policy(policy.get().clone()),
            None => session,
        };
        let session = match audit {
            Some(audit) => {
                session.with_audit_log(audit.get().clone()).map_err(|error| ErrorFacts::from(&error).throw())?
            }
            None => session,
        };
        env.adjust_external_memory(WEIGHT)?;
        let (reports, starts) = (Arc::clone(&reports.settle), Arc::clone(&reports.started));
        Ok(Self { session, shared: Arc::default(), reports, starts })
    }

    /// Runs a command, a list as [`NativeCommand::new`] reads it. Its report comes with `token`, by which `signal` finds it until then. `approved`: somebody said
    /// yes to what the exec policy asks about.
    #[napi(catch_unwind)]
    pub fn exec(&self, command: Array<'_>, token: u32, approved: bool) -> napi::Result<()> {
        let NativeCommand { command, strings } = NativeCommand::new(&command)?;
        let (signaller, report) = self.session.exec(command, approval(approved));
        let under_way = signaller.has_started();
        let shared = Arc::clone(&self.shared);
        shared.signallers().insert(token, signaller);
        let reports = Arc::clone(&self.reports);
        runtime::follow(under_way, async move {
            let report = report.await;
            shared.signallers().remove(&token);
            let report = shared.to_args(token, report, strings);
            // Fails only when the JavaScript thread is gone, and then nobody waits.
            reports.call(report, ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(())
    }

    /// Runs a command while JavaScript waits; `settle` is called before this returns.
    #[napi(catch_unwind)]
    pub fn exec_sync(
        &self,
        command: Array<'_>,
        approved: bool,
        settle: Function<'_, ReportArgs, ()>,
    ) -> napi::Result<()> {
        let NativeCommand { command, strings } = NativeCommand::new(&command)?;
        let report = runtime::handle().block_on(self.session.exec(command, approval(approved)).1);
        settle.call(self.shared.to_args(0, report, strings))
    }

    /// Signals a run by its token; returns whether it was still there.
    #[napi(catch_unwind)]
    pub fn signal(&self, token: u32, signal: i32) -> bool {
        let signaller = self.shared.signallers().get(&token).cloned();
        signaller.is_some_and(|signaller| signaller.signal(signal))
    }

    /// The enforcement report of that number, as JSON.
    #[napi(catch_unwind)]
    pub fn enforcement(&self, number: u32) -> Option<String> {
        let reports = self.shared.enforcements.lock().unwrap_or_else(PoisonError::into_inner);
        reports.get(number as usize).and_then(|report| serde_json::to_string(&**report).ok())
    }

    /// Ends everything.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let session = self.session.clone();
        env.spawn_future(async move {
            session.close().await;
            Ok(())
        })
    }
}

pub(crate) fn approval(approved: bool) -> Approval {
    if approved { Approval::Given } else { Approval::None }
}

/// What this machine can enforce, as JSON.
#[napi_derive::napi(catch_unwind)]
pub fn capabilities(launcher: String) -> napi::Result<String> {
    let options = options(launcher, false, DenialReports::Off);
    let capabilities = runtime::handle().block_on(Sandbox::capabilities(&options));
    serde_json::to_string(&capabilities).map_err(|error| napi::Error::from_reason(error.to_string()))
}

fn denials(reports: String) -> napi::Result<DenialReports> {
    serde_json::from_value(reports.into()).map_err(|error| napi::Error::from_reason(error.to_string()))
}

fn options(launcher: String, best_effort: bool, denials: DenialReports) -> SandboxOptions {
    SandboxOptions {
        launcher: PathBuf::from(launcher),
        requirement: if best_effort { Requirement::BestEffort } else { Requirement::Required },
        denials,
        runtime: runtime::handle(),
    }
}

impl Shared {
    pub(crate) fn signallers(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Signaller>> {
        self.signallers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn spawned(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Spawned>> {
        self.spawned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn to_args(&self, token: u32, report: Result<Report, RunError>, strings: bool) -> ReportArgs {
        match report {
            Ok(report) => {
                let enforcement = self.number(&report.outcome.enforcement);
                convert::ended(token, report, strings, enforcement)
            }
            Err(error) => convert::not_run(token, ErrorFacts::from(&error).to_json()),
        }
    }

    fn number(&self, enforcement: &Arc<Enforcement>) -> u32 {
        let mut reports = self.enforcements.lock().unwrap_or_else(PoisonError::into_inner);
        let index = reports
            .iter()
            .position(|known| Arc::ptr_eq(known, enforcement) || known == enforcement)
            .unwrap_or_else(|| {
                reports.push(Arc::clone(enforcement));
                reports.len() - 1
            });
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}
