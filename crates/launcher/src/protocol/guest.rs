//! What a process that stands for a run, and the engine, say to each other.

use serde::{Deserialize, Serialize};

use super::ExitStatus;

/// What a process that stands for a run says to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GuestRequest {
    /// The numbers that the run's streams have. They come with the message, after a pidfd of the sender.
    Streams(Vec<u8>),
    /// It has none of them any more: the run can begin.
    Begin,
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
