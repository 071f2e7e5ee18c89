//! Signalling a run, also before it starts and after it ended.

use std::sync::{Arc, Mutex, PoisonError};

use super::launcher::Launcher;

/// Signals a run from anywhere, also one that has not started yet.
#[derive(Debug, Clone)]
pub struct Signaller {
    state: Arc<Mutex<SignalState>>,
}

#[derive(Debug)]
enum SignalState {
    Waiting(Vec<i32>),
    Started { launcher: Arc<Launcher>, run: u64 },
    Ended,
}

impl Default for Signaller {
    fn default() -> Self {
        Self::new()
    }
}

impl Signaller {
    /// For a command that will be run with it.
    pub fn new() -> Self {
        Self { state: Arc::new(Mutex::new(SignalState::Waiting(Vec::new()))) }
    }

    /// For a command that is not run.
    pub fn of_nothing() -> Self {
        Self { state: Arc::new(Mutex::new(SignalState::Ended)) }
    }

    /// Sends `signal` to the program and its process group; SIGKILL ends the whole tree. Returns whether the run was
    /// still there.
    pub fn signal(&self, signal: i32) -> bool {
        match &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            SignalState::Waiting(signals) => signals.push(signal),
            SignalState::Started { launcher, run } => launcher.signal(*run, signal),
            SignalState::Ended => return false,
        }
        true
    }

    /// The run is under way: what was sent so far reaches it now.
    pub(super) fn started(&self, launcher: &Arc<Launcher>, run: u64) {
        let state = SignalState::Started { launcher: Arc::clone(launcher), run };
        let before = std::mem::replace(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner), state);
        if let SignalState::Waiting(signals) = before {
            for signal in signals {
                launcher.signal(run, signal);
            }
        }
    }

    /// The run is over.
    pub(super) fn ended(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = SignalState::Ended;
    }
}
