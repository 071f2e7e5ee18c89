//! Where it ended: the steps to a sandbox, and those from a run to a program.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a launcher could not become the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The step that failed.
    pub step: Step,
    /// Its error number.
    pub errno: i32,
    /// The path that it was about, if any.
    pub path: Option<Vec<u8>>,
}

/// The steps in which a launcher becomes the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Reading the plan.
    Plan,
    /// Entering a user namespace.
    UserNamespace,
    /// Mapping the user and group into it.
    IdMap,
    /// Entering the other namespaces.
    Namespaces,
    /// Bringing up the private loopback.
    Loopback,
    /// Making the file system read-only.
    ReadOnlyRoot,
    /// Building the minimal `/dev`.
    Devices,
    /// Mounting the private tmp.
    PrivateTmp,
    /// Opening the workspace, or showing it again where the private tmp hides it.
    Visible,
    /// Opening a writable directory, or putting it in place.
    Writable,
    /// Holding what stays read-only inside a writable directory.
    Hold,
    /// Hiding a path that may not be read.
    Hide,
    /// Hiding the sockets of host services, or showing those that are granted.
    Sockets,
    /// Mounting a `/proc` of its own.
    Proc,
    /// Giving up every privilege.
    Privileges,
    /// Building the Landlock ruleset.
    Landlock,
    /// Installing the syscall filter.
    Seccomp,
    /// Preparing to serve runs.
    Serve,
}

/// The stages in which a run becomes a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Stage {
    /// The message was not understood.
    Request,
    /// Making the run's processes.
    Clone,
    /// Mounting its `/proc`.
    Proc,
    /// Putting its standard streams in place.
    Stdio,
    /// Making a session of its own, with its terminal.
    Session,
    /// Entering the working directory.
    WorkingDirectory,
    /// Taking the Landlock ruleset.
    Landlock,
    /// Taking the syscall filter.
    Seccomp,
    /// Taking its limits.
    Limits,
    /// Starting the program itself.
    Exec,
    /// Starting what the program's file names to run it: the interpreter of a script, or the loader.
    Interpreter,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plan => "reading the launch plan",
            Self::UserNamespace => "entering a user namespace",
            Self::IdMap => "mapping the user into the user namespace",
            Self::Namespaces => "entering the mount, ipc, uts and network namespaces",
            Self::Loopback => "bringing up the private loopback",
            Self::ReadOnlyRoot => "making the file system read-only",
            Self::Devices => "building a minimal /dev",
            Self::PrivateTmp => "mounting a private tmp",
            Self::Visible => "showing the workspace",
            Self::Writable => "putting a writable directory in place",
            Self::Hold => "holding what stays read-only in a writable directory",
            Self::Hide => "hiding a path that may not be read",
            Self::Sockets => "hiding the sockets of host services",
            Self::Proc => "mounting a /proc of its own",
            Self::Privileges => "giving up every privilege",
            Self::Landlock => "building the Landlock ruleset",
            Self::Seccomp => "installing the syscall filter",
            Self::Serve => "preparing to serve runs",
        })
    }
}
