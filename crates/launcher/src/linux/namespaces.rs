//! Entering the namespaces, and the private loopback.

use std::io::Write;

use codex_launcher::protocol::{Network, ProcessLimit, Step};
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
    mount::{MountFlags, MountPropagationFlags, mount_change},
    net::{AddressFamily, SocketFlags, SocketType, socket_with},
    process::{getegid, geteuid},
    thread::{CapabilitySet, UnshareFlags, capabilities},
};

use super::{
    limits,
    mounts::{PROC_FLAGS, mount_proc},
    setup::{During, SetupError},
};

/// Enters a user namespace in which the user keeps the same id, and in it the other namespaces.
///
/// The pid namespace is not among them: each run gets its own.
pub fn enter(network: Network) -> Result<(), SetupError> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unmask_proc();
    unshare(UnshareFlags::NEWUSER).during(Step::UserNamespace)?;
    write("/proc/self/uid_map", &format!("{user} {user} 1\n")).during(Step::IdMap)?;
    write("/proc/self/setgroups", "deny").during(Step::IdMap)?;
    write("/proc/self/gid_map", &format!("{group} {group} 1\n")).during(Step::IdMap)?;
    leave_watches();
    let mut flags = UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    if network == Network::Private {
        flags |= UnshareFlags::NEWNET;
    }
    unshare(flags).during(Step::Namespaces)?;
    if network == Network::Private {
        bring_up_loopback().during(Step::Loopback)?;
        open_loopback(group);
    }
    Ok(())
}

/// Leaves half of the inotify instances and watches that a user may have to the programs outside, this sandbox's engine among
/// them: the kernel counts what is used in a user namespace for the user who made it, too.
fn leave_watches() {
    for of in ["instances", "watches"] {
        let all = std::fs::read_to_string(format!("/proc/sys/fs/inotify/max_user_{of}"));
        if let Some(all) = all.ok().and_then(|all| all.trim().parse::<u64>().ok()) {
            let _ = write(&format!("/proc/sys/user/max_inotify_{of}"), &(all / 2).to_string());
        }
    }
}

/// Lets runs use all of a loopback that nobody else has: the low ports, which else take a capability that no run has, and
/// `ping`. A container that masks these settings keeps them as they are.
fn open_loopback(group: u32) {
    let _ = write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    let _ = write("/proc/sys/net/ipv4/ping_group_range", &format!("{group} {group}"));
}

/// Makes a fresh `/proc` possible in a container that masks parts of its own, for those who may mount outside of a user
/// namespace. In one, the kernel mounts a `/proc` only where a whole one is to be seen: so one is put over the masked one, in
/// a mount namespace that nothing else is in. What fails here is told by [`try_proc`].
fn unmask_proc() {
    let may_mount = capabilities(None).is_ok_and(|own| own.effective.contains(CapabilitySet::SYS_ADMIN));
    if may_mount && is_proc_masked() && unshare(UnshareFlags::NEWNS).is_ok() {
        // The whole tree, so that nothing that is mounted here is mounted on the host. Read-only it becomes with all the rest.
        let _ = mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
            .and_then(|()| mount_proc(PROC_FLAGS.difference(MountFlags::RDONLY)));
    }
}

/// Whether anything is mounted in `/proc`, besides what systemd puts on an empty directory of it, which hides nothing.
fn is_proc_masked() -> bool {
    let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    mounts.split(|byte| *byte == b'\n').any(|mount| {
        let target = mount.split(|byte| *byte == b' ').nth(MOUNT_POINT).unwrap_or_default();
        target.starts_with(b"/proc/") && target != b"/proc/sys/fs/binfmt_misc"
    })
}

/// Which word of a line of `mountinfo` the mount point is.
const MOUNT_POINT: usize = 4;

/// A child that tries what every run will do.
pub struct Trial {
    child: libc::pid_t,
    limited: bool,
    counted: bool,
}

/// Tries what every run will do, so that a machine on which it fails is known before the first run, and meanwhile the
/// sandbox is made: the kernel takes its time to take the child's namespaces away.
///
/// A container that masks parts of `/proc` forbids a fresh one: the kernel asks for an unmasked one to be visible.
/// With `limited`, the same child shows what can hold the number of processes.
pub fn try_proc(limited: bool) -> Result<Trial, SetupError> {
    // SAFETY: the process has one thread, and the child only mounts and exits.
    let clone = || unsafe { clone_like_fork(libc::CLONE_NEWPID | libc::CLONE_NEWNS) };
    let (child, counted) =
        if limited { limits::clone_counted(clone) } else { clone().map(|child| (child, false)) }.during(Step::Proc)?;
    if child == 0 {
        let code = mount_proc(PROC_FLAGS).err().map_or(0, Errno::raw_os_error);
        // SAFETY: ends the child at once; nothing is to be cleaned up.
        unsafe { libc::_exit(code) }
    }
    Ok(Trial { child, limited, counted })
}

impl Trial {
    /// What came of it.
    pub fn result(self) -> Result<ProcessLimit, SetupError> {
        let mut status = 0;
        // SAFETY: waits for the child made above, with a valid place for its status.
        if unsafe { libc::waitpid(self.child, &raw mut status, libc::__WALL) } != self.child {
            return Err(Errno::CHILD).during(Step::Proc);
        }
        match (libc::WIFEXITED(status), libc::WEXITSTATUS(status)) {
            (true, 0) if self.counted => Ok(ProcessLimit::UserNamespace),
            (true, 0) if self.limited && limits::pid_namespaces_have_limits() => Ok(ProcessLimit::PidNamespace),
            (true, 0) => Ok(ProcessLimit::None),
            (true, code) => Err(Errno::from_raw_os_error(code)).during(Step::Proc),
            _ => Err(Errno::CHILD).during(Step::Proc),
        }
    }
}

fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    // SAFETY: the flags hold no NEWPID surprise for other threads: the process has one thread, and its
    // descriptors and file system information are not shared.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

fn write(path: &str, line: &str) -> Result<(), Errno> {
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    std::fs::File::from(file)
        .write_all(line.as_bytes())
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

/// A fresh network namespace has a loopback that is down.
fn bring_up_loopback() -> Result<(), Errno> {
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    // SAFETY: all zeroes is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        // Signed or not, as the machine has it.
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&socket);
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which is valid for the whole call.
    match unsafe { libc::ioctl(descriptor, libc::SIOCSIFFLAGS as _, &raw const request) } {
        0 => Ok(()),
        _ => Err(last_errno()),
    }
}

/// `fork` with more flags.
///
/// # Safety
/// The child may only make system calls and exit, as after `fork` in any program.
pub unsafe fn clone_like_fork(flags: libc::c_int) -> Result<libc::pid_t, Errno> {
    // SAFETY: a clone without shared memory and without a stack of its own continues on a copy of this one.
    let result = unsafe { libc::syscall(libc::SYS_clone, flags | libc::SIGCHLD, 0, 0, 0, 0) };
    match result {
        -1 => Err(last_errno()),
        pid => libc::pid_t::try_from(pid).map_err(|_| Errno::OVERFLOW),
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}
