//! A command as the launcher takes it.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use codex_launcher::protocol::{Bytes, RunLimits, RunRequest};

use crate::{
    exec::{Command, ExecError},
    policy::SandboxPolicy,
    sandbox::unix::environment::{
        DEFAULT_PATH, ScreenedHost, Variable, environment, for_tools, inherited, working_directory,
    },
};

/// What the sandbox has in place of the host's.
#[derive(Clone, Copy)]
pub struct Replaced<'a> {
    /// The private tmp.
    pub tmp: Option<&'a Path>,
    /// The caches that have an overlay.
    pub overlays: &'a [PathBuf],
}

/// Encodes the request to run `command` with descriptors that are to have the numbers `targets`, within
/// `limits`.
pub fn encode(
    run: u64,
    command: &Command,
    targets: &[u8],
    policy: &SandboxPolicy,
    screened: &ScreenedHost,
    replaced: Replaced<'_>,
    limits: RunLimits,
) -> Result<Vec<u8>, ExecError> {
    let inherited = inherited(command, policy, screened);
    let for_tools = for_tools(policy, replaced.tmp, replaced.overlays);
    let environment = environment(&inherited, command, replaced.tmp, &for_tools)?;
    let mut strings = Strings { bytes: Vec::with_capacity(USUAL_BYTES) };
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
    let request = RunRequest {
        run,
        candidates: count(candidates)?,
        arguments: count(command.arguments.len() + 1)?,
        variables: count(environment.len())?,
        limits,
        targets: Bytes(targets),
        terminal: command.terminal,
        announce: command.started.is_some(),
        scripts_by_shell: command.scripts_by_shell,
        strings: Bytes(&strings.bytes),
    };
    postcard::to_extend(&request, Vec::with_capacity(strings.bytes.len() + BESIDE_STRINGS))
        .map_err(|_| ExecError::TooLong)
}

/// What the strings of most requests fit into.
const USUAL_BYTES: usize = 4096;

/// What the rest of most requests fits into.
const BESIDE_STRINGS: usize = 128;

/// The paths to try, as `execvp` would.
fn candidates(strings: &mut Strings, program: &OsStr, environment: &[Variable<'_>]) -> Result<usize, ExecError> {
    const WHAT: &str = "the program's name";
    let program = program.as_bytes();
    if program.is_empty() {
        return Err(ExecError::EmptyProgram);
    }
    if program.contains(&b'/') {
        strings.push(WHAT, &[program])?;
        return Ok(1);
    }
    let path = environment.iter().find(|(name, _)| *name == b"PATH").map(|(_, value)| *value);
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
