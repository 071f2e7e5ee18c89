//! Standard output for what is too long to be held, or has no end.

use std::io::{self, BufWriter, Write};

/// Buffered standard output that waits where another program made it non-blocking.
pub fn stdout() -> BufWriter<impl Write> {
    #[cfg(unix)]
    let out = Patient(rustix::stdio::stdout());
    #[cfg(windows)]
    let out = io::stdout();
    BufWriter::with_capacity(1 << 16, out)
}

/// Whether an error only says that the reader has seen enough.
pub fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

#[cfg(unix)]
struct Patient<Fd>(Fd);

#[cfg(unix)]
impl<Fd: std::os::fd::AsFd> Write for Patient<Fd> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        loop {
            match rustix::io::write(&self.0, bytes) {
                Err(rustix::io::Errno::AGAIN) => {
                    poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], None)?;
                }
                other => return Ok(other?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
