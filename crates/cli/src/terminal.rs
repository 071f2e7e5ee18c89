//! The user's terminal while a command has one of its own: bytes go through as they are, in both directions.
//!
//! The command's terminal does what a terminal does (echo, line editing, signals for keys), so the user's must do none of
//! it: it is in raw mode meanwhile.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
};

use codex_core::sandbox::{TerminalSize, resize};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::getpgrp,
    stdio::{stderr, stdin, stdout},
    termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr},
};

/// What one read takes.
const READ_BYTES: usize = 64 * 1024;

/// How often a terminal that no program has is looked at again.
const REOPENED: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// How often this process looks, in the background, whether it has the terminal: a shell that gives it to what never stopped says
/// nothing.
const REGAINED: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// The terminal that `codex` was started from.
pub struct UserTerminal {
    modes: Termios,
}

/// What carries the bytes, until it is finished.
pub struct Relay {
    user: Arc<UserTerminal>,
    command: OwnedFd,
    /// Whether what is typed is for the command: not while the shell has the terminal.
    is_foreground: Arc<AtomicBool>,
    /// A byte in it ends both threads.
    over: OwnedFd,
    /// A byte in it wakes the reader of the keyboard.
    look: OwnedFd,
    output: Option<JoinHandle<()>>,
    input: Option<JoinHandle<()>>,
}

impl UserTerminal {
    /// The terminal, where a person sits on both sides: standard input and standard output.
    pub fn of_this_process() -> Option<Self> {
        let both = isatty(stdin()) && isatty(stdout());
        both.then(|| tcgetattr(stdin()).ok()).flatten().map(|modes| Self { modes })
    }

    /// A handle of it.
    pub fn handle(&self) -> io::Result<OwnedFd> {
        stdin().try_clone_to_owned()
    }

    /// Whether standard error is a terminal, too.
    pub fn has_errors() -> bool {
        isatty(stderr())
    }

    /// Its size.
    pub fn size(&self) -> TerminalSize {
        match tcgetwinsize(stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => TerminalSize { columns: size.ws_col, rows: size.ws_row },
            _ => TerminalSize { columns: 80, rows: 24 },
        }
    }

    /// Puts it in raw mode if this process is in its foreground; returns whether it is.
    fn take(&self) -> bool {
        let is_foreground = tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp());
        if is_foreground {
            let mut raw = self.modes.clone();
            raw.make_raw();
            let _ = tcsetattr(stdin(), OptionalActions::Now, &raw);
        }
        is_foreground
    }

    fn put_back(&self) {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.modes);
    }
}

impl Relay {
    /// Begins to carry bytes between the user's terminal and the host's end of the command's.
    pub fn begin(user: UserTerminal, command: OwnedFd) -> io::Result<Self> {
        let ((over, end), (look, wake)) = (io::pipe()?, io::pipe()?);
        let (over, look) = (Arc::new(OwnedFd::from(over)), OwnedFd::from(look));
        let (is_foreground, user) = (Arc::new(AtomicBool::new(user.take())), Arc::new(user));
        let mut relay =
            Self { user, command, is_foreground, over: end.into(), look: wake.into(), output: None, input: None };
        let (from, ended) = (relay.command.try_clone()?, Arc::clone(&over));
        relay.output = Some(std::thread::Builder::new().spawn(move || show(&from, &ended))?);
        let (to, user, is_foreground) =
            (relay.command.try_clone()?, Arc::clone(&relay.user), Arc::clone(&relay.is_foreground));
        relay.input =
            Some(std::thread::Builder::new().spawn(move || pass_on(&to, &user, &is_foreground, &look, &over))?);
        Ok(relay)
    }

    /// The user's terminal has another size.
    pub fn resized(&self) {
        let _ = resize(&self.command, self.user.size());
    }

    /// This process goes on after it was stopped: the shell had the terminal meanwhile, and may still have it.
    pub fn continued(&self) {
        self.is_foreground.store(self.user.take(), Relaxed);
        let _ = rustix::io::write(&self.look, b"\n");
        self.resized();
    }
}

/// Shows what is left of the output, and gives the terminal back as it was.
impl Drop for Relay {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.over, b"\n");
        for thread in [self.output.take(), self.input.take()].into_iter().flatten() {
            let _ = thread.join();
        }
        if self.is_foreground.load(Relaxed) {
            self.user.put_back();
        }
    }
}

/// From the command to the screen, until the command's terminal has nothing more.
fn show(command: &OwnedFd, over: &OwnedFd) {
    let mut buffer = vec![0; READ_BYTES];
    let mut is_over = false;
    loop {
        match rustix::io::read(command, &mut buffer) {
            Ok(count @ 1..) => {
                if !write_all(stdout(), buffer.get(..count).unwrap_or_default()) {
                    return;
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if !is_over => {
                let [_, ended] = wait([command.as_fd(), over.as_fd()]);
                is_over = ended;
            }
            // A terminal that no program has says EIO. One may open it again.
            _ if is_over => return,
            _ => is_over = wait_for([over.as_fd()], Some(&REOPENED))[0],
        }
    }
}

/// From the keyboard to the command, until the command is over or the terminal is gone.
fn pass_on(command: &OwnedFd, user: &UserTerminal, is_foreground: &AtomicBool, look: &OwnedFd, over: &OwnedFd) {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let (keyboard, patience) =
            if is_foreground.load(Relaxed) { (stdin(), None) } else { (look.as_fd(), Some(&REGAINED)) };
        let [typed, looked, is_over] = wait_for([keyboard, look.as_fd(), over.as_fd()], patience);
        if is_over {
            return;
        }
        if looked {
            let _ = rustix::io::read(look, &mut [0; 8]);
        } else if typed {
            match rustix::io::read(stdin(), &mut buffer) {
                Ok(count @ 1..) => {
                    if !write_all(command.as_fd(), buffer.get(..count).unwrap_or_default()) {
                        return;
                    }
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                _ => return,
            }
        } else if patience.is_some() && user.take() {
            is_foreground.store(true, Relaxed);
            let _ = resize(command, user.size());
        }
    }
}

/// Waits until one of them has something to say; says which.
fn wait<const COUNT: usize>(descriptors: [BorrowedFd<'_>; COUNT]) -> [bool; COUNT] {
    wait_for(descriptors, None)
}

fn wait_for<const COUNT: usize>(descriptors: [BorrowedFd<'_>; COUNT], timeout: Option<&Timespec>) -> [bool; COUNT] {
    let mut watched = descriptors.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN));
    let _ = poll(&mut watched, timeout);
    watched.map(|descriptor| !descriptor.revents().is_empty())
}

/// Returns whether all of it was written.
fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::from_borrowed_fd(to, PollFlags::OUT)], None);
            }
            Err(_) => return false,
        }
    }
    true
}
