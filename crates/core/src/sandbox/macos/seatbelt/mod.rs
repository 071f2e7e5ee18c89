//! A sandbox policy as a profile of Seatbelt, the sandbox of macOS.
//!
//! A profile is a text in a language of its own. No path and no pattern of a policy stands in that text: they are parameters.
//! What the profile doesn't allow is denied. Nothing in here needs a Mac, so that every machine can test it.

mod carve_outs;
mod files;
mod parameters;
mod pattern;
pub mod spelling;
mod tables;
#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    fmt::Write,
    path::{Path, PathBuf},
};

use self::{
    files::FileRules,
    parameters::Parameters,
    tables::{ASKED_VALUE, DEVICES, NETWORK_SERVICES, Open, RESOLVER, SERVICES, SHARED_MEMORY, VALUES},
};
use crate::{
    policy::{NetworkPolicy, SandboxPolicy},
    sandbox::SandboxError,
};

/// The parameter of each run that names a file which its processes, and no others, can't look at.
pub const MARK: &str = "MARK";
/// The parameter of each run that names a file which they can look at.
pub const CONTROL: &str = "CONTROL";
/// The parameter of each run that names its terminal; the null device where it has none.
pub const TERMINAL: &str = "TERMINAL";

/// The parameter of each run that stands below each of its refusals in the system's log.
pub const NAME: &str = "NAME";

/// What a profile is about beside its policy. All paths are resolved.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The private tmp.
    pub tmp: &'a Path,
    /// The host's temporary directories.
    pub host_tmp: &'a [PathBuf],
}

/// A profile for the compiler of `sandbox-exec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatbeltProfile {
    /// Its text.
    pub text: String,
    /// The values of its parameters, but for those of each run.
    pub parameters: Vec<(String, OsString)>,
}

impl SeatbeltProfile {
    /// The profile of a policy that isn't `trusted`'s. `told`: what it refuses is logged under the run's name.
    ///
    /// # Errors
    /// [`SandboxError`] when what is hidden holds what the run needs, or a pattern matches too much.
    pub fn new(policy: &SandboxPolicy, places: Places<'_>, told: bool) -> Result<Self, SandboxError> {
        let mut parameters = Parameters::default();
        let denial = Denial { told };
        let mut text = String::new();
        let _ = writeln!(text, "(version 1)\n{}", denial.rule("default", &[]));
        text.push_str("\n; Programs, and the processes of this run\n");
        text.push_str("(allow process-exec* process-fork)\n");
        text.push_str("(allow signal process-info* (target same-sandbox))\n");
        system(&mut text);
        FileRules::new(policy, &places, denial, &mut parameters, &mut text).write()?;
        devices(denial, &mut text);
        sockets(policy, &places, &mut parameters, &mut text);
        if policy.network != NetworkPolicy::None {
            outbound(denial, &mut text);
        }
        run(denial, &mut text);
        Ok(Self { text, parameters: parameters.into_values() })
    }
}

/// How a profile denies something.
#[derive(Debug, Clone, Copy)]
pub struct Denial {
    /// Whether the system's log is to name the run.
    told: bool,
}

impl Denial {
    /// The rule that denies `operations` where one of `filters` fits; without any, everywhere.
    pub fn rule(self, operations: &str, filters: &[String]) -> String {
        let name = self.told.then(|| format!("(with message (param \"{NAME}\"))"));
        let parts: Vec<_> = filters.iter().chain(&name).map(|part| format!("\n  {part}")).collect();
        format!("(deny {operations}{})", parts.concat())
    }
}

/// What programs may ask of the system.
fn system(text: &mut String) {
    text.push_str("\n; Services of the system\n");
    list(text, "allow mach-lookup", "global-name", SERVICES);
    text.push_str("\n; Values of the system\n(allow sysctl-read");
    for value in VALUES {
        let filter = if value.name.ends_with(['.', '_']) { "sysctl-name-prefix" } else { "sysctl-name" };
        entry(text, filter, *value);
    }
    text.push_str("\n)\n");
    list(text, "allow sysctl-write", "sysctl-name", &[ASKED_VALUE]);
    text.push_str("\n; Semaphores and memory that the processes of one program share\n");
    for operation in ["ipc-posix-sem", "ipc-posix-shm*"] {
        list(text, &format!("allow {operation}"), "ipc-posix-name-prefix", SHARED_MEMORY);
    }
}

/// Devices that keep nothing, and terminals that the run makes itself.
fn devices(denial: Denial, text: &mut String) {
    // The disks of the machine lie there, and terminals of other programs: their keyboards and screens.
    let _ = writeln!(text, "\n; Devices\n{}", denial.rule("file-read-data", &["(subpath \"/dev\")".to_owned()]));
    text.push_str("(allow file-read-data (literal \"/dev\") (subpath \"/dev/fd\"))\n");
    text.push_str("(allow file-write-data (subpath \"/dev/fd\"))\n");
    text.push_str(
        "(allow file-read-data file-write-data file-ioctl\n  (require-all (vnode-type CHARACTER-DEVICE) (require-any",
    );
    for device in DEVICES {
        entry(text, "literal", *device);
    }
    text.push_str("\n)))\n(allow pseudo-tty)\n(allow file-read-data file-write-data file-ioctl\n  ");
    text.push_str("(require-all (regex #\"^/dev/ttys[0-9]+$\") (extension \"com.apple.sandbox.pty\")))\n");
}

/// Sockets in the file system: those that the run makes in its private tmp, and those that the profile names.
fn sockets(policy: &SandboxPolicy, places: &Places<'_>, parameters: &mut Parameters, text: &mut String) {
    let tmp = parameters.subpath(places.tmp);
    text.push_str("\n; Sockets in the file system\n(allow system-socket (socket-domain AF_UNIX))\n");
    let _ = writeln!(text, "(allow network-bind network-inbound (local unix-socket {tmp}))");
    let _ = writeln!(text, "(allow network-outbound (remote unix-socket {tmp}))");
    for socket in &policy.unix_sockets {
        let socket = parameters.path_literal(socket);
        let _ = writeln!(text, "(allow network-outbound (remote unix-socket {socket}))");
    }
}

/// Connections to other machines. Seatbelt knows no addresses but `*` and `localhost`.
fn outbound(denial: Denial, text: &mut String) {
    text.push_str("\n; Connections to other machines, and none to this one\n(allow system-socket)\n");
    text.push_str("(allow network-outbound (remote ip \"*:*\"))\n");
    let _ = writeln!(text, "{}", denial.rule("network-outbound", &["(remote ip \"localhost:*\")".to_owned()]));
    let _ = writeln!(text, "(allow network-outbound (remote unix-socket (path-literal \"{RESOLVER}\")))");
    list(text, "allow mach-lookup", "global-name", NETWORK_SERVICES);
}

/// What is different for each run: by what its processes are known, and its terminal.
fn run(denial: Denial, text: &mut String) {
    text.push_str("\n; The mark of the run, and its terminal\n");
    let _ = writeln!(text, "{}", denial.rule("file-read-metadata", &[format!("(literal (param \"{MARK}\"))")]));
    let _ = writeln!(text, "(allow file-read-metadata (literal (param \"{CONTROL}\")))");
    let _ = writeln!(text, "(allow file-read-data file-write-data file-ioctl (literal (param \"{TERMINAL}\")))");
}

fn list(text: &mut String, rule: &str, filter: &str, table: &[Open]) {
    let _ = write!(text, "({rule}");
    for open in table {
        entry(text, filter, *open);
    }
    text.push_str("\n)\n");
}

fn entry(text: &mut String, filter: &str, open: Open) {
    let _ = write!(text, "\n  ({filter} \"{}\") ; {}", open.name, open.reason);
}
