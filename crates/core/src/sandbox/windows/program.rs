//! From a command to a file and a command line.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::windows::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use windows_sys::Win32::{Foundation::ERROR_CANT_ACCESS_FILE, System::SystemInformation::GetSystemDirectoryW};

use super::{
    batch::{batch_command_line, is_batch_file},
    command_line::{NoCommandLine, command_line},
    lookup::{DEFAULT_PATHEXT, Kind, candidates, choose},
};
use crate::exec::{Command, ExecError};

/// What is executed. Texts end with a NUL.
pub struct Program {
    /// The file.
    pub file: Vec<u16>,
    /// The command line.
    pub command_line: Vec<u16>,
}

/// Finds the program of `command`. `variable` looks into the run's environment. `confined`: it is started in a sandbox.
pub fn find<'a>(
    command: &Command,
    directory: &Path,
    confined: bool,
    variable: impl Fn(&str) -> Option<&'a str>,
) -> Result<Program, ExecError> {
    if command.program.is_empty() {
        return Err(ExecError::EmptyProgram);
    }
    let given = command.program.to_string_lossy().into_owned();
    let not_found = || ExecError::ProgramNotFound { program: given.clone() };
    // A name that is no text is none that a program has by intention.
    let (name, directory) = command.program.to_str().zip(directory.to_str()).ok_or_else(not_found)?;
    let path = variable("PATH").unwrap_or_default();
    let tried = candidates(name, directory, path, variable("PATHEXT").unwrap_or(DEFAULT_PATHEXT));
    let (file, kind) = choose(tried, kind_of).ok_or_else(not_found)?;
    if confined && kind == Kind::Alias {
        let reason = format!(
            "{file} stands for an app of the Store's, which no sandbox can start; install the program itself, and name its own file"
        );
        let source = io::Error::new(io::ErrorKind::PermissionDenied, reason);
        return Err(ExecError::NotExecutable { program: given, source });
    }
    if is_batch_file(&file) {
        return batch(command, file);
    }
    let wide = |text: &OsStr| text.encode_wide().collect::<Vec<u16>>();
    let name = wide(command.name.as_deref().unwrap_or(&command.program));
    let arguments: Vec<_> = command.arguments.iter().map(|argument| wide(argument)).collect();
    let line = command_line(&name, arguments.iter().map(Vec::as_slice)).map_err(unwritable)?;
    Ok(Program { file: terminated(OsStr::new(&file))?, command_line: line })
}

fn kind_of(file: &str) -> Option<Kind> {
    let file = Path::new(file);
    let is_alias =
        || File::open(file).is_err_and(|error| error.raw_os_error() == Some(ERROR_CANT_ACCESS_FILE.cast_signed()));
    file.is_file().then(|| if is_alias() { Kind::Alias } else { Kind::File })
}

fn batch(command: &Command, file: String) -> Result<Program, ExecError> {
    let refused = || ExecError::BatchFile { program: file.clone() };
    let interpreter = system_directory()?.join("cmd.exe");
    let arguments: Option<Vec<_>> = command.arguments.iter().map(|argument| argument.to_str()).collect();
    let line = interpreter
        .to_str()
        .zip(arguments)
        .and_then(|(interpreter, arguments)| batch_command_line(interpreter, &file, &arguments));
    let line = line.ok_or_else(refused)?.map_err(unwritable)?;
    Ok(Program { file: terminated(interpreter.as_os_str())?, command_line: line })
}

/// The system's own, whatever the environment says.
fn system_directory() -> Result<PathBuf, ExecError> {
    let mut buffer = [0; 512];
    // SAFETY: the buffer has the size that is given.
    let length = unsafe { GetSystemDirectoryW(buffer.as_mut_ptr(), 512) };
    let text = buffer.get(..length as usize).filter(|text| !text.is_empty());
    let text = text.and_then(|text| String::from_utf16(text).ok());
    text.map(PathBuf::from)
        .ok_or_else(|| ExecError::Host { what: "find the system's directory", source: io::Error::last_os_error() })
}

fn unwritable(error: NoCommandLine) -> ExecError {
    match error {
        NoCommandLine::Nul => ExecError::NulByte { what: "an argument" },
        NoCommandLine::TooLong => ExecError::TooLong,
        NoCommandLine::Name => ExecError::Host {
            what: "write the program's name down",
            source: io::Error::new(io::ErrorKind::InvalidInput, error.to_string()),
        },
    }
}

/// For a call that takes a text with a NUL at its end.
pub fn terminated(text: &OsStr) -> Result<Vec<u16>, ExecError> {
    let mut wide: Vec<u16> = text.encode_wide().collect();
    if wide.contains(&0) {
        return Err(ExecError::NulByte { what: "a path" });
    }
    wide.push(0);
    Ok(wide)
}
