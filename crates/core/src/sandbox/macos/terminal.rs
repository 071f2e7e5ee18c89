//! Terminals for runs.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{Mode, OFlags, open},
    io::{FdFlags, fcntl_setfd},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

use crate::{
    exec::ExecError,
    sandbox::{
        TerminalSize,
        unix::{resize, streams::host},
    },
};

/// The host's end of a terminal that runs may have.
#[derive(Debug)]
pub struct Terminal {
    master: OwnedFd,
    slave: OwnedFd,
}

impl Terminal {
    /// Makes a terminal.
    pub(super) fn open(size: TerminalSize) -> Result<Self, ExecError> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).map_err(host("make a terminal"))?;
        fcntl_setfd(&master, FdFlags::CLOEXEC).map_err(host("set up a terminal"))?;
        rustix::io::ioctl_fionbio(&master, true).map_err(host("set up a terminal"))?;
        grantpt(&master).and_then(|()| unlockpt(&master)).map_err(host("unlock a terminal"))?;
        let name = ptsname(&master, Vec::new()).map_err(host("name a terminal"))?;
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .map_err(host("open a terminal"))?;
        // Before a program has the other end, it has no size.
        resize(&master, size)?;
        Ok(Self { master, slave })
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
