//! Children of this process that are being started.
//!
//! Until it executes, one that was forked has copies of all that this process had open then, the streams of a run among them
//! that were on their way to the cell. What the run's program closes would stay open there, and what is written to it be lost
//! without an error. So a run begins when the children are over that were being started when its streams were closed here.

use std::sync::{Mutex, MutexGuard, PoisonError};

static FORKS: Mutex<Forks> = Mutex::new(Forks { last: 0, under_way: Vec::new(), waiting: Vec::new() });

struct Forks {
    last: u64,
    under_way: Vec<u64>,
    /// What is to be done when none is under way up to a number.
    waiting: Vec<(u64, Box<dyn FnOnce() + Send>)>,
}

/// A child that is being started, or about to be.
#[derive(Debug)]
pub struct Fork(u64);

impl Fork {
    /// Before it is forked.
    #[must_use]
    pub fn begin() -> Self {
        let mut forks = forks();
        forks.last += 1;
        let number = forks.last;
        forks.under_way.push(number);
        Self(number)
    }

    /// It has executed, or there is none. May be said more than once.
    pub fn over(&self) {
        let mut forks = forks();
        forks.under_way.retain(|number| *number != self.0);
        let first = forks.under_way.iter().min().copied().unwrap_or(u64::MAX);
        let (due, waiting) = std::mem::take(&mut forks.waiting).into_iter().partition(|(last, _)| *last < first);
        forks.waiting = waiting;
        drop(forks);
        let due: Vec<_> = due;
        for (_, then) in due {
            then();
        }
    }
}

impl Drop for Fork {
    fn drop(&mut self) {
        self.over();
    }
}

/// Does something when no child is left that may have what was closed before: at once, if none is being started.
pub fn after(then: impl FnOnce() + Send + 'static) {
    let mut forks = forks();
    if forks.under_way.is_empty() {
        drop(forks);
        then();
    } else {
        let last = forks.last;
        forks.waiting.push((last, Box::new(then)));
    }
}

fn forks() -> MutexGuard<'static, Forks> {
    FORKS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    };

    use super::{Fork, after};

    fn done() -> Arc<AtomicBool> {
        let done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&done);
        after(move || mark.store(true, SeqCst));
        done
    }

    #[test]
    fn waits_for_those_before_and_for_no_later_one() {
        let (first, second) = (Fork::begin(), Fork::begin());
        let waiting = done();
        let third = Fork::begin();
        second.over();
        second.over();
        assert!(!waiting.load(SeqCst));
        drop(first);
        // Another test may have one of its own under way.
        while !waiting.load(SeqCst) {
            std::thread::yield_now();
        }
        drop(third);
    }
}
