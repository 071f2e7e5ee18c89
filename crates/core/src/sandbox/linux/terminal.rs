//! Terminals for runs: made in the sandbox's own `/dev/pts`, so that a program finds the name of its terminal.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt},
};

use super::engine::Engine;
use crate::{
    exec::ExecError,
    sandbox::unix::{TerminalSize, resize, streams::host},
};

/// The host's end of a terminal that runs may have.
#[derive(Debug)]
pub struct Terminal {
    master: OwnedFd,
    slave: OwnedFd,
}

impl Terminal {
    /// Makes a terminal in the sandbox, which is started for it if need be.
    pub(super) async fn open(engine: &Engine, size: TerminalSize) -> Result<Self, ExecError> {
        let launcher = engine.ready().await?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let master = match launcher.terminals() {
            Some(directory) => openat(directory, c"ptmx", flags, Mode::empty()),
            None => openat(CWD, c"/dev/ptmx", flags, Mode::empty()),
        };
        let master = master.map_err(host("make a terminal"))?;
        unlockpt(&master).map_err(host("unlock a terminal"))?;
        let slave = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .map_err(host("open a terminal"))?;
        let terminal = Self { master, slave };
        resize(&terminal.master, size)?;
        Ok(terminal)
    }

    /// The end that programs have.
    ///
    /// # Errors
    /// [`ExecError::Host`] when it can't be duplicated.
    pub fn program_end(&self) -> Result<OwnedFd, ExecError> {
        rustix::io::fcntl_dupfd_cloexec(&self.slave, 0).map_err(host("duplicate a descriptor"))
    }

    /// The host's end alone, which doesn't block. It ends when no program has the other one any more.
    pub fn into_host_end(self) -> OwnedFd {
        self.master
    }
}
