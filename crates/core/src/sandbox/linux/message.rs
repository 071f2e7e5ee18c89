//! A command as the launcher takes it.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::Path,
    sync::{Mutex, PoisonError},
};

use codex_launcher::protocol::{Bytes, Request, RunLimits, RunRequest};

use crate::{
    exec::{Command, Environment, ExecError},
    policy::{EnvironmentPolicy, SandboxPolicy, is_malformed_name},
};

/// Where programs are looked for when `PATH` is not set.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/usr/bin:/bin";

/// Encodes the request to run `command` with descriptors that are to have the numbers `targets`, and `tmp` as its
/// `TMPDIR`, within `limits`.
pub fn encode(
    run: u64,
    command: &Command,
    targets: &[u8],
    policy: &SandboxPolicy,
    screened: &ScreenedHost,
    tmp: Option<&Path>,
    limits: RunLimits,
) -> Result<Vec<u8>, ExecError> {
    let environment = environment(command, policy, screened, tmp)?;
    let mut strings = Strings::default();
    let directory = working_directory(command, policy);
    strings.push("the working directory", &[directory.as_os_str().as_bytes()])?;
    let candidates = candidates(&mut strings, &command.program, &environment)?;
    let name = command.name.as_ref().unwrap_or(&command.program);
    strings.push("the program's name", &[name.as_bytes()])?;
    for argument in &command.arguments {
        strings.push("an argument", &[argument.as_bytes()])?;
    }
    for (name, value) in &environment {
        strings.push("an environment variable", &[name, b"=", value])?;
    }
    let count = |length: usize| u32::try_from(length).map_err(|_| ExecError::TooLong);
    postcard::to_allocvec(&Request::Run(RunRequest {
        run,
        candidates: count(candidates)?,
        arguments: count(command.arguments.len() + 1)?,
        variables: count(environment.len())?,
        limits,
        targets: Bytes(targets),
        terminal: command.terminal,
        announce: command.started.is_some(),
        strings: Bytes(&strings.bytes),
    }))
    .map_err(|_| ExecError::TooLong)
}

/// The directory that a command starts in.
pub fn working_directory(command: &Command, policy: &SandboxPolicy) -> std::path::PathBuf {
    // Joining an absolute path gives that path.
    command.working_directory.as_ref().map_or_else(|| policy.workspace.clone(), |path| policy.workspace.join(path))
}

/// What the policy lets through, then the private tmp, then what the caller set for this command.
fn environment(
    command: &Command,
    policy: &SandboxPolicy,
    screened: &ScreenedHost,
    tmp: Option<&Path>,
) -> Result<Variables, ExecError> {
    let mut variables = match &command.environment {
        Environment::Host => screened.get(&policy.environment),
        Environment::Given(given) => screen(&policy.environment, given),
    };
    let mut set = |name: &[u8], value: &[u8]| match variables.iter_mut().find(|(present, _)| present == name) {
        Some((_, present)) => value.clone_into(present),
        None => variables.push((name.to_vec(), value.to_vec())),
    };
    if let Some(tmp) = tmp {
        set(b"TMPDIR", tmp.as_os_str().as_bytes());
    }
    for (name, value) in &command.set_environment {
        if is_malformed_name(name.as_bytes()) {
            return Err(ExecError::VariableName { name: name.to_string_lossy().into_owned() });
        }
        set(name.as_bytes(), value.as_bytes());
    }
    Ok(variables)
}

type Variables = Vec<(Vec<u8>, Vec<u8>)>;

fn screen(policy: &EnvironmentPolicy, variables: &[(OsString, OsString)]) -> Variables {
    policy.filter(variables.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))).vars
}

/// The host's environment as the policy lets it through, kept until the host's changes: judging it anew for each
/// command would take longer than all else that is done for the command before it is sent.
#[derive(Debug, Default)]
pub struct ScreenedHost {
    last: Mutex<Option<Screened>>,
}

#[derive(Debug)]
struct Screened {
    host: Vec<(OsString, OsString)>,
    variables: Variables,
}

impl ScreenedHost {
    fn get(&self, policy: &EnvironmentPolicy) -> Variables {
        let host: Vec<_> = std::env::vars_os().collect();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(screened) if screened.host == host => screened.variables.clone(),
            _ => {
                let variables = screen(policy, &host);
                *last = Some(Screened { host, variables: variables.clone() });
                variables
            }
        }
    }
}

/// The paths to try, as `execvp` would.
fn candidates(strings: &mut Strings, program: &OsStr, environment: &[(Vec<u8>, Vec<u8>)]) -> Result<usize, ExecError> {
    const WHAT: &str = "the program's name";
    let program = program.as_bytes();
    if program.is_empty() {
        return Err(ExecError::EmptyProgram);
    }
    if program.contains(&b'/') {
        strings.push(WHAT, &[program])?;
        return Ok(1);
    }
    let path = environment.iter().find(|(name, _)| name == b"PATH").map(|(_, value)| value.as_slice());
    let mut count = 0;
    for directory in path.unwrap_or(DEFAULT_PATH).split(|&byte| byte == b':') {
        match directory {
            // An empty entry means the working directory.
            b"" => strings.push(WHAT, &[b"./", program])?,
            _ => strings.push(WHAT, &[directory, b"/", program])?,
        }
        count += 1;
    }
    Ok(count)
}

/// NUL-terminated strings, one after the other.
#[derive(Default)]
struct Strings {
    bytes: Vec<u8>,
}

impl Strings {
    fn push(&mut self, what: &'static str, parts: &[&[u8]]) -> Result<(), ExecError> {
        for part in parts {
            if part.contains(&0) {
                return Err(ExecError::NulByte { what });
            }
            self.bytes.extend_from_slice(part);
        }
        self.bytes.push(0);
        Ok(())
    }
}
