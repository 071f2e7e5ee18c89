//! What Seatbelt refused, in the words of the policy.

use super::violation::Violation;
use crate::{
    exec::{Denial, DenialKind},
    policy::{Access, SandboxPolicy},
    sandbox::DenialReports,
};

/// The longest text of a denial that came from the run, in bytes.
const LONGEST: usize = 4096;

/// What was tried, if it is told: reads aren't, nor are services of the system, which programs ask for all the time and do without.
pub fn kind(violation: &Violation, reports: DenialReports) -> Option<DenialKind> {
    let kind = match violation.operation.as_str() {
        "network-outbound" => DenialKind::Connect,
        operation if operation.starts_with("file-write") => DenialKind::Write,
        operation if operation.starts_with("process-exec") => DenialKind::Exec,
        _ => return None,
    };
    let is_wanted = match reports {
        DenialReports::Full => true,
        DenialReports::Network => kind == DenialKind::Connect,
        DenialReports::Off => false,
    };
    // What has no name, such as a pair of sockets, says nothing.
    (is_wanted && !violation.object.is_empty()).then_some(kind)
}

/// Says by which rule something was refused, and what would allow it.
pub fn explain(kind: DenialKind, violation: &Violation, policy: &SandboxPolicy) -> Denial {
    let object = text(violation.object.strip_prefix("remote:").unwrap_or(&violation.object));
    let access = match kind {
        DenialKind::Write => Access::Write(object.clone().into()),
        // A hidden program is one that can't be read.
        DenialKind::Exec => Access::Read(object.clone().into()),
        DenialKind::Connect => Access::Connect(object.clone()),
    };
    // What a socket in the file system is granted by, no other address is.
    let is_socket = kind == DenialKind::Connect && object.starts_with('/');
    let decision = policy.explain(&access);
    let (rule, reason, grant) = if is_socket {
        let grant = format!("add unixSockets: [{object:?}]");
        (
            "unix-socket".to_owned(),
            "sockets of host services are closed unless they are granted".to_owned(),
            Some(grant),
        )
    } else if decision.allowed {
        ("seatbelt".to_owned(), NOT_HERE.to_owned(), None)
    } else {
        (decision.rule, decision.reason, decision.grant)
    };
    let (path, address) = if kind == DenialKind::Connect { (None, Some(object)) } else { (Some(object), None) };
    Denial {
        kind,
        path,
        address,
        syscall: Some(text(&violation.operation)),
        pid: Some(violation.pid),
        program: (!violation.program.is_empty()).then(|| text(&violation.program)),
        rule,
        reason,
        grant,
        quarantine: None,
    }
}

/// Why something is refused that the policy would allow.
const NOT_HERE: &str =
    "on macOS a sandbox has neither a loopback nor a /tmp, and can't make a repository or another name of a file";

fn text(text: &str) -> String {
    let end = (0..=LONGEST.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{LONGEST, explain, kind};
    use crate::{
        ProfileName, SandboxPolicy, SecurityProfile,
        exec::{Denial, DenialKind},
        sandbox::{DenialReports, macos::violation::Violation},
    };

    fn policy() -> (tempfile::TempDir, SandboxPolicy) {
        let workspace = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let policy = SecurityProfile::named(ProfileName::WorkspaceWrite).resolve(workspace.path()).unwrap();
        (workspace, policy)
    }

    fn violation(operation: &str, object: &str) -> Violation {
        Violation { run: 1, program: "sh".into(), pid: 7, operation: operation.into(), object: object.into() }
    }

    fn told(violation: &Violation, policy: &SandboxPolicy) -> Option<Denial> {
        Some(explain(kind(violation, DenialReports::Full)?, violation, policy))
    }

    fn denial(operation: &str, object: &str) -> Option<Denial> {
        told(&violation(operation, object), &policy().1)
    }

    #[test]
    fn a_denial_names_the_rule_and_the_grant() {
        let write = denial("file-write-create", "/usr/local/x").unwrap();
        assert_eq!((write.kind, write.path.as_deref()), (DenialKind::Write, Some("/usr/local/x")));
        assert_eq!(
            (write.rule.as_str(), write.syscall.as_deref()),
            ("outside-writable-roots", Some("file-write-create"))
        );
        assert_eq!((write.pid, write.program.as_deref()), (Some(7), Some("sh")));
        assert!(write.grant.unwrap().contains("writable"));
        let connect = denial("network-outbound", "remote:*:443").unwrap();
        assert_eq!((connect.kind, connect.address.as_deref()), (DenialKind::Connect, Some("*:443")));
        assert_eq!((connect.rule.as_str(), connect.path), ("no-network", None));
        let socket = denial("network-outbound", "/private/var/run/docker.sock").unwrap();
        assert_eq!(socket.grant.as_deref(), Some("add unixSockets: [\"/private/var/run/docker.sock\"]"));
        let (_workspace, policy) = policy();
        let hooks = policy.workspace.join(".git/hooks/pre-commit");
        let hook = told(&violation("file-write-data", hooks.to_str().unwrap()), &policy);
        assert_eq!(hook.unwrap().rule, "carve-out");
        let inside = policy.workspace.join(".git");
        let made = told(&violation("file-write-create", inside.to_str().unwrap()), &policy);
        assert_eq!(made.unwrap().rule, "seatbelt");
    }

    #[test]
    fn what_is_not_asked_for_or_says_nothing_is_left_out() {
        for operation in
            ["file-read-data", "file-read-metadata", "mach-lookup", "sysctl-read", "signal", "network-bind"]
        {
            assert_eq!(denial(operation, "/a"), None, "{operation}");
        }
        assert_eq!(denial("file-write-data", ""), None);
        let of = |operation, reports| kind(&violation(operation, "/a"), reports);
        assert_eq!(of("file-write-data", DenialReports::Network), None);
        assert_eq!(of("network-outbound", DenialReports::Network), Some(DenialKind::Connect));
        assert_eq!(of("network-outbound", DenialReports::Off), None);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let long = format!("/{}", "ü".repeat(LONGEST));
        let path = denial("file-write-data", &long).unwrap().path.unwrap();
        assert!(path.len() <= LONGEST && long.starts_with(&path) && path.len() > LONGEST - 4);
    }
}
