//! The system calls that no run may make, as data: each with what it answers and why it is closed.

use seccompiler::{SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition};
// For the numbers that `libc` doesn't have everywhere.
use syscalls::Sysno;

/// One closed call.
pub struct Closed {
    /// Its number on this machine.
    pub call: libc::c_long,
    /// What must hold of its arguments, all at once; none: always closed.
    pub when: &'static [Argument],
    /// Why.
    #[cfg_attr(not(test), expect(dead_code, reason = "the reasons are for readers of the table"))]
    pub reason: &'static str,
}

/// A condition on one argument, of which only the low 32 bits are compared: the kernel ignores the rest.
pub struct Argument {
    index: u8,
    comparison: Comparison,
}

enum Comparison {
    Equals(u32),
    NotEquals(u32),
    HasBits(u32),
    /// Of the first, the second.
    OfBits(u32, u32),
}

impl Argument {
    /// The condition in the form of the filter compiler.
    pub fn condition(&self) -> Result<SeccompCondition, seccompiler::BackendError> {
        let (operator, value) = match self.comparison {
            Comparison::Equals(value) => (SeccompCmpOp::Eq, value),
            Comparison::NotEquals(value) => (SeccompCmpOp::Ne, value),
            Comparison::HasBits(bits) => (SeccompCmpOp::MaskedEq(bits.into()), bits),
            Comparison::OfBits(mask, bits) => (SeccompCmpOp::MaskedEq(mask.into()), bits),
        };
        SeccompCondition::new(self.index, Dword, operator, value.into())
    }
}

const fn always(call: libc::c_long, reason: &'static str) -> Closed {
    Closed { call, when: &[], reason }
}

const fn when(call: libc::c_long, when: &'static [Argument], reason: &'static str) -> Closed {
    Closed { call, when, reason }
}

pub const fn is(index: u8, value: u32) -> Argument {
    Argument { index, comparison: Comparison::Equals(value) }
}

const fn is_not(index: u8, value: u32) -> Argument {
    Argument { index, comparison: Comparison::NotEquals(value) }
}

pub const fn has(index: u8, bits: u32) -> Argument {
    Argument { index, comparison: Comparison::HasBits(bits) }
}

const fn of_bits(index: u8, mask: u32, bits: u32) -> Argument {
    Argument { index, comparison: Comparison::OfBits(mask, bits) }
}

const SET_USER_ID: u32 = libc::S_ISUID;
const SET_GROUP_ID: u32 = libc::S_ISGID;
const CREATE: u32 = libc::O_CREAT as u32;
/// Without the directory flag, which every architecture has elsewhere.
const UNNAMED: u32 = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32;
/// `BTRFS_IOC_SNAP_CREATE`, and those that follow with their numbers in the kernel's headers.
const BTRFS_SNAPSHOT: u32 = 0x5000_9401;
const BTRFS_SNAPSHOT_V2: u32 = 0x5000_9417;
const BTRFS_REMOVE_V2: u32 = 0x5000_943f;
/// `FS_IOC_REMOVE_ENCRYPTION_KEY`, and the same for all users.
const REMOVE_KEY: u32 = 0xc040_6618;
const REMOVE_KEY_OF_ALL: u32 = 0xc040_6619;
const SNAPSHOT: &str = "copies a whole subvolume, with all that the mounts hide in it, to where the run may read";
const MODE_REASON: &str = "a set-id file outlives the run and acts for its owner on the host";
const NEW_NAMESPACE: &str = "a namespace of its own opens much of the kernel to an unprivileged program";

/// Calls that fail with EPERM.
pub const REFUSED: &[Closed] = &[
    // The shape of the file system.
    always(libc::SYS_umount2, "uncovers what a mount hides"),
    always(libc::SYS_pivot_root, "changes the root that every rule starts from"),
    always(libc::SYS_chroot, "changes the root that every rule starts from"),
    always(libc::SYS_open_tree, "the new mount interface"),
    always(Sysno::open_tree_attr as libc::c_long, "the new mount interface"),
    always(libc::SYS_move_mount, "the new mount interface"),
    always(libc::SYS_fsopen, "the new mount interface"),
    always(libc::SYS_fsconfig, "the new mount interface"),
    always(libc::SYS_fsmount, "the new mount interface"),
    always(libc::SYS_fspick, "the new mount interface"),
    always(libc::SYS_mount_setattr, "makes a read-only mount writable"),
    always(libc::SYS_open_by_handle_at, "opens a file by number, past every directory on the way"),
    always(libc::SYS_swapon, "system administration"),
    always(libc::SYS_swapoff, "system administration"),
    always(libc::SYS_quotactl, "system administration"),
    always(Sysno::quotactl_fd as libc::c_long, "system administration"),
    always(libc::SYS_fanotify_init, "watches, and may refuse, what other programs open"),
    // Namespaces.
    always(libc::SYS_unshare, NEW_NAMESPACE),
    always(libc::SYS_setns, "enters the namespace of another process"),
    // The kernel itself.
    always(libc::SYS_bpf, "loads programs into the kernel"),
    always(libc::SYS_perf_event_open, "samples the kernel, a frequent source of holes"),
    always(libc::SYS_userfaultfd, "stops the kernel inside a copy, the usual help of an exploit"),
    always(libc::SYS_kexec_load, "replaces the kernel"),
    always(Sysno::kexec_file_load as libc::c_long, "replaces the kernel"),
    always(libc::SYS_init_module, "loads a kernel module"),
    always(libc::SYS_finit_module, "loads a kernel module"),
    always(libc::SYS_delete_module, "unloads a kernel module"),
    always(libc::SYS_reboot, "system administration"),
    always(libc::SYS_acct, "system administration"),
    always(libc::SYS_syslog, "reads the kernel's log and the addresses in it"),
    always(libc::SYS_vhangup, "takes the terminal from its other users"),
    always(libc::SYS_settimeofday, "sets the clock of the machine"),
    always(libc::SYS_clock_settime, "sets the clock of the machine"),
    always(libc::SYS_sethostname, "system administration"),
    always(libc::SYS_setdomainname, "system administration"),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_iopl, "opens the ports of the machine's hardware"),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_ioperm, "opens the ports of the machine's hardware"),
    // Keys are kept per user, not per namespace.
    always(libc::SYS_add_key, "the keyrings of the user hold secrets of the host"),
    always(libc::SYS_request_key, "the keyrings of the user hold secrets of the host"),
    always(libc::SYS_keyctl, "the keyrings of the user hold secrets of the host"),
    // The terminal.
    when(libc::SYS_ioctl, &[is(1, libc::TIOCSTI as u32)], "types into the user's shell"),
    when(libc::SYS_ioctl, &[is(1, libc::TIOCLINUX as u32)], "pastes into the user's console"),
    when(libc::SYS_ioctl, &[is(1, libc::TIOCSETD as u32)], "leaves the user's terminal deaf"),
    when(libc::SYS_ioctl, &[is(1, libc::TIOCEXCL as u32)], "leaves the user's terminal closed to other programs"),
    // File systems that do more for an open directory than the mounts and Landlock are asked about.
    when(libc::SYS_ioctl, &[is(1, BTRFS_SNAPSHOT)], SNAPSHOT),
    when(libc::SYS_ioctl, &[is(1, BTRFS_SNAPSHOT_V2)], SNAPSHOT),
    when(libc::SYS_ioctl, &[is(1, BTRFS_REMOVE_V2)], "removes a subvolume by number, wherever it is"),
    when(libc::SYS_ioctl, &[is(1, REMOVE_KEY)], "locks what the user has unlocked on an encrypted file system"),
    when(libc::SYS_ioctl, &[is(1, REMOVE_KEY_OF_ALL)], "locks what the user has unlocked on an encrypted file system"),
    when(libc::SYS_fcntl, &[is(1, libc::F_SETLEASE as u32)], "makes whoever opens a file of the user's wait"),
    // Set-id bits.
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_chmod, &[has(1, SET_USER_ID)], MODE_REASON),
    when(libc::SYS_fchmod, &[has(1, SET_USER_ID)], MODE_REASON),
    when(libc::SYS_fchmodat, &[has(2, SET_USER_ID)], MODE_REASON),
    when(Sysno::fchmodat2 as libc::c_long, &[has(2, SET_USER_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_open, &[has(1, CREATE), has(2, SET_USER_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_open, &[has(1, UNNAMED), has(2, SET_USER_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_open, &[has(1, CREATE), has(2, SET_GROUP_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_open, &[has(1, UNNAMED), has(2, SET_GROUP_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_creat, &[has(1, SET_USER_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_creat, &[has(1, SET_GROUP_ID)], MODE_REASON),
    when(libc::SYS_openat, &[has(2, CREATE), has(3, SET_USER_ID)], MODE_REASON),
    when(libc::SYS_openat, &[has(2, UNNAMED), has(3, SET_USER_ID)], MODE_REASON),
    when(libc::SYS_openat, &[has(2, CREATE), has(3, SET_GROUP_ID)], MODE_REASON),
    when(libc::SYS_openat, &[has(2, UNNAMED), has(3, SET_GROUP_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_mknod, &[has(1, SET_USER_ID)], MODE_REASON),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_mknod, &[has(1, SET_GROUP_ID)], MODE_REASON),
    when(libc::SYS_mknodat, &[has(2, SET_USER_ID)], MODE_REASON),
    when(libc::SYS_mknodat, &[has(2, SET_GROUP_ID)], MODE_REASON),
];

/// Calls that fail with EPERM where nobody makes them in the place of a run: for a directory the bit would be harmless.
pub const NO_SET_GROUP_ID: &[Closed] = &[
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_chmod, &[has(1, SET_GROUP_ID)], MODE_REASON),
    when(libc::SYS_fchmod, &[has(1, SET_GROUP_ID)], MODE_REASON),
    when(libc::SYS_fchmodat, &[has(2, SET_GROUP_ID)], MODE_REASON),
    when(Sysno::fchmodat2 as libc::c_long, &[has(2, SET_GROUP_ID)], MODE_REASON),
];

/// Calls that answer ENOSYS, as on a kernel without them, so that programs take their older way.
pub const ABSENT: &[Closed] = &[
    always(libc::SYS_clone3, "its flags lie in memory, where a filter can't see a namespace asked for"),
    always(libc::SYS_openat2, "its mode lies in memory, where a filter can't see a set-id bit"),
    always(libc::SYS_io_uring_setup, "does many calls without making them, past any filter"),
    always(libc::SYS_io_uring_enter, "does many calls without making them, past any filter"),
    always(libc::SYS_io_uring_register, "does many calls without making them, past any filter"),
];

/// Sockets that answer EAFNOSUPPORT, in every sandbox.
pub const NO_SUCH_SOCKET: &[Closed] = &[
    when(
        libc::SYS_socket,
        &[
            is_not(0, libc::AF_UNIX as u32),
            is_not(0, libc::AF_INET as u32),
            is_not(0, libc::AF_INET6 as u32),
            is_not(0, libc::AF_NETLINK as u32),
        ],
        "other families reach the hypervisor, the crypto engine, Bluetooth, raw frames",
    ),
    when(libc::SYS_socketpair, &[is_not(0, libc::AF_UNIX as u32)], "the others that have pairs reach other machines"),
    when(
        libc::SYS_socket,
        &[is(0, libc::AF_NETLINK as u32), is_not(2, libc::NETLINK_ROUTE as u32)],
        "programs list network interfaces through netlink; the rest of it configures the kernel",
    ),
];

/// Sockets that answer EAFNOSUPPORT where no network namespace keeps the host's network away, besides [`NO_UNIX_SOCKETS`].
pub const NO_NETWORK: &[Closed] =
    &[when(libc::SYS_socket, &[is(0, libc::AF_NETLINK as u32)], "shows the host's network")];

/// The rest of them, closed here where their refusal isn't told: a filter that refuses leaves nobody a call to look at.
pub const NO_INTERNET: &[Closed] = &[
    when(libc::SYS_socket, &[is(0, libc::AF_INET as u32)], "reaches the host's network"),
    when(libc::SYS_socket, &[is(0, libc::AF_INET6 as u32)], "reaches the host's network"),
];

/// Sockets that answer EAFNOSUPPORT where nothing keeps the host's Unix sockets away: abstract ones belong to its network
/// namespace, and no filter sees an address.
pub const NO_UNIX_SOCKETS: &[Closed] = &[
    when(libc::SYS_socket, &[is(0, libc::AF_UNIX as u32)], "reaches services of the host; pairs stay possible"),
    // Of the types, those of datagrams have this bit (raw is another name), and streams and packets in order don't.
    when(libc::SYS_socketpair, &[has(1, libc::SOCK_DGRAM as u32)], "a datagram of a pair can be sent to any path"),
];

/// Calls that answer ENOSYS where no namespace keeps the IPC objects of the host away, as on a kernel without them.
pub const NO_SHARED_IPC: &[Closed] = &[
    always(libc::SYS_shmget, SHARED_IPC),
    always(libc::SYS_shmat, SHARED_IPC),
    always(libc::SYS_shmctl, SHARED_IPC),
    always(libc::SYS_semget, SHARED_IPC),
    always(libc::SYS_semop, SHARED_IPC),
    always(libc::SYS_semtimedop, SHARED_IPC),
    always(libc::SYS_semctl, SHARED_IPC),
    always(libc::SYS_msgget, SHARED_IPC),
    always(libc::SYS_msgsnd, SHARED_IPC),
    always(libc::SYS_msgrcv, SHARED_IPC),
    always(libc::SYS_msgctl, SHARED_IPC),
    always(libc::SYS_mq_open, SHARED_IPC),
    always(libc::SYS_mq_unlink, SHARED_IPC),
];

const SHARED_IPC: &str = "these objects have no path that a file rule could be about, and outlive whoever made them";

/// Calls that answer EPERM where no namespace keeps the processes of the host away: with 0 a process means itself.
pub const NO_OTHER_PROCESSES: &[Closed] = &[
    when(libc::SYS_prlimit64, &[is_not(0, 0)], "a limit on CPU time ends a process as a signal does"),
    when(libc::SYS_setpriority, &[is_not(0, PRIO_PROCESS)], OTHER_PRIORITY),
    when(libc::SYS_setpriority, &[is_not(1, 0)], OTHER_PRIORITY),
    when(libc::SYS_ioprio_set, &[is_not(0, IOPRIO_WHO_PROCESS)], OTHER_PRIORITY),
    when(libc::SYS_ioprio_set, &[is_not(1, 0)], OTHER_PRIORITY),
];

/// Calls that answer EPERM where a run sees the first process of its pid namespace, which starts the next run, too: whatever it
/// is limited to, every program after it inherits. Groups are closed as a whole, because that process is in one that any can enter.
pub const NO_FIRST_PROCESS: &[Closed] = &[
    when(libc::SYS_prlimit64, &[is(0, FIRST)], INHERITED),
    when(libc::SYS_setpriority, &[is_not(0, PRIO_PROCESS)], INHERITED),
    when(libc::SYS_setpriority, &[is(1, FIRST)], INHERITED),
    when(libc::SYS_ioprio_set, &[is_not(0, IOPRIO_WHO_PROCESS)], INHERITED),
    when(libc::SYS_ioprio_set, &[is(1, FIRST)], INHERITED),
    when(libc::SYS_sched_setaffinity, &[is(0, FIRST)], INHERITED),
    when(libc::SYS_sched_setscheduler, &[is(0, FIRST)], INHERITED),
    when(libc::SYS_sched_setparam, &[is(0, FIRST)], INHERITED),
    when(libc::SYS_sched_setattr, &[is(0, FIRST)], INHERITED),
];

const FIRST: u32 = 1;
const INHERITED: &str = "reaches the programs of later runs through the process that starts them";

const OTHER_PRIORITY: &str = "slows down what else the user runs";
const PRIO_PROCESS: u32 = 0;
const IOPRIO_WHO_PROCESS: u32 = 1;

/// Calls that answer EACCES where an older Landlock alone holds the files: it knows of writing to them, and not of cutting them.
/// Whoever has a file open for writing can cut it by that.
pub const NO_CUTS: &[Closed] = &[
    always(libc::SYS_truncate, CUTS),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_open, &[has(1, CUT), of_bits(1, MODES, READS)], CUTS),
    #[cfg(target_arch = "x86_64")]
    when(libc::SYS_open, &[has(1, CUT), of_bits(1, MODES, MODES)], CUTS),
    when(libc::SYS_openat, &[has(2, CUT), of_bits(2, MODES, READS)], CUTS),
    when(libc::SYS_openat, &[has(2, CUT), of_bits(2, MODES, MODES)], CUTS),
];

const CUTS: &str = "cuts a file anywhere that its user may write";
const CUT: u32 = libc::O_TRUNC as u32;
const READS: u32 = libc::O_RDONLY as u32;
/// All of them together is a mode, too, of which Landlock sees neither reading nor writing.
const MODES: u32 = libc::O_ACCMODE as u32;

/// Calls that the launcher still makes for each run, and that are closed only in the run itself, with EPERM.
pub const REFUSED_IN_RUNS: &[Closed] = &[
    always(libc::SYS_mount, "changes the shape of the file system"),
    when(libc::SYS_clone, &[has(0, libc::CLONE_NEWUSER as u32)], NEW_NAMESPACE),
    when(libc::SYS_clone, &[has(0, libc::CLONE_NEWNS as u32)], NEW_NAMESPACE),
    when(libc::SYS_clone, &[has(0, libc::CLONE_NEWPID as u32)], NEW_NAMESPACE),
    when(libc::SYS_clone, &[has(0, libc::CLONE_NEWNET as u32)], NEW_NAMESPACE),
    when(libc::SYS_clone, &[has(0, libc::CLONE_NEWIPC as u32)], NEW_NAMESPACE),
    when(libc::SYS_clone, &[has(0, libc::CLONE_NEWUTS as u32)], NEW_NAMESPACE),
    when(libc::SYS_clone, &[has(0, libc::CLONE_NEWCGROUP as u32)], NEW_NAMESPACE),
];
