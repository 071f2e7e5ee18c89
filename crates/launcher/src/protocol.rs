//! The messages between the engine and a launcher, in the order in which they are sent.
//!
//! One [`LaunchPlan`] opens the conversation, one [`Reply::Ready`] or [`Reply::Refused`] answers it, and then
//! [`Request`]s and [`Reply`]s follow. Both ends are built from one source, so the encoding needs no version.

mod applied;
mod guest;
mod plan;
mod refusal;
mod reply;
mod request;

pub use applied::{Applied, LEAST_BY_PID_NAMESPACE, ProcessLimit};
pub use guest::{GuestReply, GuestRequest};
pub use plan::{Boundary, Held, LANDLOCK_SCOPES, LaunchPlan, Network, Pinned, Watch};
pub use refusal::{Refusal, Stage, Step};
pub use reply::{Denied, ExitStatus, Limit, Reply, Tried};
pub use request::{Bytes, ControlGroups, GroupVersion, Hierarchy, Request, RunLimits, RunRequest};

/// The descriptor on which the launcher finds its end of the socket.
pub const CONTROL_FD: i32 = 3;

/// The descriptor on which it finds a second one: each program, before it starts, sends the number of its run there,
/// and the kernel tells the receiver the sender's process id as the receiver sees it.
pub const PIDS_FD: i32 = 4;

/// How many descriptors a program is given at most, and the first number that none of them has in it.
pub const MAX_STREAMS: usize = 64;
