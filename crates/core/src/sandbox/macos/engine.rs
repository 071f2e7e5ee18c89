//! One sandbox: made when it is first needed, and never after the close.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    os::{
        fd::OwnedFd,
        unix::{ffi::OsStrExt, fs::MetadataExt},
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch, time::sleep};

use super::{
    folder::{Folder, SANDBOX_EXEC, system_string, system_strings, unguessable_name},
    limits,
    log::{Log, stream},
    report,
    spawn::{Launch, Step, spawn},
    tree::Tree,
};
use crate::{
    policy::{Limits, SandboxPolicy, WriteAccess},
    sandbox::{
        DenialReports, Enforcement, Requirement, SandboxError, SandboxOptions,
        unix::{environment::ScreenedHost, streams::pipe, timeout::SIGKILL},
    },
};

/// The program that a sandbox is tried with: it ends when its input does.
const TRIAL: &str = "/bin/cat";
/// The number of that run; those of the others are larger.
const TRIAL_RUN: u64 = 0;
/// How often it is looked for, until it must have been seen.
const MOST_LOOKS: u32 = 1000;
/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// What stands behind a sandbox.
#[derive(Debug)]
pub struct Engine {
    policy: SandboxPolicy,
    options: SandboxOptions,
    null: File,
    screened: ScreenedHost,
    next_run: AtomicU64,
    /// The directories of the policy, held open so that their numbers stay theirs.
    held: Vec<(PathBuf, File)>,
    state: Mutex<State>,
    /// Held while the sandbox is made, so that two commands at once make one.
    starting: tokio::sync::Mutex<()>,
    /// How many runs are under way.
    running: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    standing: Option<Arc<Standing>>,
    runs: HashMap<u64, Arc<Tree>>,
}

/// A sandbox that was tried, and stands.
#[derive(Debug)]
pub struct Standing {
    /// None under `trusted`.
    folder: Option<Folder>,
    /// None where refusals aren't told.
    log: Option<Log>,
    /// For runs whose refusals aren't told.
    enforcement: Arc<Enforcement>,
    /// For those whose refusals are.
    told: Arc<Enforcement>,
}

impl Standing {
    /// Its private tmp, its profile and its marks.
    pub fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    /// Where what it refuses is logged.
    pub fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// What it enforces for a run whose refusals are `told`, or aren't.
    pub fn enforcement(&self, told: bool) -> &Arc<Enforcement> {
        if told { &self.told } else { &self.enforcement }
    }
}

impl Engine {
    pub fn new(policy: SandboxPolicy, options: SandboxOptions) -> Result<Self, SandboxError> {
        let held =
            policy.writable_roots().chain([&policy.workspace]).map(|path| hold(path)).collect::<Result<_, _>>()?;
        let null = OpenOptions::new().read(true).write(true).open("/dev/null");
        Ok(Self {
            null: null.map_err(SandboxError::host("open /dev/null"))?,
            screened: ScreenedHost::default(),
            next_run: AtomicU64::new(1),
            held,
            state: Mutex::default(),
            starting: tokio::sync::Mutex::new(()),
            running: watch::Sender::new(0),
            policy,
            options,
        })
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
        &self.null
    }

    /// The host's environment as the policy lets it through.
    pub fn screened(&self) -> &ScreenedHost {
        &self.screened
    }

    /// No process outlives this one that could put the modes of its terminal back: nothing is kept.
    pub fn keep_terminal(&self, _: OwnedFd) {}

    /// A number for a run, unique in this sandbox.
    pub fn next_run(&self) -> u64 {
        self.next_run.fetch_add(1, Relaxed)
    }

    /// The sandbox, made if need be.
    pub async fn ready(&self) -> Result<Arc<Standing>, SandboxError> {
        let _one_at_a_time = self.starting.lock().await;
        // The rules are about paths: what lies there must be what lay there.
        self.held.iter().try_for_each(|(path, file)| still_there(path, file))?;
        {
            let state = self.state();
            match &state.standing {
                _ if state.closed => return Err(SandboxError::Closed),
                Some(standing) => return Ok(Arc::clone(standing)),
                None => {}
            }
        }
        let standing = Arc::new(self.make().await?);
        let mut state = self.state();
        if state.closed {
            return Err(SandboxError::Closed);
        }
        state.standing = Some(Arc::clone(&standing));
        Ok(standing)
    }

    /// Notes a run down, so that the close ends it.
    ///
    /// # Errors
    /// [`SandboxError::Closed`]; then it has to be ended.
    pub fn begin(&self, run: u64, tree: &Arc<Tree>) -> Result<(), SandboxError> {
        let mut state = self.state();
        if state.closed {
            return Err(SandboxError::Closed);
        }
        state.runs.insert(run, Arc::clone(tree));
        self.running.send_modify(|running| *running += 1);
        Ok(())
    }

    /// Nothing of a run is left.
    pub fn end(&self, run: u64) {
        if self.state().runs.remove(&run).is_some() {
            self.running.send_modify(|running| *running -= 1);
        }
    }

    /// Whether the sandbox was closed.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Ends every run, for good, and waits until nothing of them is left.
    pub async fn close(&self) {
        let runs: Vec<_> = {
            let mut state = self.state();
            state.closed = true;
            state.standing = None;
            state.runs.values().map(Arc::clone).collect()
        };
        for run in runs {
            run.signal(SIGKILL);
        }
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    async fn make(&self) -> Result<Standing, SandboxError> {
        let limits = limits::held(&self.policy, &Limits::default())?;
        let (folder, log, marked) = match self.policy.write {
            WriteAccess::All => (None, None, Ok(())),
            WriteAccess::Roots(_) => {
                let (folder, log, marked) = self.confine().await?;
                (Some(folder), log, marked)
            }
        };
        let enforcement = report::enforcement(&self.policy, limits, marked);
        if self.options.requirement == Requirement::Required {
            enforcement.whole("see `codex doctor`, or ask for best-effort enforcement")?;
        }
        let told = Enforcement { denials: self.options.denials, ..enforcement.clone() };
        Ok(Standing { folder, log, enforcement: Arc::new(enforcement), told: Arc::new(told) })
    }

    /// The folder of a sandbox that stands, its log, and why its processes can't be told from others, if they can't.
    async fn confine(&self) -> Result<(Folder, Option<Log>, Result<(), String>), SandboxError> {
        let name = match self.options.denials {
            DenialReports::Off => None,
            DenialReports::Full | DenialReports::Network => unguessable_name().ok(),
        };
        let folder = Folder::new(&self.policy, name)?;
        // It opens while the sandbox is tried.
        let log = folder.name().and_then(|name| {
            let (policy, reports) = (self.policy.clone(), self.options.denials);
            Log::open(name.to_owned(), &stream(name), policy, reports).ok()
        });
        match self.attempt(&folder).await {
            Ok(marked) => Ok((folder, log, marked)),
            // Refusals that can't be told are no reason to run nothing.
            Err(_) if folder.name().is_some() => {
                let folder = Folder::new(&self.policy, None)?;
                let marked = self.attempt(&folder).await?;
                Ok((folder, None, marked))
            }
            Err(error) => Err(error),
        }
    }

    /// Starts a program in the sandbox and looks for it by its mark. Says why it was not found, if it was not.
    async fn attempt(&self, folder: &Folder) -> Result<Result<(), String>, SandboxError> {
        let failed = |what| move |error: std::io::Error| SandboxError::Host { what, reason: error.to_string() };
        let no_pipe =
            |error: crate::exec::ExecError| SandboxError::Host { what: "make a pipe", reason: error.to_string() };
        let marks = folder.mark(TRIAL_RUN).map_err(failed("make the mark of a run"))?;
        let mut arguments = folder.arguments(TRIAL_RUN, &marks, None);
        arguments.push(TRIAL.into());
        let (input, end_of_input) = pipe().map_err(no_pipe)?;
        let (errors, error_end) = pipe().map_err(no_pipe)?;
        let null: OwnedFd = self.null.try_clone().map_err(failed("duplicate a descriptor"))?.into();
        let unusable = || SandboxError::Host { what: "name a program", reason: "a path holds a NUL byte".into() };
        let descriptors = [input, null, error_end];
        let launch = Launch {
            program: &system_string(SANDBOX_EXEC.as_bytes()).ok_or_else(unusable)?,
            arguments: &system_strings(arguments).ok_or_else(unusable)?,
            environment: &[],
            directory: &system_string(folder.tmp().as_os_str().as_bytes()).ok_or_else(unusable)?,
            descriptors: &descriptors,
            targets: &[0, 1, 2],
            resources: &[],
            terminal: None,
        };
        let first = spawn(&launch).map_err(|(step, error)| missing(step, &error))?;
        // The trial has its own copies: what it says ends with it.
        drop(descriptors);
        let tree = Tree::new(first, Some(marks));
        let mut found = Err("its program was not found among the processes".to_owned());
        for _ in 0..MOST_LOOKS {
            if tree.has_ended().map_err(failed("watch a process"))? {
                break;
            }
            match tree.is_marked() {
                Ok(true) => {
                    found = Ok(());
                    break;
                }
                Ok(false) => sleep(PAUSE).await,
                Err(error) => {
                    found = Err(error.to_string());
                    break;
                }
            }
        }
        drop(end_of_input);
        tree.first_ended().await.map_err(failed("watch a process"))?;
        let status = tree.reap().map_err(failed("wait for a process"))?;
        if status.exit_status() == Some(0) {
            return Ok(found.map_err(|reason| format!("the processes of a run can't be told from others: {reason}")));
        }
        let mut words = String::new();
        let _ = std::io::Read::read_to_string(&mut File::from(errors), &mut words);
        Err(SandboxError::Unavailable {
            cause: format!("macOS refused the profile: {}", words.trim()),
            remedy: "run it where no other sandbox is in force, and see `codex doctor`".to_owned(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why `sandbox-exec` was not started.
fn missing(step: Step, error: &std::io::Error) -> SandboxError {
    match step {
        Step::Program => SandboxError::Unavailable {
            cause: format!("{SANDBOX_EXEC} can't be started: {error}"),
            remedy: "it is a part of macOS: repair the system".to_owned(),
        },
        _ => SandboxError::Host { what: "start a process", reason: error.to_string() },
    }
}

fn hold(path: &Path) -> Result<(PathBuf, File), SandboxError> {
    let refuse = |reason: String| SandboxError::Directory { path: path.to_path_buf(), reason };
    let file = File::open(path).map_err(|error| refuse(format!("can't be opened ({error})")))?;
    still_there(path, &file)?;
    Ok((path.to_path_buf(), file))
}

/// Whether a path still names the directory that was opened, and no link to it.
fn still_there(path: &Path, file: &File) -> Result<(), SandboxError> {
    let refuse = |reason: String| SandboxError::Directory { path: path.to_path_buf(), reason };
    let opened = file.metadata().map_err(|error| refuse(format!("can't be examined ({error})")))?;
    let present = path.symlink_metadata().map_err(|error| refuse(format!("can't be examined ({error})")))?;
    if !present.is_dir() {
        return Err(refuse("is not a directory".to_owned()));
    }
    if (present.dev(), present.ino()) != (opened.dev(), opened.ino()) {
        return Err(refuse("was replaced by something else".to_owned()));
    }
    Ok(())
}
