//! Tasks that do nothing but wait for a run, begun no sooner than they have to be.
//!
//! To hand a task to the runtime wakes its thread, in the midst of a run's start, and a short run is over before there is
//! anything to wait for. So such a task lies here until a launcher has something to say, which wakes the thread anyway,
//! or until the alarm goes off: a run that lasts has to be looked after.

use std::{
    future::Future,
    io,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use once_cell::sync::OnceCell;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime::Handle,
};

use crate::sandbox::{
    task::{self, Task},
    unix::watched::watch,
};

/// How long a task lies here at most.
const LONGEST_NS: i64 = 2_000_000;

struct Deferred {
    runtime: Handle,
    tasks: Mutex<Vec<Task>>,
    alarm: Arc<AsyncFd<OwnedFd>>,
}

/// Those of the runtime that asked first; but for tests there is one in a process.
static DEFERRED: OnceCell<Deferred> = OnceCell::new();

/// Gives the runtime a task that waits for a run. It begins when something is heard of any run, 2 ms later at most.
pub fn spawn_deferred(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) {
    match DEFERRED.get_or_try_init(|| Deferred::new(runtime)) {
        Ok(deferred) if deferred.runtime.id() == runtime.id() => deferred.add(Box::pin(task)),
        // Without an alarm, or of another runtime.
        _ => task::spawn(runtime, task),
    }
}

/// Begins what lies here.
pub fn begin() {
    if let Some(deferred) = DEFERRED.get() {
        deferred.begin();
    }
}

impl Deferred {
    fn new(runtime: &Handle) -> io::Result<Self> {
        let _inside = runtime.enter();
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let alarm = Arc::new(watch(timer, Interest::READABLE)?);
        task::spawn(runtime, obey(Arc::clone(&alarm)));
        Ok(Self { runtime: runtime.clone(), tasks: Mutex::default(), alarm })
    }

    fn add(&self, task: Task) {
        let mut tasks = self.tasks();
        tasks.push(task);
        let first = tasks.len() == 1;
        drop(tasks);
        // An alarm for tasks that have begun meanwhile is put off.
        if first && set(&self.alarm).is_err() {
            self.begin();
        }
    }

    fn begin(&self) {
        let tasks = std::mem::take(&mut *self.tasks());
        for task in tasks {
            task::begin(&self.runtime, task);
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set(alarm: &AsyncFd<OwnedFd>) -> io::Result<()> {
    let never = Timespec { tv_sec: 0, tv_nsec: 0 };
    let once = Itimerspec { it_interval: never, it_value: Timespec { tv_nsec: LONGEST_NS, ..never } };
    Ok(timerfd_settime(alarm, TimerfdTimerFlags::empty(), &once).map(drop)?)
}

async fn obey(alarm: Arc<AsyncFd<OwnedFd>>) {
    let mut times = [0; size_of::<u64>()];
    while alarm.async_io(Interest::READABLE, |timer| Ok(rustix::io::read(timer, &mut times)?)).await.is_ok() {
        begin();
    }
}
