//! The environment and the working directory of a run.

use std::{
    ffi::{CStr, OsString, c_char},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    exec::{Command, Environment, ExecError},
    policy::{EnvironmentPolicy, SandboxPolicy, ToolVariable, is_malformed_name},
};

/// Where programs are looked for when `PATH` is not set.
pub const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/usr/bin:/bin";

/// The directory that a command starts in.
pub fn working_directory(command: &Command, policy: &SandboxPolicy) -> std::path::PathBuf {
    // Joining an absolute path gives that path.
    command.working_directory.as_ref().map_or_else(|| policy.workspace.clone(), |path| policy.workspace.join(path))
}

/// What the policy lets through.
pub fn inherited(command: &Command, policy: &SandboxPolicy, screened: &ScreenedHost) -> Arc<Variables> {
    match &command.environment {
        Environment::Host => screened.get(&policy.environment),
        Environment::HostThen(given) | Environment::Given(given) => Arc::new(screen(&policy.environment, given)),
    }
}

/// Variables that lead tools to where they may keep things, with what they are set to; `overlays` are of caches.
pub fn for_tools<'a>(
    policy: &'a SandboxPolicy,
    tmp: Option<&Path>,
    overlays: &[PathBuf],
) -> Vec<(&'a ToolVariable, OsString)> {
    let is_held = |one: &ToolVariable| overlays.iter().any(|overlay| one.place.starts_with(overlay));
    let wanted = policy.tool_variables.iter().filter(|one| one.value.is_fixed() || !is_held(one));
    tmp.into_iter().flat_map(|tmp| wanted.clone().map(move |one| (one, one.value.text(tmp)))).collect()
}

/// Root's tar gives files to the owners that an archive names, and fails where it can't: in a Linux sandbox, root has no
/// capability for that. With this it does as for everybody else.
const TAR: (&[u8], &[u8]) = (b"TAR_OPTIONS", b"--no-same-owner");

/// What is inherited, then the private tmp and what leads tools to it or their caches, then what the caller set for this command.
pub fn environment<'a>(
    inherited: &'a Variables,
    command: &'a Command,
    tmp: Option<&'a Path>,
    for_tools: &'a [(&'a ToolVariable, OsString)],
) -> Result<Vec<Variable<'a>>, ExecError> {
    let has = |wanted: &[u8]| inherited.iter().any(|(name, _)| name == wanted);
    // Who isn't told of a home looks for nothing there. What is set to another place than the usual one is meant, in either
    // case of the letters: npm reads both.
    let has_home = has(b"HOME");
    let is_moved = |one: &ToolVariable| {
        inherited.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case(one.name.as_bytes()) && *value != one.place.as_os_str().as_bytes()
        })
    };
    // A sandbox that restricts anything has a tmp of its own. An environment that is given whole stays as it is.
    let for_tar = cfg!(target_os = "linux")
        && tmp.is_some()
        && !matches!(command.environment, Environment::Given(_))
        && !has(TAR.0)
        && rustix::process::geteuid().is_root();
    let mut variables: Vec<Variable<'_>> =
        inherited.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect();
    let mut set = |name, value| match variables.iter_mut().find(|(present, _)| *present == name) {
        Some((_, present)) => *present = value,
        None => variables.push((name, value)),
    };
    if let Some(tmp) = tmp {
        set(b"TMPDIR".as_slice(), tmp.as_os_str().as_bytes());
    }
    for (one, value) in for_tools.iter().filter(|(one, _)| has_home && !is_moved(one)) {
        set(one.name.as_bytes(), value.as_bytes());
    }
    if for_tar {
        set(TAR.0, TAR.1);
    }
    for (name, value) in &command.set_environment {
        if is_malformed_name(name.as_bytes()) {
            return Err(ExecError::VariableName { name: name.to_string_lossy().into_owned() });
        }
        set(name.as_bytes(), value.as_bytes());
    }
    Ok(variables)
}

/// A name and its value.
pub type Variable<'a> = (&'a [u8], &'a [u8]);
pub type Variables = Vec<(Vec<u8>, Vec<u8>)>;

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
    /// The host's, as it was: each entry with its NUL.
    host: Vec<u8>,
    variables: Arc<Variables>,
}

impl ScreenedHost {
    fn get(&self, policy: &EnvironmentPolicy) -> Arc<Variables> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(screened) = last.as_ref().filter(|screened| is_host_still(&screened.host)) {
            return Arc::clone(&screened.variables);
        }
        let host: Vec<_> = std::env::vars_os().collect();
        let variables = Arc::new(screen(policy, &host));
        let host = host_entries().flat_map(CStr::to_bytes_with_nul).copied().collect();
        *last = Some(Screened { host, variables: Arc::clone(&variables) });
        variables
    }
}

/// Whether the host's environment is what it was. Copying it to compare it would take longer than all else.
fn is_host_still(before: &[u8]) -> bool {
    let rest = host_entries().try_fold(before, |rest, entry| rest.strip_prefix(entry.to_bytes_with_nul()));
    rest.is_some_and(<[u8]>::is_empty)
}

/// The entries of the host's environment, each to be looked at at once. To be called where the standard library may be asked
/// for it, too: on the thread that alone changes it.
fn host_entries<'now>() -> impl Iterator<Item = &'now CStr> {
    // SAFETY: the C library has it by this name and of this type.
    unsafe extern "C" {
        static mut environ: *const *const c_char;
    }
    // SAFETY: nothing changes it meanwhile.
    let table = unsafe { (&raw const environ).read() };
    let length = if table.is_null() { 0 } else { usize::MAX };
    let entries = (0..length).map_while(move |at| {
        // SAFETY: the table ends with a null pointer, at which this stops.
        unsafe { table.add(at).read().as_ref() }
    });
    // SAFETY: an entry is a NUL-terminated string.
    entries.map(|entry| unsafe { CStr::from_ptr(entry) })
}

/// What is sent later is sent with the environment that the host has when it is asked for, which is also the only moment
/// at which the caller's thread can be trusted not to change it.
pub fn with_environment_of_now(mut command: Command) -> Command {
    if command.environment == Environment::Host {
        command.environment = Environment::HostThen(std::env::vars_os().collect());
    }
    command
}
