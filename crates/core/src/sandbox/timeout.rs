//! The timeout of a run.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use tokio::time::{Instant as Deadline, sleep_until};

use crate::{
    exec::Command,
    policy::{Limit, Limits},
};

/// The signal that ends a whole tree.
pub const SIGKILL: i32 = 9;

/// First the kill signal, then, when that was not enough, the end of the tree.
pub struct Timeout {
    at: Option<Deadline>,
    kill_signal: i32,
    force_kill_after: Duration,
    sent: bool,
    by_limit: bool,
}

impl Timeout {
    /// Counts from `begun`.
    pub fn new(command: &Command, limits: &Limits, begun: Instant) -> Self {
        let wall_time = limits.get(Limit::WallTime).map(Duration::from_millis);
        let by_limit = wall_time.is_some_and(|wall_time| command.timeout.is_none_or(|timeout| wall_time <= timeout));
        let timeout = if by_limit { wall_time } else { command.timeout };
        Self {
            // A timeout too far away to be expressed never comes.
            at: timeout.and_then(|timeout| begun.checked_add(timeout)).map(Deadline::from_std),
            kill_signal: command.kill_signal,
            force_kill_after: command.force_kill_after,
            sent: false,
            by_limit,
        }
    }

    /// Waits for the next signal to send.
    pub async fn next(&mut self) -> i32 {
        match self.at {
            None => pending().await,
            Some(at) => sleep_until(at).await,
        }
        let signal = if self.sent { SIGKILL } else { self.kill_signal };
        self.at = (signal != SIGKILL).then(|| Deadline::now().checked_add(self.force_kill_after)).flatten();
        self.sent = true;
        signal
    }

    /// Whether it came, and is the limit rather than the command's timeout.
    pub fn is_limit_over(&self) -> bool {
        self.sent && self.by_limit
    }

    /// Whether it came.
    pub fn is_over(&self) -> bool {
        self.sent
    }
}
