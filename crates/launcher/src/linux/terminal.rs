//! The terminal from which a run was started, kept so that a crash of the engine doesn't leave it in raw mode.

use std::os::fd::OwnedFd;

use rustix::{
    io::Errno,
    termios::{OptionalActions, Termios, tcgetattr, tcsetattr},
};

/// A terminal and the modes that it had at first.
pub struct KeptTerminal {
    terminal: OwnedFd,
    modes: Termios,
}

impl KeptTerminal {
    /// Remembers the modes that it has now.
    pub fn new(terminal: OwnedFd) -> Result<Self, Errno> {
        let modes = tcgetattr(&terminal)?;
        Ok(Self { terminal, modes })
    }

    /// Puts them back if the terminal is still in the raw mode that the engine sets. In any other it is in somebody
    /// else's hands.
    pub fn put_back(&self) {
        let mut raw = self.modes.clone();
        raw.make_raw();
        if tcgetattr(&self.terminal).is_ok_and(|now| are_the_same(&now, &raw)) {
            // Signals are blocked here: a shell that has taken the terminal over doesn't stop this process.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.modes);
        }
    }
}

fn are_the_same(one: &Termios, other: &Termios) -> bool {
    let modes = |of: &Termios| (of.input_modes, of.output_modes, of.control_modes, of.local_modes);
    modes(one) == modes(other)
}
