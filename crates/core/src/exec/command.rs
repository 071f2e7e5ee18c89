//! What to run and how.

use std::{ffi::OsString, path::PathBuf, time::Duration};

#[cfg(unix)]
use std::os::fd::OwnedFd;
/// An open file of this process that a program is given.
#[cfg(unix)]
pub type Descriptor = OwnedFd;
/// An open file of this process that a program is given.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::OwnedHandle;

#[cfg(unix)]
use crate::sandbox::Bridged;
use crate::{policy::Limits, sandbox::Offer};

/// A program with its arguments, environment, streams and limits of time and output.
///
/// Arguments are passed byte for byte; there is never a shell.
#[derive(Debug)]
pub struct Command {
    /// The program: a path when it has a slash in it, else a name that is looked up in `PATH` inside the sandbox.
    pub program: OsString,
    /// What the program is told as its own name. Default: `program`.
    pub name: Option<OsString>,
    /// The arguments after the program's name.
    pub arguments: Vec<OsString>,
    /// Whether a script that doesn't name its interpreter in a first line `#!` is run by `/bin/sh`, as `execvp` does. On Linux
    /// alone. Default: it is not executable.
    pub scripts_by_shell: bool,
    /// The working directory; relative to the workspace. Default: the workspace.
    pub working_directory: Option<PathBuf>,
    /// The environment that the policy filters. Default: the host's.
    pub environment: Environment,
    /// Variables that the caller set for this command by name; the policy's secret rules don't take them away.
    pub set_environment: Vec<(OsString, OsString)>,
    /// Where standard input comes from. Default: nothing.
    pub stdin: Input,
    /// Where standard output goes. Default: captured.
    pub stdout: Output,
    /// Where standard error goes. Default: captured.
    pub stderr: Output,
    /// Further descriptors, each with the number that the program finds it at: from 3 to 63.
    #[cfg(unix)]
    pub declared: Vec<(u8, OwnedFd)>,
    /// Which of the descriptors becomes the program's controlling terminal. Default: none does.
    pub terminal: Option<u8>,
    /// What carries the bytes of that terminal, so that all of them are there at the end. Default: nothing does.
    #[cfg(unix)]
    pub bridged: Option<Bridged>,
    /// Told when the program has started. Default: nobody is.
    pub started: Option<Started>,
    /// How many bytes of each captured stream are kept; the rest is read and dropped. Default: 10 MiB.
    pub max_buffer: usize,
    /// When to end the command. Default: never.
    pub timeout: Option<Duration>,
    /// The signal sent at the timeout. Default: SIGTERM.
    pub kill_signal: i32,
    /// How long after `kill_signal` the whole tree is killed. Default: 5 s.
    pub force_kill_after: Duration,
    /// Limits of this command, below those of the policy. Default: those of the policy.
    pub limits: Limits,
}

/// Where to tell that a program has started: it gets the process id, as the host sees it, 0 when it is not known.
pub type Started = tokio::sync::mpsc::UnboundedSender<i32>;

/// The environment that the policy filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Environment {
    /// The one of this process, as it is when the command is asked for.
    #[default]
    Host,
    /// The one that this process had when the command was asked for, which is sent later.
    HostThen(Vec<(OsString, OsString)>),
    /// These variables.
    Given(Vec<(OsString, OsString)>),
}

/// Where standard input comes from.
#[derive(Debug, Default)]
pub enum Input {
    /// The null device.
    #[default]
    Null,
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// An open descriptor.
    Descriptor(Descriptor),
}

/// Where an output stream goes.
#[derive(Debug, Default)]
pub enum Output {
    /// Into the outcome.
    #[default]
    Capture,
    /// Nowhere.
    Null,
    /// Into a pipe whose other end somebody may take before it is captured.
    Offered(Offer, Descriptor),
    /// An open descriptor.
    Descriptor(Descriptor),
}

impl Output {
    /// Whether somebody else gets the bytes.
    pub(crate) fn is_passed_on(&self) -> bool {
        !matches!(self, Self::Capture | Self::Null)
    }
}

impl Command {
    /// SIGTERM, which has the same number on every Unix.
    pub const SIGTERM: i32 = 15;

    /// A command with every default: the host's environment, no input, captured output.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            name: None,
            arguments: Vec::new(),
            scripts_by_shell: false,
            working_directory: None,
            environment: Environment::default(),
            set_environment: Vec::new(),
            stdin: Input::default(),
            stdout: Output::default(),
            stderr: Output::default(),
            #[cfg(unix)]
            declared: Vec::new(),
            terminal: None,
            #[cfg(unix)]
            bridged: None,
            started: None,
            max_buffer: 10 * 1024 * 1024,
            timeout: None,
            kill_signal: Self::SIGTERM,
            force_kill_after: Duration::from_secs(5),
            limits: Limits::default(),
        }
    }
}
