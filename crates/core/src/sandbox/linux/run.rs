//! One run from the host's side: its pipes, its request, its timeout, its end.

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use codex_launcher::protocol::{Boundary, ExitStatus, Stage};
use rustix::io::Errno;
use tokio::{sync::oneshot, time::sleep};

use super::{
    denied,
    engine::Engine,
    forks, given,
    groups::Groups,
    guard::Guard,
    launcher::{Launcher, NotBegun},
    limits,
    message::{self, Replaced},
    report,
    runs::{Request, RunEnd},
};
use crate::{
    exec::{Command, End, ExecError, MAX_DENIALS, Outcome},
    policy::{Access, Limit, Limits, WriteAccess},
    sandbox::{
        Enforcement,
        unix::{
            Signaller, Target, environment,
            limits::of_command,
            streams::{Streams, host},
            timeout::{SIGKILL, Timeout},
        },
    },
};

/// The private tmp inside a sandbox that has mounts.
const PRIVATE_TMP: &str = "/tmp";

/// A command that was asked for, and is under way already where the sandbox stands.
pub struct Start {
    engine: Arc<Engine>,
    begun: Instant,
    signaller: Signaller,
    step: Step,
}

enum Step {
    /// The sandbox has to be made first.
    Later(Box<Command>),
    /// No cell could take the request at once.
    Unsent(Box<Prepared>),
    Sent(Box<Running>),
    Failed(ExecError),
}

impl Start {
    pub fn new(engine: Arc<Engine>, command: Command, signaller: Signaller) -> Self {
        let begun = Instant::now();
        let step = match engine.current() {
            None => Step::Later(Box::new(environment::with_environment_of_now(command))),
            Some(launcher) => match Prepared::new(&engine, command) {
                Err(error) => Step::Failed(error),
                // Control groups are made in the background.
                Ok(prepared) if prepared.lacks_groups(&launcher) => prepared.later(),
                Ok(prepared) => prepared.start_now(&engine, &launcher, &signaller),
            },
        };
        Self { engine, begun, signaller, step }
    }

    /// Brings the command to its end.
    pub async fn finish(self) -> Result<Outcome, ExecError> {
        let Self { engine, begun, signaller, step } = self;
        let running = match step {
            Step::Failed(error) => Err(error),
            Step::Sent(running) => Ok(*running),
            Step::Unsent(prepared) => prepared.start(&engine, &signaller).await,
            // The sandbox first: a machine that refuses it is told before anything else.
            Step::Later(command) => match engine.ready().await.map_err(ExecError::from) {
                Ok(_) => match Prepared::new(&engine, *command) {
                    Ok(prepared) => prepared.start(&engine, &signaller).await,
                    Err(error) => Err(error),
                },
                Err(error) => Err(error),
            },
        };
        let outcome = match running {
            Ok(running) => running.finish(&engine, begun).await,
            Err(error) => Err(error),
        };
        signaller.ended();
        outcome
    }
}

/// Everything that a run needs on the host's side, made but not sent.
struct Prepared {
    command: Command,
    run: u64,
    ours: Streams,
    theirs: Vec<OwnedFd>,
    /// The numbers of `theirs` in the program.
    targets: Vec<u8>,
    /// Those of the command and of the policy.
    limits: Limits,
}

/// A request, and what is enforced for it.
struct Encoded {
    body: Vec<u8>,
    grouped: bool,
    enforcement: Arc<Enforcement>,
}

impl Prepared {
    fn new(engine: &Engine, mut command: Command) -> Result<Self, ExecError> {
        let limits = of_command(&command, engine.policy())?;
        engine.workspace_in_place()?;
        let _inside = engine.runtime().enter();
        // Those that lead nowhere are the launcher's own already.
        let (ours, mut theirs) = Streams::new(&mut command, None)?;
        if engine.policy().write != WriteAccess::All {
            given::look_at(&mut theirs)?;
        }
        let (targets, theirs) = theirs.into_iter().unzip();
        Ok(Self { run: engine.next_run(), command, ours, theirs, targets, limits })
    }

    fn start_now(self, engine: &Engine, launcher: &Arc<Launcher>, signaller: &Signaller) -> Step {
        let encoded = match self.encode(engine, launcher) {
            Ok(encoded) => encoded,
            Err(error) => return Step::Failed(error),
        };
        if !launcher.guard().is_none_or(Guard::try_begin) {
            return self.later();
        }
        match launcher.try_begin(&self.request(&encoded, &self.handles())) {
            Ok(Some(end)) => Step::Sent(Box::new(self.sent(launcher, end, signaller, encoded.enforcement))),
            not_begun => {
                launcher.guard().map(Guard::end);
                match not_begun {
                    Ok(_) | Err(Errno::PIPE | Errno::CONNRESET) => self.later(),
                    Err(errno) => Step::Failed(host("reach the launcher")(errno)),
                }
            }
        }
    }

    fn later(self) -> Step {
        let command = environment::with_environment_of_now(self.command);
        Step::Unsent(Box::new(Self { command, ..self }))
    }

    /// Whether the command has a limit that control groups hold best, and they were not asked for yet.
    fn lacks_groups(&self, launcher: &Launcher) -> bool {
        launcher.means().is_none() && limits::wants_groups(&self.command.limits)
    }

    /// Sends the request, to a new launcher if the old one is found dead.
    async fn start(self, engine: &Engine, signaller: &Signaller) -> Result<Running, ExecError> {
        for _ in 0..LAUNCHERS_TRIED {
            let launcher = engine.ready().await?;
            if self.lacks_groups(&launcher) {
                launcher.take_groups(|| Groups::make(&engine.policy().limits)).map_err(host("reach the launcher"))?;
            }
            let encoded = self.encode(engine, &launcher)?;
            begin(&launcher);
            let handles = self.handles();
            let begun = launcher.begin(&self.request(&encoded, &handles)).await;
            drop(handles);
            let reason = match begun {
                Ok(end) => return Ok(self.sent(&launcher, end, signaller, encoded.enforcement)),
                Err(reason) => reason,
            };
            launcher.guard().map(Guard::end);
            match reason {
                NotBegun::Unreachable(Errno::PIPE | Errno::CONNRESET) => {
                    launcher.end();
                    launcher.ended().await;
                }
                NotBegun::Unreachable(errno) => return Err(host("reach the launcher")(errno)),
                NotBegun::NoCell { stage, errno } => return Err(not_started(stage, errno, &self.command, engine)),
            }
        }
        Err(ExecError::SandboxEnded)
    }

    fn handles(&self) -> Vec<BorrowedFd<'_>> {
        self.theirs.iter().map(AsFd::as_fd).collect()
    }

    fn request<'a>(&self, encoded: &'a Encoded, descriptors: &'a [BorrowedFd<'a>]) -> Request<'a> {
        let Encoded { body, grouped, enforcement: _ } = encoded;
        Request { run: self.run, grouped: *grouped, body, descriptors, started: self.command.started.clone() }
    }

    fn encode(&self, engine: &Engine, launcher: &Launcher) -> Result<Encoded, ExecError> {
        let (own, policy) = (&self.command.limits, engine.policy());
        let means = launcher.means().unwrap_or_else(|| launcher.means_without_groups());
        let enforcement = if own.is_empty() {
            Arc::clone(launcher.enforcement())
        } else {
            let limits = limits::held(policy, own, means)?;
            Arc::new(Enforcement { limits, ..Enforcement::clone(launcher.enforcement()) })
        };
        let limits = limits::to_request(&self.limits, &own.or(&policy.limits), means.groups);
        let tmp = match launcher.boundary() {
            Boundary::Namespaces => Some(Path::new(PRIVATE_TMP)),
            Boundary::Landlock => launcher.stand_in_tmp(),
            Boundary::None => None,
        };
        let replaced = Replaced { tmp, overlays: &launcher.enforcement().caches };
        let body =
            message::encode(self.run, &self.command, &self.targets, policy, engine.screened(), replaced, limits)?;
        Ok(Encoded { body, grouped: limits.grouped, enforcement })
    }

    /// The cell has the ends of the run now; ours are closed before the program is there, as are the copies of children that are
    /// being started. It then is the only one that has them: what it closes is closed, and its death is the end of its pipes.
    fn sent(
        self,
        launcher: &Arc<Launcher>,
        end: oneshot::Receiver<RunEnd>,
        signaller: &Signaller,
        enforcement: Arc<Enforcement>,
    ) -> Running {
        let Self { command, run, ours: streams, limits, theirs, targets: _ } = self;
        drop(theirs);
        let serving = Arc::clone(launcher);
        forks::after(move || serving.release(run));
        signaller.started(RunOf { launcher: Arc::clone(launcher), run });
        Running { command, run, launcher: Arc::clone(launcher), end, streams, limits, enforcement }
    }
}

/// A run of a launcher, to be signalled.
#[derive(Debug)]
struct RunOf {
    launcher: Arc<Launcher>,
    run: u64,
}

impl Target for RunOf {
    fn signal(&self, signal: i32) {
        self.launcher.signal(self.run, signal);
    }
}

/// A run that the launcher knows.
struct Running {
    command: Command,
    run: u64,
    launcher: Arc<Launcher>,
    end: oneshot::Receiver<RunEnd>,
    streams: Streams,
    limits: Limits,
    enforcement: Arc<Enforcement>,
}

impl Running {
    async fn finish(self, engine: &Engine, begun: Instant) -> Result<Outcome, ExecError> {
        let Self { mut command, run, launcher, mut end, mut streams, limits, enforcement } = self;
        let unfinished = EndOnDrop { launcher: &launcher, run };
        let null = engine.null();
        let mut timeout = Timeout::new(&command, &limits, begun);
        let most_output = limits.get(Limit::Output);
        let mut flooded = false;
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut end => break ended.unwrap_or(RunEnd::Lost),
                () = async { sleep(BLINK.saturating_sub(begun.elapsed())).await; streams.pump(null, most_output).await }, if !flooded => {
                    flooded = true;
                    launcher.signal(run, SIGKILL);
                }
                signal = timeout.next() => launcher.signal(run, signal),
            }
        };
        unfinished.disarm();
        let gap = launcher.guard().and_then(Guard::gap);
        // Before the result is given, whatever it is.
        let undone = launcher.guard().map(Guard::end).unwrap_or_default();
        let duration = begun.elapsed();
        match ended {
            RunEnd::Lost => Err(ExecError::SandboxEnded),
            RunEnd::Failed { stage, errno } => Err(not_started(stage, errno, &command, engine)),
            RunEnd::Exited { pid, status, limit, denied } => {
                if let Some(bridged) = command.bridged.take() {
                    streams.settle(bridged, null, most_output).await;
                }
                let (stdout, stderr) = streams.finish(null);
                Ok(Outcome {
                    end: match status {
                        ExitStatus::Code(code) => End::Code(code),
                        ExitStatus::Signal(signal) => End::Signal(signal),
                    },
                    pid,
                    stdout,
                    stderr,
                    duration,
                    timed_out: timeout.is_over(),
                    limit: if streams.is_above(most_output) {
                        Some(Limit::Output)
                    } else if timeout.is_limit_over() {
                        Some(Limit::WallTime)
                    } else {
                        limit.map(limits::met)
                    },
                    denials: undone
                        .into_iter()
                        .chain(
                            denied
                                .into_iter()
                                .filter_map(|denied| denied::explain(denied, engine.policy(), launcher.boundary())),
                        )
                        .take(MAX_DENIALS)
                        .collect(),
                    foreign_repository: launcher.guard().and_then(Guard::foreign_repository),
                    foreign_workspace: engine.foreign_workspace(),
                    enforcement: report::with_gap(enforcement, gap),
                })
            }
        }
    }
}

/// Before anything of a run exists.
fn begin(launcher: &Launcher) {
    if let Some(guard) = launcher.guard() {
        guard.begin();
    }
}

/// A command that ends within this time is not worth watching its pipes: what it wrote fits into them, or waits there.
const BLINK: Duration = Duration::from_millis(2);

/// How often a run is offered to a new launcher when the last one was found dead.
const LAUNCHERS_TRIED: usize = 3;

/// Ends a run whose future was dropped.
struct EndOnDrop<'a> {
    launcher: &'a Launcher,
    run: u64,
}

impl EndOnDrop<'_> {
    fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.launcher.signal(self.run, SIGKILL);
    }
}

/// Whether the host has something at a path that is in a tmp of the sandbox's own.
fn is_unseen(path: &Path, engine: &Engine) -> bool {
    path.is_absolute()
        && path.exists()
        && engine.policy().explain(&Access::Read(path.to_path_buf())).rule == "private-tmp"
}

/// Why a program was not started, in the words of its caller.
fn not_started(stage: Stage, errno: i32, command: &Command, engine: &Engine) -> ExecError {
    let source = io::Error::from_raw_os_error(errno);
    let program = || String::from_utf8_lossy(command.program.as_bytes()).into_owned();
    match (stage, Errno::from_raw_os_error(errno)) {
        (Stage::Exec, Errno::NOENT) if is_unseen(Path::new(&command.program), engine) => {
            ExecError::ProgramUnseen { program: program() }
        }
        (Stage::Exec, Errno::NOENT | Errno::NOTDIR) => ExecError::ProgramNotFound { program: program() },
        (Stage::Interpreter, _) => ExecError::InterpreterNotFound { program: program() },
        (Stage::Exec, Errno::TOOBIG) => ExecError::TooLong,
        (Stage::Exec, _) => ExecError::NotExecutable { program: program(), source },
        (Stage::WorkingDirectory, errno) => {
            let path = environment::working_directory(command, engine.policy());
            if errno == Errno::NOENT && is_unseen(&path, engine) {
                ExecError::DirectoryUnseen { path }
            } else {
                ExecError::WorkingDirectory { path, source }
            }
        }
        (Stage::Request, _) => ExecError::Setup { stage: "the request was not understood", source },
        (Stage::Clone, _) => ExecError::Setup { stage: "no process could be made", source },
        (Stage::Proc, _) => ExecError::Setup { stage: "a /proc of its own could not be mounted", source },
        (Stage::Stdio, _) => ExecError::Setup { stage: "its standard streams could not be put in place", source },
        (Stage::Session, _) => ExecError::Setup { stage: "a session of its own could not be made", source },
        (Stage::Landlock, _) => ExecError::Setup { stage: "the Landlock ruleset could not be taken", source },
        (Stage::Limits, _) => ExecError::Setup { stage: "its limits could not be set", source },
        (Stage::Seccomp, _) => ExecError::Setup { stage: "the syscall filter could not be taken", source },
    }
}
