//! Control groups of a sandbox: where they can be had, and their end.
//!
//! A group is made where the kernel lets this user make one: below the own group, or beside it where only its parent hands
//! out controllers. Nothing of the host's own groups is changed. The name of a group says who made it, so that one whose
//! maker was killed is removed by the next that starts.

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
        unix::fs::MetadataExt,
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use codex_launcher::protocol::{ControlGroups, GroupVersion, Hierarchy};
use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, mkdirat, openat, statat, unlinkat},
    io::Errno,
    process::{Pid, geteuid, test_kill_process},
};

use crate::policy::{Limit, Limits};

/// How the name of every group begins.
const PREFIX: &str = "codex-";

/// The limits that a group can hold.
pub const HELD: [Limit; 3] = [Limit::CpuTime, Limit::Memory, Limit::Processes];

/// The groups of one sandbox, one in each tree that holds a limit; removed when it is dropped.
#[derive(Debug)]
pub struct Groups {
    name: String,
    trees: Vec<Tree>,
}

#[derive(Debug)]
struct Tree {
    hierarchy: Hierarchy,
    parent: OwnedFd,
    group: OwnedFd,
}

impl Groups {
    /// Makes groups, with `limits` for the sandbox as a whole. `None` where none can be had.
    pub fn make(limits: &Limits) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let mut groups = Self { name: own_name()?, trees: Vec::new() };
        for (hierarchy, parents) in places(&mounts, &own) {
            // The first tree that has it: one controller is in one tree only, but CPU time is counted in several.
            let missing = Hierarchy { cpu: hierarchy.cpu && !groups.holds(Limit::CpuTime), ..hierarchy };
            let counting = Hierarchy { memory: false, processes: false, ..missing };
            // Where none of the parents hands out what limits, the nearest one still counts.
            for wanted in [missing, counting] {
                let made = parents.iter().find_map(|parent| Tree::make(parent, &groups.name, wanted));
                if let Some(tree) = made {
                    groups.trees.push(tree);
                    break;
                }
            }
        }
        groups.trees.retain(|tree| tree.limit(limits).is_ok());
        (!groups.trees.is_empty()).then_some(groups)
    }

    /// Whether a limit can be held here.
    pub fn holds(&self, limit: Limit) -> bool {
        self.trees.iter().any(|Tree { hierarchy, .. }| match limit {
            Limit::CpuTime => hierarchy.cpu,
            Limit::Memory => hierarchy.memory,
            Limit::Processes => hierarchy.processes,
            _ => false,
        })
    }

    /// For the launcher.
    pub fn to_message(&self) -> (ControlGroups, Vec<BorrowedFd<'_>>) {
        let hierarchies = self.trees.iter().map(|tree| tree.hierarchy).collect();
        let directories = self.trees.iter().map(|tree| tree.group.as_fd()).collect();
        (ControlGroups { name: self.name.clone().into_bytes(), hierarchies }, directories)
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for tree in &self.trees {
            // What the kernel is still ending keeps the group for a moment. Then the next sandbox removes it.
            for _ in 0..REMOVALS {
                if remove(&tree.parent, OsStr::new(&self.name)) != Err(Errno::BUSY) {
                    break;
                }
                std::thread::sleep(REMOVAL_PAUSE);
            }
        }
    }
}

const REMOVALS: u32 = 20;
const REMOVAL_PAUSE: Duration = Duration::from_millis(2);

impl Tree {
    fn make(parent: &Path, name: &str, wanted: Hierarchy) -> Option<Self> {
        let parent = open(CWD, parent).ok()?;
        sweep(&parent);
        mkdirat(&parent, name, Mode::from_raw_mode(0o755)).ok()?;
        let made = Self::open(&parent, name, wanted);
        if made.is_none() {
            let _ = unlinkat(&parent, name, AtFlags::REMOVEDIR);
        }
        made
    }

    fn open(parent: &OwnedFd, name: &str, wanted: Hierarchy) -> Option<Self> {
        let group = open(parent, Path::new(name)).ok()?;
        let mut hierarchy = wanted;
        if wanted.version == GroupVersion::Two {
            // A process is moved only where its mover may change the group that both have in common.
            let mover = openat(parent, "cgroup.procs", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty());
            drop(mover.ok()?);
            let present = read(&group, "cgroup.controllers");
            let enable = |wanted: bool, controller: &str| {
                wanted
                    && present.split_whitespace().any(|present| present == controller)
                    && write(&group, "cgroup.subtree_control", &format!("+{controller}")).is_ok()
            };
            hierarchy.memory = enable(wanted.memory, "memory");
            hierarchy.processes = enable(wanted.processes, "pids");
        }
        let useful = match wanted.memory || wanted.processes {
            true => hierarchy.memory || hierarchy.processes,
            false => hierarchy.cpu,
        };
        useful.then(|| Some(Self { hierarchy, parent: parent.try_clone().ok()?, group }))?
    }

    /// Sets the limits of the sandbox as a whole.
    fn limit(&self, limits: &Limits) -> Result<(), Errno> {
        if let Some(processes) = limits.get(Limit::Processes).filter(|_| self.hierarchy.processes) {
            write(&self.group, "pids.max", &processes.saturating_add(INITS).to_string())?;
        }
        if let Some(memory) = limits.get(Limit::Memory).filter(|_| self.hierarchy.memory) {
            let (limit, swap, most_swap) = match self.hierarchy.version {
                GroupVersion::One => ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", memory),
                GroupVersion::Two => ("memory.max", "memory.swap.max", 0),
            };
            write(&self.group, limit, &memory.to_string())?;
            match write(&self.group, swap, &most_swap.to_string()) {
                // A machine without swap.
                Ok(()) | Err(Errno::NOENT) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

/// Processes of the launcher's own that are counted with those of the runs.
const INITS: u64 = 16;

/// The trees in which a group could be made, each with the directories to try, the nearest first.
fn places(mounts: &str, own: &str) -> Vec<(Hierarchy, Vec<PathBuf>)> {
    let mut places = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let has = |name| controllers.split(',').any(|controller| controller == name);
        let hierarchy = if controllers.is_empty() {
            Hierarchy { version: GroupVersion::Two, memory: true, processes: true, cpu: true }
        } else {
            Hierarchy { version: GroupVersion::One, memory: has("memory"), processes: has("pids"), cpu: has("cpuacct") }
        };
        let Some((mount, below)) = mounted(mounts, controllers, path) else {
            continue;
        };
        let directory = mount.join(&below);
        let parents = match hierarchy.version {
            GroupVersion::One => vec![directory],
            GroupVersion::Two => {
                directory.ancestors().take_while(|parent| parent.starts_with(&mount)).map(Path::to_path_buf).collect()
            }
        };
        places.push((hierarchy, parents));
    }
    // Those that hold limits before those that only count.
    let (mut holding, counting): (Vec<_>, Vec<_>) =
        places.into_iter().partition(|(hierarchy, _)| hierarchy.memory || hierarchy.processes);
    holding.extend(counting);
    holding
}

/// Where the tree with these controllers is mounted, and where below that `path` lies.
fn mounted(mounts: &str, controllers: &str, path: &str) -> Option<(PathBuf, PathBuf)> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, point) = (before.next()?, before.next()?);
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?, after.nth(1)?);
        let right = match kind {
            "cgroup2" => controllers.is_empty(),
            "cgroup" => controllers.split(',').all(|name| options.split(',').any(|option| option == name)),
            _ => false,
        };
        let below = Path::new(path).strip_prefix(root).ok()?;
        // Outside of what this process may see.
        let inside = !below.components().any(|part| part == std::path::Component::ParentDir);
        (right && inside).then(|| (PathBuf::from(point), below.to_path_buf()))
    })
}

/// Removes the groups of makers that are gone. Only of this user, and of this pid namespace: of another one nobody here
/// can say who lives.
fn sweep(parent: &OwnedFd) {
    let Ok(directory) = Dir::read_from(parent) else {
        return;
    };
    for entry in directory.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        let own =
            || statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|found| found.st_uid == geteuid().as_raw());
        if name.to_str().is_some_and(maker_is_gone) && own() {
            let _ = remove(parent, name);
        }
    }
}

/// Removes a group and the cells in it, if no process is in them.
fn remove(parent: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Err(Errno::BUSY) => {}
        other => return other,
    }
    let group = open(parent, Path::new(name))?;
    for entry in Dir::read_from(&group)?.flatten() {
        let cell = entry.file_name();
        if entry.file_type() == FileType::Directory && cell.to_bytes().starts_with(b"cell-") {
            unlinkat(&group, cell, AtFlags::REMOVEDIR)?;
        }
    }
    unlinkat(parent, name, AtFlags::REMOVEDIR)
}

/// A name that tells who made the group: `codex-`, the pid namespace, the process, when it started, a number.
fn own_name() -> Option<String> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let process = std::process::id();
    let number = LAST.fetch_add(1, Relaxed);
    Some(format!("{PREFIX}{}-{process}-{}-{number}", pid_namespace()?, started(process)?))
}

fn maker_is_gone(name: &str) -> bool {
    let mut numbers = name.strip_prefix(PREFIX).unwrap_or_default().split('-').map(str::parse::<u64>);
    let (Some(Ok(namespace)), Some(Ok(process)), Some(Ok(start)), Some(Ok(_)), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return false;
    };
    let Ok(process) = u32::try_from(process) else {
        return false;
    };
    let exists = Pid::from_raw(process.cast_signed())
        .is_some_and(|process| !matches!(test_kill_process(process), Err(Errno::SRCH)));
    // Where /proc hides others, one that exists may be the maker.
    let may_be_it = exists && started(process).is_none_or(|now| now == start);
    pid_namespace() == Some(namespace) && !may_be_it
}

fn pid_namespace() -> Option<u64> {
    fs::metadata("/proc/self/ns/pid").ok().map(|found| found.ino())
}

/// When a process started, in ticks since the machine did.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After the name, which may hold anything.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

fn open(at: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

fn read(group: &OwnedFd, name: &str) -> String {
    let file = openat(group, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    file.ok().and_then(|file| std::io::read_to_string(fs::File::from(file)).ok()).unwrap_or_default()
}

fn write(group: &OwnedFd, name: &str, value: &str) -> Result<(), Errno> {
    let file = openat(group, name, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    fs::File::from(file).write_all(value.as_bytes()).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use codex_launcher::protocol::GroupVersion;

    use super::{maker_is_gone, own_name, places};

    const SYSTEMD: &str = "24 1 0:22 / /sys rw - sysfs sysfs rw\n\
        30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    const HYBRID: &str = "33 24 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        34 24 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
        35 24 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
        36 24 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn one_tree_is_searched_upwards() {
        let own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.scope\n";
        let [(hierarchy, parents)] = &places(SYSTEMD, own)[..] else { panic!() };
        assert_eq!(hierarchy.version, GroupVersion::Two);
        assert_eq!(parents.len(), 6);
        assert_eq!(
            parents[0],
            PathBuf::from("/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app.scope")
        );
        assert_eq!(parents[5], PathBuf::from("/sys/fs/cgroup"));
    }

    #[test]
    fn each_old_tree_is_for_its_own_controllers() {
        let own = "4:memory:/a/b\n3:pids:/\n2:cpu,cpuacct:/c\n1:name=systemd:/\n0::/d\n";
        let places = places(HYBRID, own);
        let found = |wanted: &str| places.iter().any(|(_, parents)| parents.contains(&PathBuf::from(wanted)));
        assert!(found("/sys/fs/cgroup/memory/a/b"));
        assert!(found("/sys/fs/cgroup/pids/"));
        assert!(found("/sys/fs/cgroup/cpu,cpuacct/c"));
        assert!(found("/sys/fs/cgroup/unified/d"));
    }

    #[test]
    fn what_lies_outside_is_left_alone() {
        assert!(places(SYSTEMD, "0::/../elsewhere\n").is_empty());
        let container = "30 24 0:26 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n";
        assert!(places(container, "0::/other\n").is_empty());
        assert_eq!(places(container, "0::/docker/x/y\n")[0].1[0], PathBuf::from("/sys/fs/cgroup/y"));
    }

    #[test]
    fn only_groups_of_the_dead_are_swept() {
        let own = own_name().unwrap();
        assert!(!maker_is_gone(&own));
        let parts: Vec<&str> = own.split('-').collect();
        let [prefix, namespace, process, start, number] = parts[..] else { panic!() };
        let of = |namespace: &str, process: &str, start: &str| [prefix, namespace, process, start, number].join("-");
        assert!(maker_is_gone(&of(namespace, "4194303", start)), "no such process");
        assert!(maker_is_gone(&of(namespace, process, "1")), "another process has its number now");
        assert!(!maker_is_gone(&of("1", "4194303", start)), "another pid namespace");
        assert!(!maker_is_gone("codex-something"));
        assert!(!maker_is_gone("codex-1-2-3-4-5"));
    }
}
