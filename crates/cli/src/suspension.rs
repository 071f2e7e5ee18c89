//! What a shell suspends, by Ctrl-Z for one, stops; this process and what it runs are no one job to the shell, so each is told.

use rustix::process::{Signal, getpid, kill_process};

/// Stops this process, until somebody has it go on.
pub fn begin() {
    let _ = kill_process(getpid(), Signal::STOP);
}
