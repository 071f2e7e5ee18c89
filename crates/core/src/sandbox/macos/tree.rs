//! The processes of a run, until none is left.

use std::{
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::{
    event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue},
    io::Errno,
    process::{Pid, WaitId, WaitIdOptions, WaitOptions, WaitStatus, waitid, waitpid},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::sleep,
};

use super::marks::Marks;
use crate::sandbox::unix::{Target, timeout::SIGKILL, watched::watch};

/// How often the processes of a run are looked for while they are being ended.
const MOST_LOOKS: u32 = 200;
/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// The first process of a run, with its group, and whatever came of it.
#[derive(Debug)]
pub struct Tree {
    first: Pid,
    /// Without them only the group is known.
    marks: Option<Marks>,
    /// Set when the first process is reaped: then its number, and the group's, may be anybody's.
    reaped: Mutex<bool>,
}

impl Tree {
    /// A run whose first process leads a group of its own.
    pub fn new(first: Pid, marks: Option<Marks>) -> Arc<Self> {
        Arc::new(Self { first, marks, reaped: Mutex::new(false) })
    }

    /// The process id of the first process.
    pub fn pid(&self) -> i32 {
        self.first.as_raw_nonzero().get()
    }

    /// Waits until the first process has ended. It is not reaped by that.
    pub async fn first_ended(&self) -> io::Result<()> {
        let Some(queue) = self.watched()? else {
            return Ok(());
        };
        queue.readable().await.map(drop)
    }

    /// Whether the first process has ended.
    pub fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        Ok(waitid(WaitId::Pid(self.first), options)?.is_some())
    }

    /// Whether the first process is found by its mark.
    pub fn is_marked(&self) -> io::Result<bool> {
        let members = self.marks.as_ref().map(Marks::members).transpose()?;
        Ok(members.is_some_and(|members| members.contains(&self.pid())))
    }

    /// A queue that becomes readable when the first process ends; `None` when it has ended.
    fn watched(&self) -> io::Result<Option<AsyncFd<OwnedFd>>> {
        let queue = kqueue()?;
        let filter = EventFilter::Proc { pid: self.first, flags: ProcessEvents::EXIT };
        let change = Event::new(filter, EventFlags::ADD, std::ptr::null_mut());
        let mut none: [Event; 0] = [];
        // SAFETY: no descriptor is named in the change.
        match unsafe { kevent(&queue, &[change], &mut none[..], None) } {
            Ok(_) => watch(queue, Interest::READABLE).map(Some),
            // One that has ended can't be watched any more.
            Err(Errno::SRCH) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether anything is left besides the first process, which has ended.
    pub fn has_others(&self) -> bool {
        self.marks.as_ref().is_some_and(|marks| marks.members().is_ok_and(|members| !members.is_empty()))
    }

    /// Ends what is left, and reaps the first process.
    ///
    /// # Errors
    /// When it could not be ended, or can't be known to have.
    pub async fn end(&self) -> io::Result<WaitStatus> {
        let mut looks = 0;
        let all_gone = loop {
            self.signal(SIGKILL);
            match self.marks.as_ref().map(Marks::members) {
                None => break Ok(()),
                Some(Ok(members)) if members.is_empty() => break Ok(()),
                Some(Err(error)) => break Err(error),
                Some(Ok(_)) if looks == MOST_LOOKS => {
                    break Err(io::Error::other("processes of the run come into being faster than they are ended"));
                }
                Some(Ok(_)) => {
                    looks += 1;
                    sleep(PAUSE).await;
                }
            }
        };
        // It is dead, or about to be.
        self.first_ended().await?;
        let status = self.reap()?;
        all_gone.map(|()| status)
    }

    /// Ends everything without waiting for anything but the first process, which is killed.
    pub fn end_now(&self) {
        self.signal(SIGKILL);
        let _ = self.reap();
    }

    /// Reaps the first process, once it has ended.
    pub fn reap(&self) -> io::Result<WaitStatus> {
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match waitpid(Some(self.first), WaitOptions::empty()) {
                Ok(Some((_, status))) => {
                    *reaped = true;
                    return Ok(status);
                }
                Ok(None) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Sends a signal to the group of the first process; SIGKILL to the whole tree.
    pub fn signal(&self, signal: i32) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if *reaped {
            return;
        }
        // SAFETY: sends signals. The group's number is taken as long as its first process isn't reaped.
        unsafe { libc::kill(-self.pid(), signal) };
        if signal != SIGKILL {
            return;
        }
        for member in self.marks.as_ref().and_then(|marks| marks.members().ok()).unwrap_or_default() {
            // SAFETY: sends a signal. Only a process that ended since the list was made could have given its number to
            // another, and the system gives each number again as late as it can.
            unsafe { libc::kill(member, SIGKILL) };
        }
    }
}

/// A tree that may be signalled from anywhere.
#[derive(Debug)]
pub struct Signalled(pub Arc<Tree>);

impl Target for Signalled {
    fn signal(&self, signal: i32) {
        self.0.signal(signal);
    }
}
