//! Signalling a run, also before it starts and after it ended.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Signals a run from anywhere, also one that has not started yet.
#[derive(Clone)]
pub struct Signaller {
    state: Arc<Mutex<SignalState>>,
}

enum SignalState {
    Waiting(Vec<i32>),
    Started(Box<dyn Target>),
    Ended,
}

/// A run that is under way.
pub trait Target: Send {
    /// Sends a signal as [`Signaller::signal`] does. A run that is over gets none.
    fn signal(&self, signal: i32);
}

// By hand: a derived one would have every backend's whole state compiled in, through its target.
impl fmt::Debug for Signaller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signaller").finish_non_exhaustive()
    }
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
            SignalState::Started(target) => target.signal(signal),
            SignalState::Ended => return false,
        }
        true
    }

    /// Whether the run is under way, or over.
    pub fn has_started(&self) -> bool {
        !matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), SignalState::Waiting(_))
    }

    /// The run is under way: what was sent so far reaches it now.
    pub(crate) fn started(&self, target: impl Target + 'static) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let SignalState::Waiting(signals) = &mut *state {
            for signal in std::mem::take(signals) {
                target.signal(signal);
            }
        }
        *state = SignalState::Started(Box::new(target));
    }

    /// The run is over.
    pub(crate) fn ended(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = SignalState::Ended;
    }
}
