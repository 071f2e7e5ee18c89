//! Streams whose ends on the host's side somebody else may have.

use std::{
    io::{self, PipeReader},
    os::windows::io::OwnedHandle,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::exec::{ExecError, Input, Output};

/// The reading end of a stream of output: taken by whoever wants to read it, or captured with the run.
#[derive(Debug, Clone)]
pub struct Offer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    decided: Condvar,
}

#[derive(Debug)]
enum State {
    /// Nobody has said what is to become of it.
    Open(PipeReader),
    /// It is to be captured.
    Wanted(PipeReader),
    /// It is somebody's.
    Gone,
}

impl Offer {
    /// A pipe, with its writing end as an output.
    ///
    /// # Errors
    /// [`ExecError::Host`] when none can be made.
    pub fn pipe() -> Result<(Self, Output), ExecError> {
        let (ours, theirs) = pipe()?;
        let offer = Self { shared: Arc::new(Shared { state: Mutex::new(State::Open(ours)), decided: Condvar::new() }) };
        Ok((offer.clone(), Output::Offered(offer, theirs)))
    }

    /// Takes the stream out of the run: the outcome will have nothing of it. `None` when it is captured already.
    pub fn take(&self) -> Option<OwnedHandle> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Gone) {
            State::Open(reader) => {
                self.shared.decided.notify_all();
                Some(reader.into())
            }
            other => {
                *state = other;
                None
            }
        }
    }

    /// Has the stream captured, unless it was taken; returns whether it is.
    pub fn capture(&self) -> bool {
        let mut state = self.state();
        *state = match std::mem::replace(&mut *state, State::Gone) {
            State::Open(reader) => State::Wanted(reader),
            other => other,
        };
        self.shared.decided.notify_all();
        matches!(*state, State::Wanted(_))
    }

    /// Waits until somebody has said what is to become of it; what is to be captured is returned. Blocks.
    pub(super) fn wanted(&self) -> Option<PipeReader> {
        let mut state = self.state();
        while matches!(*state, State::Open(_)) {
            state = self.shared.decided.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match std::mem::replace(&mut *state, State::Gone) {
            State::Wanted(reader) => Some(reader),
            State::Open(_) | State::Gone => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pipe to a program: its writing end, and the other one as an input.
///
/// # Errors
/// [`ExecError::Host`] when none can be made.
pub fn input_pipe() -> Result<(OwnedHandle, Input), ExecError> {
    let (theirs, ours) = io::pipe().map_err(failed)?;
    Ok((ours.into(), Input::Descriptor(theirs.into())))
}

fn pipe() -> Result<(PipeReader, OwnedHandle), ExecError> {
    let (reader, writer) = io::pipe().map_err(failed)?;
    Ok((reader, writer.into()))
}

fn failed(source: io::Error) -> ExecError {
    ExecError::Host { what: "make a pipe", source }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        io::{Read, Write},
        thread,
    };

    use super::Offer;
    use crate::exec::Output;

    fn offered() -> (Offer, File) {
        match Offer::pipe().unwrap() {
            (offer, Output::Offered(_, writer)) => (offer, writer.into()),
            (_, other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stream_is_taken_or_captured_and_never_both() {
        let (offer, mut writer) = offered();
        let waiting = thread::spawn({
            let offer = offer.clone();
            move || offer.wanted().is_some()
        });
        let mut taken = File::from(offer.take().unwrap());
        assert!(!waiting.join().unwrap());
        assert!(!offer.capture() && offer.take().is_none());
        writer.write_all(b"out").unwrap();
        drop((writer, offer));
        let mut text = String::new();
        taken.read_to_string(&mut text).unwrap();
        assert_eq!(text, "out");

        let (offer, writer) = offered();
        assert!(offer.capture() && offer.take().is_none());
        assert!(offer.wanted().is_some());
        drop(writer);
    }
}
