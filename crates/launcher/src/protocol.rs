//! The messages between the engine and a launcher, in the order in which they are sent.
//!
//! One [`LaunchPlan`] opens the conversation, one [`Reply::Ready`] or [`Reply::Refused`] answers it, and then
//! [`Request`]s and [`Reply`]s follow. Both ends are built from one source, so the encoding needs no version.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The descriptor on which the launcher finds its end of the socket.
pub const CONTROL_FD: i32 = 3;

/// The descriptor on which it finds a second one: each program, before it starts, sends the number of its run there,
/// and the kernel tells the receiver the sender's process id as the receiver sees it.
pub const PIDS_FD: i32 = 4;

/// How many descriptors a program is given at most, and the first number that none of them has in it.
pub const MAX_STREAMS: usize = 64;

/// The mechanism that holds file and process rules for one launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Boundary {
    /// User, mount, pid, ipc, uts (and, where asked for, network) namespaces, with Landlock and seccomp on top.
    Namespaces,
    /// Landlock and seccomp alone, for machines that forbid user namespaces.
    Landlock,
    /// Nothing: the trusted profile.
    None,
}

/// Which network the runs of a launcher see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// None but a loopback of their own (under [`Boundary::Landlock`] no loopback either).
    Private,
    /// The host's.
    Host,
}

/// The first version of Landlock whose scopes keep a run from sockets and processes outside.
pub const LANDLOCK_SCOPES: u32 = 6;

/// What of a run is looked at before it is done, so that what is refused can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watch {
    /// Changes of the file system, and connections.
    Full,
    /// Connections.
    Network,
    /// Nothing.
    Off,
}

/// Everything that a launcher must know to turn itself into the sandbox of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchPlan {
    /// The mechanism to use; a launcher that can't have it refuses.
    pub boundary: Boundary,
    /// The network of the runs.
    pub network: Network,
    /// Files and directories that runs must see, read-only, also where the private tmp, or what holds them, is hidden.
    pub visible: Vec<Pinned>,
    /// Directories that runs may write.
    pub writable: Vec<Pinned>,
    /// What stays read-only inside writable directories. What isn't there any more needs nothing.
    pub held: Vec<Held>,
    /// Files and directories that runs may not read, but for what of `visible` and `writable` lies in them.
    pub hidden: Vec<Pinned>,
    /// Caches of tools: what runs write there goes to an overlay, which is gone with the sandbox.
    pub caches: Vec<Pinned>,
    /// Sockets of host services that runs may connect to.
    pub sockets: Vec<Pinned>,
    /// Paths at which host services were found to listen: what is a socket there is hidden.
    pub hidden_sockets: Vec<Vec<u8>>,
    /// Files of root's that runs see as their own user's: programs take them from nobody else.
    pub as_own: Vec<Vec<u8>>,
    /// Files that runs may be given to write to, and may then open anew.
    pub outputs: Vec<Pinned>,
    /// The largest size of the private tmp in bytes.
    pub tmp_bytes: u64,
    /// How many processes and threads the sandbox may have; a launcher that can hold it says so in [`Applied`].
    pub processes: Option<u64>,
    /// What is watched of the runs.
    pub watch: Watch,
    /// A directory that the launcher removes when it ends: it outlives the engine, whose process may be killed.
    /// For the same reason it puts the modes of a terminal back that comes with the plan.
    pub remove_at_end: Option<Vec<u8>>,
}

/// A file system object that the engine holds open, so that its identity can't be reused.
///
/// The launcher opens the path anew in its own mount namespace and goes on only with a handle of the same
/// identity: a path that was replaced in between is refused, never followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The absolute path, free of symbolic links when it was resolved.
    pub path: Vec<u8>,
    /// The device number of the object.
    pub device: u64,
    /// The inode number of the object.
    pub inode: u64,
}

/// Something inside a writable directory that stays as it is, with every directory between the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The index of the writable directory in the plan.
    pub root: u32,
    /// The path below it, free of symbolic links.
    pub below: Vec<u8>,
}

/// What the engine asks of a launcher that is ready. Runs are no matter of its: the engine sends a [`RunRequest`] to a cell.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Make one more cell, for runs with control groups or without.
    Cell {
        /// Whether it has control groups.
        grouped: bool,
    },
    /// From now on, hold the limits of runs that ask for it by control groups; their directories come with the message.
    ControlGroups(ControlGroups),
    /// Send a signal to a run. `SIGKILL` ends its whole tree at once.
    Signal {
        /// The cell that was given the run.
        cell: u64,
        /// The run.
        run: u64,
        /// The signal's number.
        signal: i32,
    },
}

/// One program to start, sent to a cell that waits for a run.
///
/// `strings` holds the NUL-terminated working directory, then `candidates` paths to try in turn, then
/// `arguments` arguments, then `variables` environment entries.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRequest<'a> {
    /// A number that the engine chose; it stands in every reply about the run.
    pub run: u64,
    /// How many paths to try as the program.
    pub candidates: u32,
    /// How many arguments, the program's name included.
    pub arguments: u32,
    /// How many environment entries.
    pub variables: u32,
    /// What it may use.
    pub limits: RunLimits,
    /// The numbers that the descriptors of the message have in the program: the standard ones, then the declared ones.
    #[serde(borrow)]
    pub targets: Bytes<'a>,
    /// Which of these numbers is the program's controlling terminal.
    pub terminal: Option<u8>,
    /// Whether to tell when the program has started.
    pub announce: bool,
    /// Whether a file of no known format is a script for `/bin/sh`.
    pub scripts_by_shell: bool,
    /// All of them.
    #[serde(borrow)]
    pub strings: Bytes<'a>,
}

/// The control groups of a sandbox, one for each directory that came with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlGroups {
    /// The name that each of the directories has in its parent, for their end.
    pub name: Vec<u8>,
    /// What each is for.
    pub hierarchies: Vec<Hierarchy>,
}

/// What one directory of control groups is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hierarchy {
    /// Which interface the files in it have.
    pub version: GroupVersion,
    /// It limits memory.
    pub memory: bool,
    /// It limits processes.
    pub processes: bool,
    /// It counts CPU time.
    pub cpu: bool,
}

/// The interface of a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupVersion {
    /// One tree for each kind of limit.
    One,
    /// One tree for all of them.
    Two,
}

/// The limits of one run; 0: none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLimits {
    /// Whether the run takes a cell with control groups, which then hold the first three as far as they can.
    pub grouped: bool,
    /// Milliseconds of CPU time.
    pub cpu_time: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Open files of a process.
    pub open_files: u64,
    /// Bytes of a file.
    pub file_size: u64,
}

/// A limit that a run met, on the kernel's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// The run used up its CPU time.
    CpuTime,
    /// The kernel ended a process of the run for want of memory.
    Memory,
    /// The kernel refused the run a process.
    Processes,
    /// The program was ended for writing a file that is too large.
    FileSize,
    /// The private tmp is full.
    TmpSize,
}

/// Bytes that are encoded in one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

/// What a launcher tells the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The sandbox stands. Where it has a `/dev/pts` of its own, a handle of that directory comes with the message.
    Ready(Applied),
    /// The sandbox can't be had; the launcher ends.
    Refused(Refusal),
    /// A cell was made: the socket at which it takes runs comes with the message. The first comes unasked.
    Cell {
        /// Its number.
        cell: u64,
        /// Whether it has control groups.
        grouped: bool,
    },
    /// A cell that was asked for could not be made.
    NoCell {
        /// Whether it was to have control groups.
        grouped: bool,
        /// What did not work.
        stage: Stage,
        /// The error number.
        errno: i32,
    },
    /// A cell is no more, and nothing of the run that it served.
    Gone {
        /// Its number.
        cell: u64,
        /// The limit that its last run had met.
        limit: Option<Limit>,
    },
    /// A program could not be started.
    Failed {
        /// The run.
        run: u64,
        /// Whether its cell takes another run.
        lasting: bool,
        /// What did not work.
        stage: Stage,
        /// The error number.
        errno: i32,
    },
    /// A program has started; told of runs that asked for it.
    Started {
        /// The run.
        run: u64,
    },
    /// Something that a run tried is refused. Told once for each run and thing, before the program is.
    Denied {
        /// The run.
        run: u64,
        /// What.
        denied: Denied,
    },
    /// A run is over: its program ended and so did every process that it left behind.
    Exited {
        /// The run.
        run: u64,
        /// Whether its cell takes another run.
        lasting: bool,
        /// How the program ended.
        status: ExitStatus,
        /// The limit that it met.
        limit: Option<Limit>,
    },
}

/// What a process that stands for a run says to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GuestRequest {
    /// The numbers that the run's streams have. They come with the message, after a pidfd of the sender.
    Begin(Vec<u8>),
    /// It got a signal.
    Signal(i32),
}

/// What the engine answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GuestReply {
    /// The program has started.
    Started,
    /// The run is over, and this is how its program ended.
    Ended(ExitStatus),
    /// There is no run.
    Refused {
        /// The exit code that says so.
        code: u8,
        /// Why.
        message: String,
    },
}

/// Something that a run tried and was refused. Paths and addresses are the program's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// What.
    pub tried: Tried,
    /// By which system call.
    pub syscall: String,
    /// The process, as the launcher sees it.
    pub pid: i32,
    /// The path of the program; empty when it is not known.
    pub program: Vec<u8>,
}

/// What was tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tried {
    /// To change what stands at a path.
    Write(Vec<u8>),
    /// To execute what stands at a path.
    Execute(Vec<u8>),
    /// To connect to an address.
    Connect(std::net::SocketAddr),
    /// To make a socket of the internet, where none can be made.
    MakeSocket,
    /// To connect to a socket that a path may lead to outside: in here it leads to none.
    Socket(Vec<u8>),
}

/// What a launcher put in force, beyond what its plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The Landlock version of the kernel; 0 when it has none, and then only namespaces hold.
    pub landlock_abi: u32,
    /// Whether the syscall filter is on.
    pub seccomp: bool,
    /// What holds the number of processes of the plan.
    pub processes: ProcessLimit,
    /// Which caches of the plan have their overlay, by their place there; the others are read-only.
    pub caches: Vec<u32>,
    /// What is watched of the runs: [`Watch::Off`] where the plan asks for more, and it can't be had.
    pub watch: Watch,
}

/// The smallest number of processes that [`ProcessLimit::PidNamespace`] can hold: the kernel sets no lower one, and keeps
/// the first 300 process ids to itself once all were used.
pub const LEAST_BY_PID_NAMESPACE: u64 = 601;

/// What holds the number of processes without a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProcessLimit {
    /// A resource limit of the user, which the kernel counts in each user namespace by itself.
    UserNamespace,
    /// The largest process id of each run's pid namespace.
    PidNamespace,
    /// Nothing.
    None,
}

/// Why a launcher could not become the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The step that failed.
    pub step: Step,
    /// Its error number.
    pub errno: i32,
    /// The path that it was about, if any.
    pub path: Option<Vec<u8>>,
}

/// The steps in which a launcher becomes the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Reading the plan.
    Plan,
    /// Entering a user namespace.
    UserNamespace,
    /// Mapping the user and group into it.
    IdMap,
    /// Entering the other namespaces.
    Namespaces,
    /// Bringing up the private loopback.
    Loopback,
    /// Making the file system read-only.
    ReadOnlyRoot,
    /// Building the minimal `/dev`.
    Devices,
    /// Mounting the private tmp.
    PrivateTmp,
    /// Opening the workspace, or showing it again where the private tmp hides it.
    Visible,
    /// Opening a writable directory, or putting it in place.
    Writable,
    /// Holding what stays read-only inside a writable directory.
    Hold,
    /// Hiding a path that may not be read.
    Hide,
    /// Hiding the sockets of host services, or showing those that are granted.
    Sockets,
    /// Mounting a `/proc` of its own.
    Proc,
    /// Giving up every privilege.
    Privileges,
    /// Building the Landlock ruleset.
    Landlock,
    /// Installing the syscall filter.
    Seccomp,
    /// Preparing to serve runs.
    Serve,
}

/// The stages in which a run becomes a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Stage {
    /// The message was not understood.
    Request,
    /// Making the run's processes.
    Clone,
    /// Mounting its `/proc`.
    Proc,
    /// Putting its standard streams in place.
    Stdio,
    /// Making a session of its own, with its terminal.
    Session,
    /// Entering the working directory.
    WorkingDirectory,
    /// Taking the Landlock ruleset.
    Landlock,
    /// Taking the syscall filter.
    Seccomp,
    /// Taking its limits.
    Limits,
    /// Starting the program itself.
    Exec,
    /// Starting what the program's file names to run it: the interpreter of a script, or the loader.
    Interpreter,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitStatus {
    /// It ended with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plan => "reading the launch plan",
            Self::UserNamespace => "entering a user namespace",
            Self::IdMap => "mapping the user into the user namespace",
            Self::Namespaces => "entering the mount, ipc, uts and network namespaces",
            Self::Loopback => "bringing up the private loopback",
            Self::ReadOnlyRoot => "making the file system read-only",
            Self::Devices => "building a minimal /dev",
            Self::PrivateTmp => "mounting a private tmp",
            Self::Visible => "showing the workspace",
            Self::Writable => "putting a writable directory in place",
            Self::Hold => "holding what stays read-only in a writable directory",
            Self::Hide => "hiding a path that may not be read",
            Self::Sockets => "hiding the sockets of host services",
            Self::Proc => "mounting a /proc of its own",
            Self::Privileges => "giving up every privilege",
            Self::Landlock => "building the Landlock ruleset",
            Self::Seccomp => "installing the syscall filter",
            Self::Serve => "preparing to serve runs",
        })
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(Bytes)
    }
}
