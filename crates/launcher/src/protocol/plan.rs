//! What a launcher must know to turn itself into a sandbox.

use serde::{Deserialize, Serialize};

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
