//! One change of access lists at a time among all processes of the user: a list is read, changed and written, and what another
//! process wrote in between would be lost. An entry that was taken back would so come again, and stay.

use std::{
    fs::{self, File},
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::journal::exclusive;

/// How long one is waited for: a large tree takes its time.
const LONGEST: Duration = Duration::from_secs(300);
/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// The right to change access lists, until it is dropped or this process is gone.
#[derive(Debug)]
pub struct Turn {
    _held: File,
}

impl Turn {
    /// Waits for it. `folder` is this product's own.
    ///
    /// # Errors
    /// When the file that stands for it can't be opened, or somebody has it all the time.
    pub fn wait(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let begun = Instant::now();
        loop {
            match exclusive().create(true).truncate(false).open(folder.join("turn")) {
                Ok(held) => return Ok(Self { _held: held }),
                Err(error) if is_held(&error) && begun.elapsed() < LONGEST => thread::sleep(PAUSE),
                Err(error) => return Err(error),
            }
        }
    }
}

/// `ERROR_SHARING_VIOLATION`.
fn is_held(error: &io::Error) -> bool {
    error.raw_os_error() == Some(32)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use super::Turn;

    #[test]
    fn it_is_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Turn::wait(folder.path()).unwrap();
        let (got, gets) = mpsc::channel();
        let place = folder.path().to_path_buf();
        let second = thread::spawn(move || got.send(Turn::wait(&place).is_ok()));
        assert!(gets.recv_timeout(Duration::from_millis(100)).is_err());
        drop(first);
        assert_eq!(gets.recv(), Ok(true));
        second.join().unwrap().unwrap();
    }
}
