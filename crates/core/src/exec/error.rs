//! Why a command could not be run.

use std::{io, path::PathBuf};

use crate::{policy::Limit, sandbox::SandboxError};

/// A command that was not run, or whose end is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// The sandbox can't be had.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A program name, argument, variable or directory holds a NUL byte, which no system call can carry.
    #[error("{what} holds a NUL byte; remove it")]
    NulByte {
        /// Which part of the command.
        what: &'static str,
    },
    /// The caller set a variable that no environment can hold.
    #[error("{name:?} can't be the name of a variable; it is empty, or holds = or NUL")]
    VariableName {
        /// The name.
        name: String,
    },
    /// The program's name is empty.
    #[error("the program's name is empty; name a program or give its path")]
    EmptyProgram,
    /// The program is not there.
    #[error("program not found: {program} ({})", looked_up(program))]
    ProgramNotFound {
        /// As it was given.
        program: String,
    },
    /// What the program's file names to run it is not there: the interpreter in the first line of a script, or the loader
    /// of a program that was built for another system.
    #[error(
        "nothing runs {program} here: the interpreter or loader that it names is not inside the sandbox; install it, or \
         change the first line, in which a carriage return at the end counts as part of the name"
    )]
    InterpreterNotFound {
        /// As it was given.
        program: String,
    },
    /// The program can't be executed.
    #[error("program can't be executed: {program}; {}", way_out(source))]
    NotExecutable {
        /// As it was given.
        program: String,
        /// The system's error: EACCES, or ENOEXEC for a file of no known format.
        source: io::Error,
    },
    /// A batch file, with arguments that `cmd.exe` could take for something else.
    #[error(
        "{program} is a batch file, and cmd.exe could take its path or its arguments for commands; run the program that \
         it starts, or pass arguments of plain letters, digits and -_./\\:+@"
    )]
    BatchFile {
        /// As it was found.
        program: String,
    },
    /// A declared descriptor has a number that it can't have.
    #[error("descriptor {number} can't be declared twice or at this number; give each one of its own from 3 to 63")]
    Declared {
        /// The number.
        number: u8,
    },
    /// An open directory was given as a stream.
    #[error(
        "stream {number} is a directory, from which a run would reach what its profile keeps from it; grant the directory in \
         the profile, and give the run its path"
    )]
    DirectoryGiven {
        /// The number of the stream.
        number: u8,
    },
    /// The working directory can't be entered.
    #[error("working directory can't be entered: {}", path.display())]
    WorkingDirectory {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The program lies in the tmp of the host, which the sandbox doesn't see.
    #[error(
        "program not found: a sandbox has a tmp of its own, without {program} of the host; to show it, add readable: [{program:?}]"
    )]
    ProgramUnseen {
        /// As it was given.
        program: String,
    },
    /// The working directory lies in the tmp of the host, which the sandbox doesn't see.
    #[error(
        "working directory can't be entered: a sandbox has a tmp of its own, without {0} of the host; to show it, add \
         readable: [{0:?}]", path.display().to_string()
    )]
    DirectoryUnseen {
        /// The directory.
        path: PathBuf,
    },
    /// A limit of the command that the policy doesn't leave room for, or that is no command's own.
    #[error("`{}`: {problem}", limit.key())]
    Limit {
        /// Which one.
        limit: Limit,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The command line and the environment together are too long.
    #[error("the arguments and the environment are too long for this system; pass the data through a file or stdin")]
    TooLong,
    /// A step before the program failed.
    #[error("the run could not be set up: {stage}")]
    Setup {
        /// The step.
        stage: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// A pipe or a socket of the host's side failed.
    #[error("the host could not {what}")]
    Host {
        /// What it was doing.
        what: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The sandbox was closed, or its launcher was killed from outside, while the command ran. Everything it started
    /// is gone.
    #[error("the sandbox ended while the command ran; its processes are gone")]
    SandboxEnded,
}

impl ExecError {
    /// The system's error number, where there is one.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::ProgramNotFound { .. }
            | Self::InterpreterNotFound { .. }
            | Self::ProgramUnseen { .. }
            | Self::DirectoryUnseen { .. } => Some(ENOENT),
            Self::TooLong => Some(E2BIG),
            Self::DirectoryGiven { .. } => Some(EISDIR),
            Self::NotExecutable { source, .. }
            | Self::WorkingDirectory { source, .. }
            | Self::Setup { source, .. }
            | Self::Host { source, .. } => number(source),
            Self::Sandbox(_)
            | Self::NulByte { .. }
            | Self::VariableName { .. }
            | Self::EmptyProgram
            | Self::BatchFile { .. }
            | Self::Limit { .. }
            | Self::Declared { .. }
            | Self::SandboxEnded => None,
        }
    }
}

/// What to do about a program that can't be executed.
fn way_out(error: &io::Error) -> &'static str {
    match number(error) {
        Some(ENOEXEC) => {
            "it is no program of this system, and no script that names its interpreter in a first line `#!`; run that with it"
        }
        Some(ETXTBSY) => "it is open for writing; close it there first",
        Some(ELOOP) => "symbolic links lead in a circle; name the program itself",
        Some(ENAMETOOLONG) => "its name is too long; use a shorter one",
        _ => "give it execute permission, or run its interpreter",
    }
}

/// The number as Unix has it, which is how Node names errors on every system.
fn number(error: &io::Error) -> Option<i32> {
    if cfg!(unix) {
        return error.raw_os_error();
    }
    match (error.kind(), error.raw_os_error()) {
        (_, Some(ERROR_BAD_EXE_FORMAT)) => Some(ENOEXEC),
        (_, Some(ERROR_ELEVATION_REQUIRED)) | (io::ErrorKind::PermissionDenied, _) => Some(EACCES),
        (io::ErrorKind::NotFound, _) => Some(ENOENT),
        (io::ErrorKind::NotADirectory, _) => Some(ENOTDIR),
        _ => None,
    }
}

const ERROR_BAD_EXE_FORMAT: i32 = 193;
const ERROR_ELEVATION_REQUIRED: i32 = 740;

// The same on every system that there is a backend for.
const ENOENT: i32 = 2;
const ENOEXEC: i32 = 8;
const EACCES: i32 = 13;
const ENOTDIR: i32 = 20;
const EISDIR: i32 = 21;
const E2BIG: i32 = 7;
const ETXTBSY: i32 = 26;
// Those of Linux: elsewhere the system's own words have to do.
const ENAMETOOLONG: i32 = 36;
const ELOOP: i32 = 40;

/// Where a program was looked for, and what to say of a name that holds its arguments.
fn looked_up(program: &str) -> &'static str {
    if program.contains(char::is_whitespace) {
        "looked up inside the sandbox; a program and each of its arguments are words of their own"
    } else if program.contains('/') {
        "no such file inside the sandbox"
    } else {
        "looked up inside the sandbox, in PATH"
    }
}
