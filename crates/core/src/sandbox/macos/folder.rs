//! The folder of a sandbox: its private tmp, its profile, the marks of its runs.

use std::{
    ffi::{CString, OsString},
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    marks::Marks,
    seatbelt::{CONTROL, MARK, NAME, Places, SeatbeltProfile, TERMINAL, spelling::customary},
    violation::name_of_run,
};
use crate::{policy::SandboxPolicy, sandbox::SandboxError};

/// What starts a program under a profile. Never another of that name.
pub const SANDBOX_EXEC: &str = "/usr/bin/sandbox-exec";

/// A folder in the host's temporary directory, gone when dropped. Runs write in its `tmp` alone.
#[derive(Debug)]
pub struct Folder {
    _dir: TempDir,
    root: PathBuf,
    tmp: PathBuf,
    /// What every run may look at.
    open: PathBuf,
    /// The arguments that name the profile and the values of its parameters.
    profile: Vec<OsString>,
    /// What the sandbox is named in the system's log, if what it refuses is logged under a name.
    name: Option<String>,
}

impl Folder {
    /// Makes the folder, with the profile of `policy` in it. `name`: what is refused is logged under it.
    ///
    /// # Errors
    /// When it can't be made, or would lie where runs may write; and when the policy can't be held.
    pub fn new(policy: &SandboxPolicy, name: Option<String>) -> Result<Self, SandboxError> {
        let failed = || SandboxError::host("make the folder of a sandbox");
        let dir = tempfile::Builder::new().prefix("codex-").tempdir().map_err(failed())?;
        let root = fs::canonicalize(dir.path()).map_err(failed())?;
        if let Some(writable) = policy.writable_roots().find(|writable| root.starts_with(writable)) {
            return Err(SandboxError::Unavailable {
                cause: format!("the temporary directory lies in {}, where runs may write", writable.display()),
                remedy: "set TMPDIR to another directory".to_owned(),
            });
        }
        let tmp = root.join("tmp");
        DirBuilder::new().mode(0o700).create(&tmp).map_err(failed())?;
        let open = root.join("all");
        let private = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        private(&open).map_err(failed())?;
        let mut host_tmp = vec![PathBuf::from("/private/tmp"), PathBuf::from("/private/var/tmp")];
        host_tmp.extend(root.parent().map(Path::to_path_buf));
        let SeatbeltProfile { text, parameters } =
            SeatbeltProfile::new(policy, Places { tmp: &tmp, host_tmp: &host_tmp }, name.is_some())?;
        let file = root.join("profile.sb");
        private(&file).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed())?;
        let mut profile = vec![OsString::from("-f"), file.into_os_string()];
        for (name, value) in parameters {
            profile.push(definition(&name, value));
        }
        Ok(Self { _dir: dir, root, tmp, open, profile, name })
    }

    /// The private tmp.
    pub fn tmp(&self) -> &Path {
        &self.tmp
    }

    /// Its name, as programs are told it.
    pub fn told_tmp(&self) -> PathBuf {
        customary(&self.tmp)
    }

    /// What the sandbox is named in the system's log.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The mark of a run.
    ///
    /// # Errors
    /// When its file can't be made.
    pub fn mark(&self, run: u64) -> io::Result<Marks> {
        Marks::new(&self.root, run, &self.open)
    }

    /// The arguments of [`SANDBOX_EXEC`] before the program, for a run with a mark and perhaps a terminal.
    pub fn arguments(&self, run: u64, marks: &Marks, terminal: Option<&Path>) -> Vec<OsString> {
        let terminal = terminal.unwrap_or(Path::new("/dev/null"));
        let mut arguments = vec![OsString::from(SANDBOX_EXEC)];
        arguments.extend(self.profile.iter().cloned());
        for (name, path) in [(MARK, marks.closed()), (CONTROL, self.open.as_path()), (TERMINAL, terminal)] {
            arguments.push(definition(name, path.as_os_str().to_owned()));
        }
        if let Some(name) = &self.name {
            arguments.push(definition(NAME, name_of_run(name, run).into()));
        }
        arguments.push("--".into());
        arguments
    }
}

/// A name for a sandbox that nobody else can guess: no other line of the log can end with it.
///
/// # Errors
/// When the system has no random bytes.
pub fn unguessable_name() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("codex.{digits}"))
}

fn definition(name: &str, value: OsString) -> OsString {
    let mut definition = OsString::from(format!("-D{name}="));
    definition.push(value);
    definition
}

/// A string for the system; `None` when it holds a NUL byte.
pub fn system_string(bytes: &[u8]) -> Option<CString> {
    CString::new(bytes).ok()
}

/// Likewise, from what the platform has strings in.
pub fn system_strings(strings: Vec<OsString>) -> Option<Vec<CString>> {
    strings.into_iter().map(|string| CString::new(string.into_vec()).ok()).collect()
}

/// The path of a descriptor's terminal, if it is one.
pub fn terminal_of(descriptor: impl std::os::fd::AsFd) -> Option<PathBuf> {
    let name = rustix::termios::ttyname(descriptor, Vec::new()).ok()?;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name.as_bytes())))
}
