//! What a launcher put in force.

use serde::{Deserialize, Serialize};

use super::Watch;

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
    /// What was to be held and was gone by then, by its place in the plan.
    pub unheld: Vec<u32>,
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
