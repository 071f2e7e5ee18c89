//! What a launcher saw refused, in the words of the policy.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::PathBuf};

use codex_launcher::protocol::{Denied, Tried, Watch};

use crate::{
    exec::{Denial, DenialKind},
    policy::{Access, SandboxPolicy},
    sandbox::DenialReports,
};

/// The longest text of a denial that came from the run, in bytes.
const LONGEST: usize = 4096;

/// Calls that make directories.
const MAKES_DIRECTORIES: [&str; 2] = ["mkdir", "mkdirat"];

/// Calls that take away a name; what a mount of the sandbox stands on keeps its own, also where a run may write.
const TAKES_AWAY: [&str; 6] = ["rename", "renameat", "renameat2", "rmdir", "unlink", "unlinkat"];

/// What a launcher has to watch.
pub fn watch(reports: DenialReports) -> Watch {
    match reports {
        DenialReports::Full => Watch::Full,
        DenialReports::Network => Watch::Network,
        DenialReports::Off => Watch::Off,
    }
}

/// Says by which rule something was refused, and what would allow it.
pub fn explain(denied: Denied, policy: &SandboxPolicy) -> Denial {
    let (kind, path, address, access) = match denied.tried {
        Tried::Write(path) => {
            let access = Access::Write(PathBuf::from(OsStr::from_bytes(&path)));
            (DenialKind::Write, Some(text(&path)), None, access)
        }
        Tried::Execute(path) => {
            // A hidden program is one that can't be read.
            let access = Access::Read(PathBuf::from(OsStr::from_bytes(&path)));
            (DenialKind::Exec, Some(text(&path)), None, access)
        }
        Tried::Connect(address) => {
            let address = address.to_string();
            (DenialKind::Connect, None, Some(address.clone()), Access::Connect(address))
        }
    };
    let decision = match &access {
        Access::Write(path) if MAKES_DIRECTORIES.contains(&&*denied.syscall) => policy.explain_new_directory(path),
        access => policy.explain(access),
    };
    let (rule, reason, grant) = if decision.allowed && kind == DenialKind::Exec {
        let reason = "nothing is executed from its file system on this machine".to_owned();
        ("no-exec-file-system".to_owned(), reason, None)
    } else if decision.allowed && TAKES_AWAY.contains(&&*denied.syscall) {
        let reason = "it is held in place, because the sandbox protects it or something in it".to_owned();
        ("held-in-place".to_owned(), reason, None)
    } else if decision.allowed {
        // The policy would allow it: the host's own file system is read-only there.
        let reason = "it is read-only on this machine".to_owned();
        ("read-only-file-system".to_owned(), reason, None)
    } else {
        (decision.rule, decision.reason, decision.grant)
    };
    Denial {
        kind,
        path,
        address,
        syscall: Some(denied.syscall),
        pid: Some(denied.pid),
        program: (!denied.program.is_empty()).then(|| text(&denied.program)),
        rule,
        reason,
        grant,
        quarantine: None,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes)).into_owned()
}
