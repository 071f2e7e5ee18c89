//! What a launcher saw refused, in the words of the policy.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::FileTypeExt},
    path::{Path, PathBuf},
};

use codex_launcher::protocol::{Boundary, Denied, Tried, Watch};

use crate::{
    exec::{Denial, DenialKind},
    policy::{Access, Decision, SandboxPolicy},
    sandbox::DenialReports,
};

/// The longest text of a denial that came from the run, in bytes.
const LONGEST: usize = 4096;

/// A host that is like any other.
const ANY_HOST: &str = "*";

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

/// What of a run is told, given what its launcher watches.
pub fn reports(watch: Watch) -> DenialReports {
    match watch {
        Watch::Full => DenialReports::Full,
        Watch::Network => DenialReports::Network,
        Watch::Off => DenialReports::Off,
    }
}

/// Says by which rule something was refused where `boundary` holds the runs, and what would allow it; nothing of what wasn't there
/// to be had.
pub fn explain(denied: Denied, policy: &SandboxPolicy, boundary: Boundary) -> Option<Denial> {
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
        // Where it would have led is not known, and makes no difference.
        Tried::MakeSocket => (DenialKind::Connect, None, None, Access::Connect(ANY_HOST.to_owned())),
        Tried::Socket(path) => {
            let address = text(host_socket(&path)?.as_os_str().as_bytes());
            (DenialKind::Connect, None, Some(address.clone()), Access::Connect(address))
        }
    };
    let decision = match &access {
        Access::Write(path) if MAKES_DIRECTORIES.contains(&&*denied.syscall) => policy.explain_new_directory(path),
        access => policy.explain(access),
    };
    let without_namespaces = boundary == Boundary::Landlock;
    let Decision { rule, reason, grant, .. } = match &access {
        Access::Write(path) | Access::Read(path) if without_namespaces => {
            lacking_namespaces(kind, path, policy, &decision)
        }
        Access::Connect(socket) if socket.starts_with('/') => {
            let grant = Some(format!("add unixSockets: [{socket:?}]"));
            let decision = refused("unix-socket", "sockets of host services are hidden unless they are granted");
            Some(Decision { grant, ..decision })
        }
        Access::Connect(_) if without_namespaces => {
            let reason =
                format!("{}, and without user namespaces no loopback of the run's own either", decision.reason);
            Some(Decision { reason, ..decision.clone() })
        }
        _ => None,
    }
    .unwrap_or_else(|| match (decision.allowed, kind) {
        (false, _) => decision,
        (true, DenialKind::Exec) => {
            refused("no-exec-file-system", "nothing is executed from its file system on this machine")
        }
        (true, _) if TAKES_AWAY.contains(&&*denied.syscall) => {
            refused("held-in-place", "it is held in place, because the sandbox protects it or something in it")
        }
        // The policy would allow it: the host's own file system is read-only there.
        (true, _) => refused("read-only-file-system", "it is read-only on this machine"),
    });
    Some(Denial {
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
    })
}

/// The socket of the host that a path leads to, if there is one.
fn host_socket(path: &[u8]) -> Option<PathBuf> {
    let path = fs::canonicalize(OsStr::from_bytes(path)).ok()?;
    fs::metadata(&path).is_ok_and(|found| found.file_type().is_socket()).then_some(path)
}

/// What the policy says of a machine with namespaces, and is otherwise on one without.
fn lacking_namespaces(kind: DenialKind, path: &Path, policy: &SandboxPolicy, decision: &Decision) -> Option<Decision> {
    let of_machine = |rule| rule == "system-files" && path.starts_with("/dev");
    match (kind, &*decision.rule) {
        (_, rule) if of_machine(rule) => {
            Some(refused(rule, "/dev is the machine's, of which a few harmless devices are open"))
        }
        (DenialKind::Write, "private-tmp") => Some(refused(
            "no-private-tmp",
            "without user namespaces it is the host's, and read-only; TMPDIR names the run's own",
        )),
        (DenialKind::Write, "cache") => {
            let cache = policy.caches.iter().find(|cache| path.starts_with(cache))?;
            let grant = format!("add writable: [{:?}]", cache.display().to_string());
            let decision = refused("no-overlay", "without user namespaces the cache has no overlay, and is read-only");
            Some(Decision { grant: Some(grant), ..decision })
        }
        (DenialKind::Exec, _) if decision.allowed => Some(refused(
            "beside-hidden",
            "it was put beside something hidden when the sandbox stood, and can't be read without user namespaces",
        )),
        _ => None,
    }
}

fn refused(rule: &str, reason: &str) -> Decision {
    Decision { allowed: false, rule: rule.to_owned(), reason: reason.to_owned(), grant: None }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes)).into_owned()
}
