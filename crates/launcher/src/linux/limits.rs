//! What a run may use, as far as resource limits and namespaces hold it.

use codex_launcher::protocol::RunLimits;
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    process::{Resource, Rlimit, getrlimit, setrlimit},
    system::uname,
};

/// How much sooner the kernel ends a process of a run than others of its size when the machine runs out of memory.
const MEMORY_KILLER_SCORE: &[u8] = b"500";

/// The first version of Linux in which each pid namespace has a largest process id of its own. On an older one, writing
/// it would change the whole machine's: so this is not tried.
const PID_NAMESPACE_LIMITS: (u32, u32) = (6, 14);

/// Makes the memory killer of the kernel look at this process, and all that it starts, before those of the host.
///
/// Nothing rests on it, so a machine on which it can't be had is none that is refused.
pub fn offer_to_memory_killer() {
    if let Ok(file) = openat(CWD, c"/proc/self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::io::write(&file, MEMORY_KILLER_SCORE);
    }
}

/// Sees to it that no process that is started from here leaves a core file.
pub fn forbid_dumps() -> Result<(), Errno> {
    let most = |bytes| setrlimit(Resource::Core, Rlimit { current: Some(bytes), maximum: Some(bytes) });
    // Too small for a file, and the one value for which the kernel doesn't start a program of the host that takes dumps.
    match most(1) {
        // Whoever started the host forbade files, and not that program. To allow a byte takes a privilege.
        Err(Errno::PERM) => most(0),
        other => other,
    }
}

/// Calls `clone`, which makes one child, under limits that show whether the kernel counts the processes of this user
/// namespace, and them alone. Says so beside what the call returned.
pub fn clone_counted<T>(clone: impl Fn() -> Result<T, Errno>) -> Result<(T, bool), Errno> {
    let before = getrlimit(Resource::Nproc);
    let with = |most| {
        setrlimit(Resource::Nproc, Rlimit { current: Some(most), maximum: before.maximum })?;
        let result = clone();
        setrlimit(Resource::Nproc, before)?;
        result
    };
    match with(1) {
        // Root is not counted.
        Ok(child) => return Ok((child, false)),
        Err(Errno::AGAIN) => {}
        Err(other) => return Err(other),
    }
    match with(2) {
        Ok(child) => Ok((child, true)),
        // An older kernel counts all processes of the user on the machine.
        Err(Errno::AGAIN) => clone().map(|child| (child, false)),
        Err(other) => Err(other),
    }
}

/// Whether each pid namespace has a largest process id of its own.
pub fn pid_namespaces_have_limits() -> bool {
    let name = uname();
    let mut numbers = name.release().to_str().unwrap_or_default().split(|letter: char| !letter.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
    (next(), next()) >= PID_NAMESPACE_LIMITS
}

/// Sets the largest process id of the caller's pid namespace, of which `/proc` must be mounted.
pub fn set_largest_pid(largest: u64) -> Result<(), Errno> {
    let file = openat(CWD, c"/proc/sys/kernel/pid_max", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut digits = [0_u8; 20];
    rustix::io::write(&file, super::groups::decimal(largest, &mut digits)).map(drop)
}

/// The resource limits that this process has, above which it can set none.
#[derive(Clone, Copy)]
pub struct Held {
    resources: [Pair; RESOURCES.len()],
    /// How many signals may wait for processes of this user.
    signals: Pair,
}

#[derive(Clone, Copy)]
struct Pair {
    current: u64,
    maximum: u64,
}

/// Those that are set for a run.
const RESOURCES: [Resource; 5] = [Resource::Cpu, Resource::Data, Resource::Nproc, Resource::Nofile, Resource::Fsize];

impl Held {
    /// What this process has now.
    pub fn now() -> Self {
        let held = |resource| {
            let Rlimit { current, maximum } = getrlimit(resource);
            Pair { current: current.unwrap_or(u64::MAX), maximum: maximum.unwrap_or(u64::MAX) }
        };
        Self { resources: RESOURCES.map(held), signals: held(Resource::Sigpending) }
    }
}

/// Which limits are held by something better than a resource limit.
#[derive(Clone, Copy, Default)]
pub struct HeldElsewhere {
    /// CPU time.
    pub cpu_time: bool,
    /// Memory.
    pub memory: bool,
    /// Processes.
    pub processes: bool,
}

/// Sets the resource limits of the calling process, which is about to become a program.
///
/// `others` is how many processes are counted that are not the run's.
pub fn set(limits: &RunLimits, held: &Held, elsewhere: HeldElsewhere, others: u64) -> Result<(), Errno> {
    // The kernel counts whole seconds; after one more it does not ask any longer.
    let seconds = limits.cpu_time.div_ceil(1000);
    let unless = |held: bool, value: u64| if held { 0 } else { value };
    let processes = match unless(elsewhere.processes, limits.processes) {
        0 => 0,
        processes => processes.saturating_add(others),
    };
    let wanted = [
        (unless(elsewhere.cpu_time, seconds), 1),
        (unless(elsewhere.memory, limits.memory), 0),
        (processes, 0),
        (limits.open_files, 0),
        (limits.file_size, 0),
    ];
    for ((resource, (value, grace)), held) in RESOURCES.into_iter().zip(wanted).zip(held.resources) {
        if value == 0 {
            continue;
        }
        let limit = Rlimit {
            current: some(value.min(held.current)),
            maximum: some(value.saturating_add(grace).min(held.maximum)),
        };
        setrlimit(resource, limit)?;
    }
    leave_signals(held.signals)
}

/// Leaves half of the signals that may wait for this user's processes to others: those by which a run is told to end are
/// among them.
fn leave_signals(held: Pair) -> Result<(), Errno> {
    let most = held.current.min(held.maximum);
    if most == u64::MAX {
        return Ok(());
    }
    setrlimit(Resource::Sigpending, Rlimit { current: some(most / 2), maximum: some(most / 2) })
}

fn some(value: u64) -> Option<u64> {
    (value != u64::MAX).then_some(value)
}
