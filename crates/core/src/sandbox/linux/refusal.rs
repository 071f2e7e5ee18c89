//! A launcher's refusal in words: what is missing on this machine and how to get it.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use codex_launcher::protocol::{Refusal, Step};
use rustix::io::Errno;

use crate::sandbox::SandboxError;

/// Whether the machine forbids or lacks what a sandbox of namespaces and mounts is made of, so that one without them may
/// still be had.
pub fn is_about_namespaces(refusal: &Refusal) -> bool {
    match refusal.step {
        Step::UserNamespace
        | Step::IdMap
        | Step::Namespaces
        | Step::Loopback
        | Step::ReadOnlyRoot
        | Step::Devices
        | Step::PrivateTmp
        | Step::Sockets
        | Step::Proc => true,
        Step::Landlock | Step::Seccomp => false,
        // No path is to blame for a missing call.
        _ => refusal.errno == Errno::NOSYS.raw_os_error(),
    }
}

/// Whether what was to be hidden was replaced or removed after it was found: looked for again, it may be had.
pub fn is_about_a_change(refusal: &Refusal) -> bool {
    let errno = Errno::from_raw_os_error(refusal.errno);
    refusal.step == Step::Hide && matches!(errno, Errno::STALE | Errno::NOENT)
}

/// The refusal as an error.
pub fn explain(refusal: &Refusal) -> SandboxError {
    let errno = Errno::from_raw_os_error(refusal.errno);
    if let Some(path) = &refusal.path
        && errno == Errno::ACCESS
        && rustix::process::geteuid().is_root()
    {
        let path = PathBuf::from(OsStr::from_bytes(path));
        let cause = format!("root has no right over files of other users in a sandbox, such as {}", path.display());
        return SandboxError::Unavailable { cause, remedy: "run codex as their user, or give them to root".to_owned() };
    }
    if let Some(path) = refusal.path.as_ref().filter(|_| errno != Errno::NOSYS) {
        let reason = match errno {
            Errno::NOENT => "was removed".to_owned(),
            Errno::STALE => "was replaced by something else".to_owned(),
            other => format!("can't be used ({}: {other})", refusal.step),
        };
        return SandboxError::Directory { path: PathBuf::from(OsStr::from_bytes(path)), reason };
    }
    let (cause, mut remedy) = missing(refusal, errno);
    if is_about_namespaces(refusal) {
        remedy.push_str(", or ask for best-effort enforcement");
    }
    SandboxError::Unavailable { cause, remedy }
}

/// Neither namespaces nor Landlock can be had: nothing would hold a file rule, whatever is asked for.
pub fn explain_both(namespaces: &Refusal, landlock: &Refusal) -> SandboxError {
    if landlock.path.is_some() && landlock.errno != Errno::NOSYS.raw_os_error() {
        return explain(landlock);
    }
    let [(first, remedy), (second, _)] =
        [namespaces, landlock].map(|refusal| missing(refusal, Errno::from_raw_os_error(refusal.errno)));
    let cause = format!("nothing on this machine can hold a file rule: {first}, and {second}");
    SandboxError::Unavailable { cause, remedy }
}

/// What is missing on this machine, and how to get it.
fn missing(refusal: &Refusal, errno: Errno) -> (String, String) {
    if (is_forbidden(refusal.step, errno) || is_of_a_filter(refusal.step, errno)) && is_filtered() {
        return (filtered(refusal), OUT_OF_A_FILTER.to_owned());
    }
    let setting = is_forbidden(refusal.step, errno).then(forbidding_setting).flatten();
    (cause(refusal, errno), setting.unwrap_or(remedy(refusal.step, errno)).to_owned())
}

/// What undoes the setting of the administrator's that forbids user namespaces, if it is a known one.
fn forbidding_setting() -> Option<&'static str> {
    let is = |setting: &str, value: &str| {
        fs::read_to_string(Path::new("/proc/sys/kernel").join(setting)).is_ok_and(|text| text.trim() == value)
    };
    if is("apparmor_restrict_unprivileged_userns", "1") {
        Some(
            "give the launcher an AppArmor profile (docs/security-profiles.md of the repository has one), or allow them to everybody \
             (`sysctl kernel.apparmor_restrict_unprivileged_userns=0`)",
        )
    } else if is("unprivileged_userns_clone", "0") {
        Some("allow them (`sysctl kernel.unprivileged_userns_clone=1`)")
    } else {
        None
    }
}

/// Whether a step was forbidden, and nothing was missing.
fn is_forbidden(step: Step, errno: Errno) -> bool {
    matches!(
        (step, errno),
        (Step::UserNamespace | Step::IdMap | Step::Namespaces | Step::ReadOnlyRoot, Errno::PERM | Errno::ACCESS)
    )
}

/// Whether only a filter can have answered so: what no kernel lacks, or lets nobody have.
fn is_of_a_filter(step: Step, errno: Errno) -> bool {
    matches!((step, errno), (Step::UserNamespace | Step::Namespaces, Errno::NOSYS) | (Step::Landlock, Errno::PERM))
}

/// Whether this process is under a filter of system calls, as the processes of a sandbox and of most containers are.
fn is_filtered() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter_map(|line| line.strip_prefix("Seccomp:")).any(|mode| mode.trim() == "2")
}

fn filtered(refusal: &Refusal) -> String {
    let error = io::Error::from_raw_os_error(refusal.errno);
    let what = if refusal.step == Step::Landlock { "Landlock is" } else { "user namespaces are" };
    format!("{what} forbidden to this process by the sandbox or container that it is in ({}: {error})", refusal.step)
}

const OUT_OF_A_FILTER: &str = "run it outside of that, since a sandbox can't be made in another one, or give the container a seccomp \
     profile that permits it";

const FORBIDDEN: &str = "user namespaces are forbidden on this machine";

/// What failed, with the system's words.
fn cause(refusal: &Refusal, errno: Errno) -> String {
    let what = match (refusal.step, errno) {
        (Step::UserNamespace, _) => FORBIDDEN,
        (step, errno) if is_forbidden(step, errno) => FORBIDDEN,
        (Step::Proc, _) => "a /proc of its own is forbidden here, as in a container that masks parts of it",
        (Step::Landlock, Errno::NOSYS | Errno::OPNOTSUPP) => "there is no Landlock",
        (_, Errno::NOSYS) => "the kernel lacks a call that mounts are arranged by",
        _ => "the kernel refused",
    };
    format!("{what} ({}: {})", refusal.step, io::Error::from_raw_os_error(refusal.errno))
}

fn remedy(step: Step, errno: Errno) -> &'static str {
    match (step, errno) {
        (Step::UserNamespace, Errno::NOSPC) => "raise the limit with `sysctl user.max_user_namespaces=15000`",
        (step, errno) if is_forbidden(step, errno) => {
            "allow them (`sysctl kernel.unprivileged_userns_clone=1` on Debian, \
             `sysctl kernel.apparmor_restrict_unprivileged_userns=0` or an AppArmor profile on Ubuntu, \
             a seccomp profile that permits them in a container), leave a chroot, in which the kernel makes none"
        }
        (Step::Proc, _) => "start the container with an unmasked /proc (`--security-opt systempaths=unconfined`)",
        (Step::Landlock, _) => {
            "boot with `lsm=landlock,…` on Linux 5.13 or newer, and give a container a seccomp profile that permits it"
        }
        (Step::Seccomp, _) => "use a kernel with seccomp filters (CONFIG_SECCOMP_FILTER)",
        (_, Errno::NOSYS) => "use Linux 5.12 or newer, and in a container a seccomp profile that permits its calls",
        _ => "see `codex doctor`",
    }
}

#[cfg(test)]
mod tests {
    use codex_launcher::protocol::{Refusal, Step};
    use rustix::io::Errno;

    use super::explain;

    #[test]
    fn every_refusal_names_a_cause_and_a_way_out() {
        let cases = [
            (Step::UserNamespace, Errno::PERM, "user namespaces are forbidden", "unprivileged_userns_clone"),
            (Step::UserNamespace, Errno::NOSPC, "user namespaces are forbidden", "max_user_namespaces"),
            (Step::ReadOnlyRoot, Errno::ACCESS, "user namespaces are forbidden", "apparmor"),
            (Step::Proc, Errno::PERM, "/proc", "systempaths=unconfined"),
            (Step::Landlock, Errno::NOSYS, "there is no Landlock", "lsm=landlock"),
            (Step::Devices, Errno::NOSYS, "the kernel lacks a call", "Linux 5.12"),
        ];
        for (step, errno, cause, remedy) in cases {
            let refusal = Refusal { step, errno: errno.raw_os_error(), path: None };
            let message = format!("{} {}", super::cause(&refusal, errno), super::remedy(step, errno));
            assert!(message.contains(cause) && message.contains(remedy), "{message}");
        }
    }

    #[test]
    fn a_path_is_not_blamed_for_an_old_kernel() {
        let refusal =
            Refusal { step: Step::Visible, errno: Errno::NOSYS.raw_os_error(), path: Some(b"/some/where".to_vec()) };
        let message = explain(&refusal).to_string();
        assert!(message.contains("Linux 5.12") && !message.contains("/some/where"), "{message}");
        assert!(super::is_about_namespaces(&refusal));
    }

    #[test]
    fn a_path_is_named() {
        let refusal =
            Refusal { step: Step::Writable, errno: Errno::STALE.raw_os_error(), path: Some(b"/some/where".to_vec()) };
        let message = explain(&refusal).to_string();
        assert!(message.contains("/some/where was replaced"), "{message}");
    }
}
