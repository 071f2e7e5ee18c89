//! One run: its streams, its job, its process, its end.

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time::sleep};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_BAD_EXE_FORMAT, ERROR_ELEVATION_REQUIRED, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND,
};

use super::{
    engine::{ENDED, Engine, Ready},
    environment_block::environment_block,
    job::Job,
    process::{self, Plan, Process},
    program::{self, terminated},
    report,
    streams::{Streams, spawn},
};
use crate::{
    exec::{Command, End, Environment, ExecError, Outcome},
    policy::{Limit, Limits, SandboxPolicy, ToolValue, is_malformed_name},
    profile::ProfileName,
    sandbox::{
        Enforcement, Signaller, limits,
        signaller::Target,
        timeout::{SIGKILL, Timeout},
    },
};

/// How long what a program leaves behind has to end by itself.
const LEFT_BEHIND: Duration = Duration::from_millis(500);
/// How often it is looked at.
pub const LOOK: Duration = Duration::from_millis(5);
/// How long the kernel may take to end what is ended.
pub const ENDING: Duration = Duration::from_secs(30);

/// `STATUS_CONTROL_C_EXIT`: how a program ends that does nothing about Ctrl-Break.
const CONTROL_EXIT: u32 = 0xC000_013A;
/// What Node, and with it this product, calls Ctrl-C, Ctrl-Break and being asked to end.
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const SIGBREAK: i32 = 21;

/// What is sent later is sent with the environment that the host has when it is asked for.
pub fn with_environment_of_now(mut command: Command) -> Command {
    if command.environment == Environment::Host {
        command.environment = Environment::HostThen(std::env::vars_os().collect());
    }
    command
}

/// Runs a command to its end.
pub async fn run(engine: Arc<Engine>, command: Command, signaller: Signaller) -> Result<Outcome, ExecError> {
    let begun = Instant::now();
    let outcome = attempt(&engine, command, &signaller, begun).await;
    signaller.ended();
    outcome
}

async fn attempt(
    engine: &Engine,
    mut command: Command,
    signaller: &Signaller,
    begun: Instant,
) -> Result<Outcome, ExecError> {
    let ready = engine.ready()?;
    let policy = engine.policy();
    let limits = limits::of_command(&command, policy)?;
    let enforcement = enforced(policy, &command, &ready)?;
    let (streams, theirs) = Streams::new(&mut command, limits.get(Limit::Output))?;
    // Whoever has the host's console can type into it, as if a person had.
    if ready.boundary.is_some() && theirs.iter().any(IsTerminal::is_terminal) {
        let source = io::ErrorKind::Unsupported.into();
        return Err(ExecError::Host { what: "give the host's console to a sandbox; pass pipes or files", source });
    }
    let job = Job::new(&limits, policy.profile != ProfileName::Trusted);
    let job = Arc::new(job.map_err(|source| ExecError::Setup { stage: "make a job", source })?);
    engine.keep(&job)?;
    let process = start(policy, &command, &ready, &job, &theirs)?;
    // The run has its own copies.
    drop(theirs);
    let pid = i32::try_from(process.id).unwrap_or_default();
    if let Some(started) = &command.started {
        let _ = started.send(pid);
    }
    let run = RunOf {
        job: Arc::clone(&job),
        // A sandbox has a console of its own, where Ctrl-Break can't be sent to; so has what a host without one starts.
        group: (ready.boundary.is_none() && process::has_console()).then_some(process.id),
        ended_by: Arc::new(AtomicI32::new(0)),
    };
    let ended_by = Arc::clone(&run.ended_by);
    let end_by = |signal| run.signal(signal);
    signaller.started(RunOf { job: Arc::clone(&job), group: run.group, ended_by: Arc::clone(&run.ended_by) });
    // Should nobody wait any more, the run is over.
    let unfinished = EndOnDrop(Arc::clone(&job), signaller.clone());
    let mut exit = exit_of(process)?;
    let mut timeout = Timeout::new(&command, &limits, begun);
    let mut flooded = false;
    let exit_code = loop {
        tokio::select! {
            biased;
            exit_code = &mut exit => break exit_code,
            () = streams.flooded(), if !flooded => {
                flooded = true;
                end_by(SIGKILL);
            }
            signal = timeout.next() => end_by(signal),
        }
    };
    let exit_code = exit_code.map_err(|_| ExecError::SandboxEnded)?;
    let exit_code = exit_code.map_err(|source| ExecError::Host { what: "wait for a process", source })?;
    end_tree(&job).await?;
    drop(unfinished);
    let end = end(exit_code, ended_by.load(Relaxed))?;
    let duration = begun.elapsed();
    let flooded = streams.is_flooded();
    let (stdout, stderr) = streams.finish().await;
    Ok(Outcome {
        end,
        pid,
        stdout,
        stderr,
        duration,
        timed_out: timeout.is_over(),
        limit: if flooded { Some(Limit::Output) } else { timeout.is_limit_over().then_some(Limit::WallTime) },
        denials: Vec::new(),
        foreign_repository: None,
        foreign_workspace: None,
        enforcement,
    })
}

fn enforced(policy: &SandboxPolicy, command: &Command, ready: &Ready) -> Result<Arc<Enforcement>, ExecError> {
    if command.limits == Limits::default() {
        return Ok(Arc::clone(&ready.enforcement));
    }
    let limits = report::held(policy, &command.limits)?;
    Ok(Arc::new(Enforcement { limits, ..Enforcement::clone(&ready.enforcement) }))
}

fn start(
    policy: &SandboxPolicy,
    command: &Command,
    ready: &Ready,
    job: &Job,
    streams: &[std::os::windows::io::OwnedHandle; 3],
) -> Result<Process, ExecError> {
    let directory = command.working_directory.as_ref().map(|path| policy.workspace.join(path));
    let directory = directory.unwrap_or_else(|| policy.workspace.clone());
    match directory.metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            let source = io::ErrorKind::NotADirectory.into();
            return Err(ExecError::WorkingDirectory { path: directory, source });
        }
        Err(source) => return Err(ExecError::WorkingDirectory { path: directory, source }),
    }
    let tmp = ready.boundary.as_ref().map(|boundary| boundary.tmp.as_path());
    let variables = environment(policy, command, tmp)?;
    let variable = |wanted: &str| {
        let found = variables.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    };
    let mut program = program::find(command, &directory, ready.boundary.is_some(), variable)?;
    let block = environment_block(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let made = process::start(Plan {
        program: &program.file,
        command_line: &mut program.command_line,
        environment: &block,
        directory: &terminated(directory.as_os_str())?,
        streams,
        job,
        confinement: ready.boundary.as_ref().and_then(|boundary| boundary.confinement()),
    });
    let given = || command.program.to_string_lossy().into_owned();
    made.map_err(|source| match source.raw_os_error().map(i32::cast_unsigned) {
        Some(ERROR_ACCESS_DENIED | ERROR_BAD_EXE_FORMAT | ERROR_ELEVATION_REQUIRED) => {
            ExecError::NotExecutable { program: given(), source }
        }
        Some(ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND) => ExecError::ProgramNotFound { program: given() },
        _ => ExecError::Setup { stage: "make the process", source },
    })
}

/// What the policy lets through, then the private tmp and where tools keep caches in it, then what the caller set for this command. A
/// variable that is no text is left out.
fn environment(
    policy: &SandboxPolicy,
    command: &Command,
    tmp: Option<&Path>,
) -> Result<Vec<(String, String)>, ExecError> {
    let (Environment::HostThen(given) | Environment::Given(given)) = &command.environment else {
        return Ok(Vec::new());
    };
    let given = given.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
    let kept = policy.environment.filter(given).vars.into_iter();
    let text = |bytes| String::from_utf8(bytes).ok();
    let mut variables: Vec<_> = kept.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
    if let Some(tmp) = tmp.and_then(Path::to_str) {
        variables.extend(["TEMP", "TMP", "TMPDIR"].map(|name| (name.to_owned(), tmp.to_owned())));
        // The user's own caches are out of reach.
        for tool in policy.tool_variables.iter().filter(|tool| !matches!(tool.value, ToolValue::At(_))) {
            let is_set = variables.iter().any(|(name, _)| name.eq_ignore_ascii_case(tool.name));
            if let Some(value) = tool.value.text(Path::new(tmp)).to_str().filter(|_| !is_set) {
                variables.push((tool.name.to_owned(), value.to_owned()));
            }
        }
    }
    for (name, value) in &command.set_environment {
        let named = || name.to_string_lossy().into_owned();
        let pair = name.to_str().zip(value.to_str()).filter(|(name, _)| !is_malformed_name(name.as_bytes()));
        let (name, value) = pair.ok_or_else(|| ExecError::VariableName { name: named() })?;
        if value.contains('\0') {
            return Err(ExecError::NulByte { what: "a variable" });
        }
        variables.push((name.to_owned(), value.to_owned()));
    }
    Ok(variables)
}

/// The exit code of a process, waited for on a thread.
fn exit_of(process: Process) -> Result<oneshot::Receiver<io::Result<u32>>, ExecError> {
    let (ended, end) = oneshot::channel();
    let wait = move || drop(ended.send(process.wait()));
    spawn(wait).map_err(|source| ExecError::Host { what: "wait for a process", source })?;
    Ok(end)
}

/// Until no process of the run is left.
async fn end_tree(job: &Job) -> Result<(), ExecError> {
    let ended = Instant::now();
    let mut is_told = false;
    loop {
        let left = job.processes().map_err(|source| ExecError::Host { what: "count processes", source })?;
        if left == 0 {
            return Ok(());
        }
        if ended.elapsed() > LEFT_BEHIND && !is_told {
            is_told = true;
            job.terminate(ENDED);
        }
        if ended.elapsed() > ENDING {
            let source = io::ErrorKind::TimedOut.into();
            return Err(ExecError::Host { what: "end the processes of a run", source });
        }
        sleep(LOOK).await;
    }
}

/// How a program ended that had this exit code, after a signal of that number; 0 is none.
fn end(exit_code: u32, ended_by: i32) -> Result<End, ExecError> {
    match (exit_code, ended_by) {
        (ENDED | CONTROL_EXIT, signal @ 1..) => Ok(End::Signal(signal)),
        (ENDED, _) => Err(ExecError::SandboxEnded),
        _ => Ok(End::Code(exit_code.cast_signed())),
    }
}

/// A run, to be signalled.
#[derive(Debug)]
struct RunOf {
    job: Arc<Job>,
    /// Where Ctrl-Break can be sent to.
    group: Option<u32>,
    /// The last signal that could end it.
    ended_by: Arc<AtomicI32>,
}

impl Target for RunOf {
    fn signal(&self, signal: i32) {
        if signal == 0 {
            return;
        }
        self.ended_by.store(signal, Relaxed);
        let is_asked = matches!(signal, SIGINT | SIGTERM | SIGBREAK) && self.group.is_some_and(process::send_break);
        if !is_asked {
            self.job.terminate(ENDED);
        }
    }
}

struct EndOnDrop(Arc<Job>, Signaller);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.terminate(ENDED);
        // It holds the job, which has to end with the run.
        self.1.ended();
    }
}
