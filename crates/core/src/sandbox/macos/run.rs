//! One run from the host's side: its pipes, its start, its timeout, its end.

use std::{
    collections::BTreeMap,
    ffi::{CString, OsString},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    engine::{Engine, Standing},
    folder::{Folder, SANDBOX_EXEC, system_string, system_strings, terminal_of},
    limits,
    log::Listener,
    program,
    spawn::{Launch, Step, spawn},
    tree::{Signalled, Tree},
};
use crate::{
    exec::{Command, End, ExecError, Outcome},
    policy::{Limit, Limits},
    sandbox::{
        Enforcement, HeldLimit,
        unix::{
            Signaller, environment,
            limits::of_command,
            streams::Streams,
            timeout::{SIGKILL, Timeout},
        },
    },
};

/// How long what a program left behind is waited for.
const LINGER: Duration = Duration::from_millis(500);
/// The time between two looks for it.
const PAUSE: Duration = Duration::from_millis(10);

/// A command that was asked for.
pub struct Start {
    engine: Arc<Engine>,
    begun: Instant,
    signaller: Signaller,
    command: Command,
}

impl Start {
    pub fn new(engine: Arc<Engine>, command: Command, signaller: Signaller) -> Self {
        let command = environment::with_environment_of_now(command);
        Self { engine, begun: Instant::now(), signaller, command }
    }

    /// Brings the command to its end.
    pub async fn finish(self) -> Result<Outcome, ExecError> {
        let Self { engine, begun, signaller, command } = self;
        let outcome = match engine.ready().await {
            Ok(standing) => match Running::new(&engine, &standing, command, &signaller) {
                Ok(running) => running.finish(&engine, begun).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error.into()),
        };
        signaller.ended();
        outcome
    }
}

/// A run that has begun.
struct Running<'a> {
    command: Command,
    streams: Streams,
    limits: Limits,
    /// By what its own limits are held, if it has any.
    own_limits: Option<BTreeMap<Limit, HeldLimit>>,
    /// Hears of what it is refused.
    listener: Option<Listener>,
    /// Ends the run when it is dropped before.
    unfinished: Unfinished<'a>,
    /// Its private tmp stays as long as the run.
    standing: Arc<Standing>,
}

impl<'a> Running<'a> {
    fn new(
        engine: &'a Engine,
        standing: &Arc<Standing>,
        mut command: Command,
        signaller: &Signaller,
    ) -> Result<Self, ExecError> {
        let limits = of_command(&command, engine.policy())?;
        let own_limits = match command.limits.is_empty() {
            true => None,
            false => Some(limits::held(engine.policy(), &command.limits)?),
        };
        let _inside = engine.runtime().enter();
        let run = engine.next_run();
        let (streams, theirs) = Streams::new(&mut command, Some(engine.null()))?;
        let (targets, theirs): (Vec<_>, Vec<_>) = theirs.into_iter().unzip();
        let listener = standing.log().map(|log| log.listen(run));
        let tree = start(engine, standing, &command, run, &theirs, &targets, &limits)?;
        let unfinished = Unfinished { engine, run, tree, is_over: false };
        engine.begin(run, &unfinished.tree)?;
        signaller.started(Signalled(Arc::clone(&unfinished.tree)));
        if let Some(started) = &command.started {
            let _ = started.send(unfinished.tree.pid());
        }
        Ok(Self { command, streams, limits, own_limits, listener, unfinished, standing: Arc::clone(standing) })
    }

    async fn finish(self, engine: &Engine, begun: Instant) -> Result<Outcome, ExecError> {
        let Self { mut command, mut streams, limits, own_limits, listener, unfinished, standing } = self;
        let tree = Arc::clone(&unfinished.tree);
        let null = engine.null();
        let mut timeout = Timeout::new(&command, &limits, begun);
        let most_output = limits.get(Limit::Output);
        let mut flooded = false;
        let mut ended = std::pin::pin!(tree.first_ended());
        loop {
            tokio::select! {
                biased;
                ended = &mut ended => break ended.map_err(host("watch the program"))?,
                () = streams.pump(null, most_output), if !flooded => {
                    flooded = true;
                    tree.signal(SIGKILL);
                }
                signal = timeout.next() => tree.signal(signal),
            }
        }
        let lingering = Instant::now();
        while !flooded && lingering.elapsed() < LINGER && tree.has_others() {
            tokio::select! {
                () = streams.pump(null, most_output) => flooded = true,
                () = sleep(PAUSE) => {}
            }
        }
        let status = tree.end().await.map_err(host("end every process of the run"))?;
        let pid = tree.pid();
        let duration = begun.elapsed();
        unfinished.disarm();
        if engine.is_closed() {
            return Err(ExecError::SandboxEnded);
        }
        if let Some(bridged) = command.bridged.take() {
            streams.settle(bridged, null, most_output).await;
        }
        let (stdout, stderr) = streams.finish(null);
        let end = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => End::Code(code),
            (None, signal) => End::Signal(signal.unwrap_or(SIGKILL)),
        };
        let limit = match end {
            _ if streams.is_above(most_output) => Some(Limit::Output),
            _ if timeout.is_limit_over() => Some(Limit::WallTime),
            End::Signal(signal) => limits::met(signal),
            End::Code(_) => None,
        };
        let (denials, told) = match listener {
            Some(listener) => listener.finish(end != End::Code(0)).await,
            None => (Vec::new(), false),
        };
        let enforcement = standing.enforcement(told);
        let enforcement = match own_limits {
            None => Arc::clone(enforcement),
            Some(limits) => Arc::new(Enforcement { limits, ..Enforcement::clone(enforcement) }),
        };
        Ok(Outcome {
            end,
            pid,
            stdout,
            stderr,
            duration,
            timed_out: timeout.is_over(),
            limit,
            denials,
            foreign_repository: None,
            foreign_workspace: None,
            enforcement,
        })
    }
}

/// Starts the program of a command, in the sandbox if there is one.
fn start(
    engine: &Engine,
    standing: &Standing,
    command: &Command,
    run: u64,
    theirs: &[OwnedFd],
    targets: &[u8],
    limits: &Limits,
) -> Result<Arc<Tree>, ExecError> {
    let policy = engine.policy();
    let folder = standing.folder();
    let tmp = folder.map(Folder::told_tmp);
    let tmp = tmp.as_deref();
    let inherited = environment::inherited(command, policy, engine.screened());
    let for_tools = environment::for_tools(policy, tmp, &[]);
    let variables = environment::environment(&inherited, command, tmp, &for_tools)?;
    let directory = environment::working_directory(command, policy);
    let found = program::find(&command.program, &variables, &directory)?;
    let marks = match folder {
        Some(folder) => Some(folder.mark(run).map_err(host("make the mark of a run"))?),
        None => None,
    };
    let (path, mut arguments) = match (folder, &marks) {
        (Some(folder), Some(marks)) => {
            if command.name.as_ref().is_some_and(|name| *name != command.program) {
                return Err(ExecError::Setup {
                    stage: "macOS gives a program in a sandbox no other name than its own; leave argv0 out",
                    source: io::ErrorKind::Unsupported.into(),
                });
            }
            let terminal = command
                .terminal
                .and_then(|number| terminal_of(targets.iter().zip(theirs).find(|(target, _)| **target == number)?.1));
            let mut arguments = folder.arguments(run, marks, terminal.as_deref());
            // As it was given where it is looked up the same way there, so that it is told its name as it was given.
            let has_path = variables.iter().any(|(name, _)| *name == b"PATH");
            let is_path = command.program.as_bytes().contains(&b'/');
            arguments.push(if has_path || is_path { command.program.clone() } else { found.into_os_string() });
            (Path::new(SANDBOX_EXEC).to_path_buf(), arguments)
        }
        _ => {
            let name = command.name.as_ref().unwrap_or(&command.program);
            (found, vec![name.clone()])
        }
    };
    arguments.extend(command.arguments.iter().cloned());
    let variables: Option<Vec<CString>> =
        variables.iter().map(|(name, value)| system_string(&[name, b"=".as_slice(), value].concat())).collect();
    let nul = |what| move || ExecError::NulByte { what };
    let launch = Launch {
        program: &system_string(path.as_os_str().as_bytes()).ok_or_else(nul("the program's name"))?,
        arguments: &system_strings(arguments).ok_or_else(nul("an argument"))?,
        environment: &variables.ok_or_else(nul("an environment variable"))?,
        directory: &system_string(directory.as_os_str().as_bytes()).ok_or_else(nul("the working directory"))?,
        descriptors: theirs,
        targets,
        resources: &limits::of_process(limits),
        terminal: command.terminal,
    };
    match spawn(&launch) {
        Ok(first) => Ok(Tree::new(first, marks)),
        Err((step, source)) => Err(not_started(step, source, command, directory.into_os_string())),
    }
}

/// Why a program was not started, in the words of its caller.
fn not_started(step: Step, source: io::Error, command: &Command, directory: OsString) -> ExecError {
    let program = || String::from_utf8_lossy(command.program.as_bytes()).into_owned();
    match (step, source.raw_os_error()) {
        (Step::Program, Some(libc::E2BIG)) => ExecError::TooLong,
        (Step::Program, Some(libc::ENOENT)) => ExecError::ProgramNotFound { program: program() },
        (Step::Program, _) => ExecError::NotExecutable { program: program(), source },
        (Step::Directory, _) => ExecError::WorkingDirectory { path: directory.into(), source },
        (Step::Fork, _) => ExecError::Setup { stage: "no process could be made", source },
        (Step::Session, _) => ExecError::Setup { stage: "a session of its own could not be made", source },
        (Step::Terminal, _) => ExecError::Setup { stage: "its terminal could not be made its own", source },
        (Step::Limits, _) => ExecError::Setup { stage: "its limits could not be set", source },
    }
}

fn host(what: &'static str) -> impl Fn(io::Error) -> ExecError {
    move |source| ExecError::Host { what, source }
}

/// Ends a run whose future was dropped.
struct Unfinished<'a> {
    engine: &'a Engine,
    run: u64,
    tree: Arc<Tree>,
    is_over: bool,
}

impl Unfinished<'_> {
    /// Nothing of it is left.
    fn disarm(mut self) {
        self.is_over = true;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.tree.end_now();
        }
        self.engine.end(self.run);
    }
}
