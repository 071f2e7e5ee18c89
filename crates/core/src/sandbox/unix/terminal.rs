//! Carrying what goes through the terminal of a run.

use std::os::fd::{AsFd, OwnedFd};

use rustix::{
    io::Errno,
    net::{Shutdown, shutdown},
    termios::{SpecialCodeIndex, Winsize, tcgetattr, tcsetwinsize},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    sync::oneshot,
    time::timeout,
};

use super::{streams::host, watched::watch};
use crate::exec::ExecError;

/// What one read takes from a terminal.
const READ_BYTES: usize = 64 * 1024;

/// How often a terminal that no program has is looked at again.
const REOPENED: std::time::Duration = std::time::Duration::from_millis(50);

/// How many characters a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// In a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// Changes the size of a terminal; the programs in it are told.
///
/// # Errors
/// [`ExecError::Host`] when the descriptor is no terminal.
pub fn resize(terminal: impl AsFd, size: TerminalSize) -> Result<(), ExecError> {
    let size = Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).map_err(host("resize a terminal"))
}

/// What a command has of a [`bridge`]: the run ends it.
#[derive(Debug)]
pub struct Bridged {
    over: oneshot::Sender<()>,
    done: oneshot::Receiver<()>,
}

impl Bridged {
    /// Tells that the run is over; the future returned is ready when the socket has all that its programs wrote.
    pub(crate) fn over(self) -> impl Future<Output = ()> {
        let _ = self.over.send(());
        async move {
            let _ = self.done.await;
        }
    }
}

/// Ends a [`bridge`] before the run is over: its host's end of the terminal is closed, and when no other is left the kernel hangs up.
#[derive(Debug)]
pub struct HangUp(oneshot::Sender<()>);

impl HangUp {
    /// Does it.
    pub fn now(self) {
        let _ = self.0.send(());
    }
}

/// Carries bytes between the host's end of a terminal and a socket, until the command that is given the second part is over
/// and the socket has all that its programs wrote, or until the third is used.
///
/// When the other side of the socket has no more to say, the terminal's programs read an end of file.
///
/// # Errors
/// [`ExecError::Host`] when either can't be watched. Must be called inside a runtime.
pub fn bridge(
    terminal: OwnedFd,
    socket: OwnedFd,
) -> Result<(impl Future<Output = ()> + Send + 'static, Bridged, HangUp), ExecError> {
    const WHAT: &str = "watch a terminal";
    let watched = |descriptor: OwnedFd| {
        rustix::io::ioctl_fionbio(&descriptor, true).map_err(host(WHAT))?;
        watch(descriptor, Interest::READABLE | Interest::WRITABLE)
            .map_err(|source| ExecError::Host { what: WHAT, source })
    };
    let (terminal, socket) = (watched(terminal)?, watched(socket)?);
    let (over, is_over) = oneshot::channel();
    let (is_done, done) = oneshot::channel();
    let (hang_up, is_hung_up) = oneshot::channel();
    let carry = async move {
        tokio::select! {
            () = output(&terminal, &socket, is_over) => {}
            () = input(&socket, &terminal) => {}
            () = asked_for(is_hung_up) => {}
        }
        let _ = is_done.send(());
    };
    Ok((carry, Bridged { over, done }, HangUp(hang_up)))
}

/// For ever, where nobody is left who could ask.
async fn asked_for(hang_up: oneshot::Receiver<()>) {
    if hang_up.await.is_err() {
        std::future::pending().await
    }
}

/// Until the run ends.
async fn output(terminal: &AsyncFd<OwnedFd>, socket: &AsyncFd<OwnedFd>, mut over: oneshot::Receiver<()>) {
    let mut buffer = vec![0; READ_BYTES];
    let mut is_over = false;
    loop {
        let count = if is_over {
            rustix::io::read(terminal, &mut buffer).map_err(std::io::Error::from)
        } else {
            tokio::select! {
                biased;
                _ = &mut over => {
                    is_over = true;
                    continue;
                }
                count = read(terminal, &mut buffer) => count,
            }
        };
        let bytes = match count {
            Ok(count @ 1..) => buffer.get(..count).unwrap_or_default(),
            _ if is_over => break,
            // A terminal that no program has says EIO. One of the run may open it again.
            _ => {
                is_over = timeout(REOPENED, &mut over).await.is_ok();
                continue;
            }
        };
        if write(socket, bytes).await.is_err() {
            return;
        }
    }
    let _ = shutdown(socket, Shutdown::Write);
}

/// For ever: the end of the input is not the end of the terminal.
async fn input(socket: &AsyncFd<OwnedFd>, terminal: &AsyncFd<OwnedFd>) {
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(count @ 1..) = read(socket, &mut buffer).await {
        let Some(bytes) = buffer.get(..count) else { break };
        if write(terminal, bytes).await.is_err() {
            break;
        }
    }
    if let Ok(modes) = tcgetattr(terminal) {
        let _ = write(terminal, &[modes.special_codes[SpecialCodeIndex::VEOF]]).await;
    }
    std::future::pending().await
}

async fn read(from: &AsyncFd<OwnedFd>, buffer: &mut [u8]) -> std::io::Result<usize> {
    from.async_io(Interest::READABLE, |from| Ok(uninterrupted(|| rustix::io::read(from, &mut *buffer))?)).await
}

async fn write(to: &AsyncFd<OwnedFd>, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let count = to.async_io(Interest::WRITABLE, |to| Ok(uninterrupted(|| rustix::io::write(to, bytes))?)).await?;
        bytes = bytes.get(count..).unwrap_or_default();
    }
    Ok(())
}

fn uninterrupted<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}
