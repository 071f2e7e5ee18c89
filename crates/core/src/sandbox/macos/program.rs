//! Which program a command names, so that what is missing or none is told before anything is started.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use rustix::{fs::Access, io::Errno};

use crate::{
    exec::ExecError,
    sandbox::unix::environment::{DEFAULT_PATH, Variable},
};

/// What a file begins with that the system can execute: Mach-O of 32 and 64 bits in both orders of bytes, for one machine or
/// several, and the line of an interpreter.
const BEGINNINGS: [&[u8]; 9] = [
    &[0xfe, 0xed, 0xfa, 0xce],
    &[0xfe, 0xed, 0xfa, 0xcf],
    &[0xce, 0xfa, 0xed, 0xfe],
    &[0xcf, 0xfa, 0xed, 0xfe],
    &[0xca, 0xfe, 0xba, 0xbe],
    &[0xca, 0xfe, 0xba, 0xbf],
    &[0xbe, 0xba, 0xfe, 0xca],
    &[0xbf, 0xba, 0xfe, 0xca],
    b"#!",
];

/// Where the program of a command is, looked up as `execvp` does, from `directory`.
///
/// # Errors
/// [`ExecError::ProgramNotFound`] and [`ExecError::NotExecutable`].
pub fn find(program: &OsStr, environment: &[Variable<'_>], directory: &Path) -> Result<PathBuf, ExecError> {
    let name = program.as_bytes();
    if name.is_empty() {
        return Err(ExecError::EmptyProgram);
    }
    let told = || program.to_string_lossy().into_owned();
    if name.contains(&b'/') {
        let path = directory.join(program);
        return examine(&path).map(|()| path).map_err(|errno| explain(told(), errno));
    }
    let path = environment.iter().find(|(name, _)| *name == b"PATH").map_or(DEFAULT_PATH, |(_, value)| value);
    let mut refused = Errno::NOENT;
    for entry in path.split(|&byte| byte == b':') {
        let candidate = directory.join(OsStr::from_bytes(entry)).join(program);
        match examine(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(errno) => refused = errno,
        }
    }
    Err(explain(told(), refused))
}

fn explain(program: String, errno: Errno) -> ExecError {
    match errno {
        Errno::NOENT | Errno::NOTDIR => ExecError::ProgramNotFound { program },
        errno => ExecError::NotExecutable { program, source: errno.into() },
    }
}

/// Whether a file could be executed.
fn examine(path: &Path) -> Result<(), Errno> {
    let errno = |error: io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
    if !path.metadata().map_err(errno)?.is_file() {
        return Err(Errno::ACCESS);
    }
    rustix::fs::access(path, Access::EXEC_OK)?;
    let mut beginning = [0; 4];
    // A program may be executable without being readable.
    let Ok(mut file) = File::open(path) else {
        return Ok(());
    };
    let count = file.read(&mut beginning).map_err(errno)?;
    let beginning = beginning.get(..count).unwrap_or_default();
    // A shell would take it for a script; nobody asked for a shell.
    if BEGINNINGS.iter().any(|known| beginning.starts_with(known)) { Ok(()) } else { Err(Errno::NOEXEC) }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, fs, os::unix::fs::PermissionsExt, path::Path};

    use super::find;
    use crate::exec::ExecError;

    fn file(path: &Path, content: &[u8], mode: u32) {
        fs::write(path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn finds_what_execvp_would_and_says_why_not() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for name in ["a", "b", "b/directory"] {
            fs::create_dir(at(name)).unwrap();
        }
        file(&at("a/plain"), b"#!/bin/sh\n", 0o644);
        file(&at("b/tool"), b"#!/bin/sh\n", 0o755);
        file(&at("b/binary"), &[0xcf, 0xfa, 0xed, 0xfe, 7], 0o755);
        file(&at("b/text"), b"echo\n", 0o755);
        let path = format!("{}:{}:missing", at("a").display(), at("b").display());
        let environment = [(&b"PATH"[..], path.as_bytes())];
        let found = |name: &str| find(OsStr::new(name), &environment, directory.path());
        assert_eq!(found("tool").unwrap(), at("b/tool"));
        assert_eq!(found("binary").unwrap(), at("b/binary"));
        assert_eq!(found("./b/tool").unwrap(), directory.path().join("./b/tool"));
        assert!(matches!(found("nothing"), Err(ExecError::ProgramNotFound { .. })));
        assert!(matches!(found("./nothing"), Err(ExecError::ProgramNotFound { .. })));
        assert!(matches!(found(""), Err(ExecError::EmptyProgram)));
        for (name, errno) in [("plain", libc::EACCES), ("directory", libc::EACCES), ("text", libc::ENOEXEC)] {
            assert_eq!(found(name).unwrap_err().errno(), Some(errno), "{name}");
        }
    }
}
