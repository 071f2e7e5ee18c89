//! Control groups: one for each cell that serves runs with limits of their own.
//!
//! The engine makes a group for the sandbox and hands over its directory. A cell's group lies in it. The init of the cell
//! enters it, so that all it starts is counted there, and reads from it what the kernel did for want of room: since a cell
//! serves one run at a time, that is told of one run.

use std::{
    ffi::OsStr,
    os::{
        fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd},
        unix::ffi::OsStrExt,
    },
};

use codex_launcher::protocol::{ControlGroups, GroupVersion, Hierarchy, RunLimits};
use rustix::{
    fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat},
    io::Errno,
};

/// How many trees of control groups there can be: for memory, for processes, for CPU time.
pub const MOST_HIERARCHIES: usize = 3;

/// How many files of a cell's group are open at most.
pub const MOST_GROUP_FILES: usize = MOST_HIERARCHIES + 6;

/// The groups of a sandbox.
pub struct Groups {
    name: Vec<u8>,
    directories: Vec<(OwnedFd, Hierarchy)>,
    cells: u64,
}

/// The group of one cell; removed with it.
pub struct CellGroup {
    name: String,
    directories: Vec<OwnedFd>,
    /// What the cell's processes use.
    pub files: GroupFiles,
    _open: Vec<OwnedFd>,
}

/// Open files of a cell's group, as numbers: -1 where there is none.
#[derive(Clone, Copy)]
pub struct GroupFiles {
    enter: [RawFd; MOST_HIERARCHIES],
    memory_limit: RawFd,
    memory_and_swap_limit: RawFd,
    memory_events: RawFd,
    process_limit: RawFd,
    process_events: RawFd,
    cpu_usage: RawFd,
    version_of_memory: GroupVersion,
    version_of_cpu: GroupVersion,
}

/// What a group has counted so far.
#[derive(Clone, Copy, Default)]
pub struct Counted {
    /// Processes that the kernel ended for want of memory.
    pub memory: u64,
    /// Processes that it refused.
    pub processes: u64,
    /// Microseconds of CPU time.
    pub cpu_us: u64,
}

impl Groups {
    /// Takes the directories that came with the message.
    pub fn new(groups: ControlGroups, directories: Vec<OwnedFd>) -> Result<Self, Errno> {
        if groups.hierarchies.len() != directories.len() || directories.len() > MOST_HIERARCHIES {
            return Err(Errno::BADMSG);
        }
        let directories = directories.into_iter().zip(groups.hierarchies).collect();
        Ok(Self { name: groups.name, directories, cells: 0 })
    }

    /// Makes the group of a cell.
    pub fn cell(&mut self) -> Result<CellGroup, Errno> {
        self.cells += 1;
        let name = format!("cell-{}", self.cells);
        let mut group = CellGroup { name, directories: Vec::new(), files: GroupFiles::NONE, _open: Vec::new() };
        for (index, (sandbox, hierarchy)) in self.directories.iter().enumerate() {
            mkdirat(sandbox, group.name.as_str(), Mode::from_raw_mode(0o755))?;
            group.directories.push(rustix::io::fcntl_dupfd_cloexec(sandbox, 0)?);
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let own = openat(sandbox, group.name.as_str(), flags, Mode::empty())?;
            group.open(&own, index, *hierarchy)?;
        }
        Ok(group)
    }

    /// Removes the sandbox's groups, when nothing is in them any more. What can't be removed here, because it lies at the
    /// top of a tree, is removed by the engine or, if that is gone, by the next one that starts.
    pub fn remove(self) {
        for (directory, _) in self.directories {
            if let Ok(parent) = openat(&directory, c"..", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
                let _ = unlinkat(parent, OsStr::from_bytes(&self.name), AtFlags::REMOVEDIR);
            }
        }
    }
}

impl CellGroup {
    fn open(&mut self, own: &OwnedFd, index: usize, hierarchy: Hierarchy) -> Result<(), Errno> {
        let mut take = |name: &str, flags: OFlags| {
            let file = openat(own, name, flags | OFlags::CLOEXEC, Mode::empty())?;
            let number = file.as_raw_fd();
            self._open.push(file);
            Ok(number)
        };
        let (read, write) = (OFlags::RDONLY, OFlags::WRONLY);
        let files = &mut self.files;
        if let Some(enter) = files.enter.get_mut(index) {
            *enter = take("cgroup.procs", write)?;
        }
        // Without swap there is no file for it, and then there is nothing to limit.
        let optional = |file: Result<RawFd, Errno>| match file {
            Err(Errno::NOENT) => Ok(-1),
            other => other,
        };
        let version_two = hierarchy.version == GroupVersion::Two;
        if hierarchy.memory {
            let [limit, swap, events] = match hierarchy.version {
                GroupVersion::One => ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"],
                GroupVersion::Two => ["memory.max", "memory.swap.max", "memory.events"],
            };
            files.memory_limit = take(limit, write)?;
            files.memory_and_swap_limit = optional(take(swap, write))?;
            files.memory_events = take(events, read)?;
            files.version_of_memory = hierarchy.version;
        }
        if hierarchy.processes {
            files.process_limit = take("pids.max", write)?;
            files.process_events = take("pids.events", read)?;
        }
        if hierarchy.cpu {
            files.cpu_usage = take(if version_two { "cpu.stat" } else { "cpuacct.usage" }, read)?;
            files.version_of_cpu = hierarchy.version;
        }
        Ok(())
    }
}

impl Drop for CellGroup {
    fn drop(&mut self) {
        for directory in &self.directories {
            let _ = unlinkat(directory, self.name.as_str(), AtFlags::REMOVEDIR);
        }
    }
}

/// The rest is for the init of a cell: raw system calls on prepared data.
impl GroupFiles {
    /// No group.
    pub const NONE: Self = Self {
        enter: [-1; MOST_HIERARCHIES],
        memory_limit: -1,
        memory_and_swap_limit: -1,
        memory_events: -1,
        process_limit: -1,
        process_events: -1,
        cpu_usage: -1,
        version_of_memory: GroupVersion::Two,
        version_of_cpu: GroupVersion::Two,
    };

    /// All of them.
    pub fn numbers(&self) -> impl Iterator<Item = RawFd> {
        let limits = [self.memory_limit, self.memory_and_swap_limit, self.memory_events];
        let others = [self.process_limit, self.process_events, self.cpu_usage];
        self.enter.into_iter().chain(limits).chain(others)
    }

    /// Whether memory is limited here.
    pub fn limits_memory(&self) -> bool {
        self.memory_limit >= 0
    }

    /// Whether processes are limited here.
    pub fn limits_processes(&self) -> bool {
        self.process_limit >= 0
    }

    /// Whether CPU time is counted here.
    pub fn counts_cpu(&self) -> bool {
        self.cpu_usage >= 0
    }

    /// Moves the calling process into the group.
    pub fn enter(&self) -> Result<(), Errno> {
        self.enter.into_iter().filter(|&file| file >= 0).try_for_each(|file| write(file, b"0"))
    }

    /// Sets the limits of the next run; 0: none.
    pub fn limit(&self, limits: &RunLimits) -> Result<(), Errno> {
        let mut digits = [0_u8; 20];
        if self.limits_processes() {
            let most: &[u8] = if limits.processes == 0 {
                b"max"
            } else {
                // The init is one of them.
                decimal(limits.processes.saturating_add(1), &mut digits)
            };
            write(self.process_limit, most)?;
        }
        if self.limits_memory() {
            match (self.version_of_memory, limits.memory) {
                (GroupVersion::Two, 0) => {
                    write(self.memory_limit, b"max")?;
                    self.limit_swap(b"max")?;
                }
                (GroupVersion::Two, memory) => {
                    write(self.memory_limit, decimal(memory, &mut digits))?;
                    self.limit_swap(b"0")?;
                }
                // There, the second limit is on both together and never below the first: it is lifted first, set last.
                (GroupVersion::One, memory) => {
                    self.limit_swap(b"-1")?;
                    let most: &[u8] = if memory == 0 { b"-1" } else { decimal(memory, &mut digits) };
                    write(self.memory_limit, most)?;
                    self.limit_swap(most)?;
                }
            }
        }
        Ok(())
    }

    /// What the group has counted so far.
    pub fn counted(&self) -> Counted {
        Counted {
            memory: number_after(self.memory_events, b"oom_kill "),
            processes: number_after(self.process_events, b"max "),
            cpu_us: match self.version_of_cpu {
                GroupVersion::One => number_after(self.cpu_usage, b"") / 1000,
                GroupVersion::Two => number_after(self.cpu_usage, b"usage_usec "),
            },
        }
    }

    fn limit_swap(&self, most: &[u8]) -> Result<(), Errno> {
        if self.memory_and_swap_limit >= 0 { write(self.memory_and_swap_limit, most) } else { Ok(()) }
    }
}

/// A number as text.
pub fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut first = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        first -= 1;
        if number == 0 {
            break;
        }
    }
    digits.get(first..).unwrap_or_default()
}

fn write(file: RawFd, bytes: &[u8]) -> Result<(), Errno> {
    // SAFETY: the launcher keeps the files of the cell's group open for as long as there is a process of the cell.
    let file = unsafe { BorrowedFd::borrow_raw(file) };
    rustix::io::write(file, bytes).map(drop)
}

/// The number after `key` at the start of a line; 0 when there is none.
fn number_after(file: RawFd, key: &[u8]) -> u64 {
    if file < 0 {
        return 0;
    }
    // SAFETY: as in `write`.
    let file = unsafe { BorrowedFd::borrow_raw(file) };
    let mut text = [0_u8; 1024];
    let length = rustix::io::pread(file, &mut text, 0).unwrap_or(0);
    find_number(text.get(..length).unwrap_or_default(), key)
}

fn find_number(text: &[u8], key: &[u8]) -> u64 {
    let found = text.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(key));
    let digits = found.unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::{decimal, find_number};

    #[test]
    fn reads_the_files_of_both_versions() {
        let events = b"low 0\nhigh 0\nmax 31\noom 4\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(find_number(events, b"oom_kill "), 2);
        assert_eq!(find_number(b"oom_kill_disable 0\nunder_oom 0\noom_kill 17\n", b"oom_kill "), 17);
        assert_eq!(find_number(b"max 5\n", b"max "), 5);
        assert_eq!(find_number(b"usage_usec 1234567\nuser_usec 1\n", b"usage_usec "), 1_234_567);
        assert_eq!(find_number(b"987654321\n", b""), 987_654_321);
        assert_eq!(find_number(b"", b"max "), 0);
    }

    #[test]
    fn writes_numbers() {
        for number in [0, 7, 10, 4096, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }
}
