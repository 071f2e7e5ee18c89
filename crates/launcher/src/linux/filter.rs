//! From the table of closed calls to filters, and their installation.
//!
//! What the launcher itself no longer needs after setting up is closed in the launcher, once, and inherited at no
//! cost. The little that it needs for each run is closed in the run, by a filter short enough to install in
//! microseconds.

use std::collections::BTreeMap;

use codex_launcher::protocol::{Boundary, Network};
use rustix::io::Errno;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch, sock_filter};
use syscalls::{Sysno, syscall};

use super::{
    filter_table::{
        ABSENT, Argument, Closed, NO_CUTS, NO_FIRST_PROCESS, NO_INTERNET, NO_NETWORK, NO_OTHER_PROCESSES,
        NO_SET_GROUP_ID, NO_SHARED_IPC, NO_SUCH_SOCKET, NO_UNIX_SOCKETS, REFUSED, REFUSED_IN_RUNS,
    },
    watch_table::Watched,
};

/// A compiled filter.
pub struct Program {
    instructions: BpfProgram,
}

/// What the filters that the launcher and all its runs share depend on.
pub struct Base {
    /// Where namespaces keep the host's away, it says so; else no IPC object can be had and no other process be limited.
    pub boundary: Boundary,
    /// Without one, and without namespaces, no socket can be made but a pair.
    pub network: Network,
    /// Whether those that reach the internet are left to the filter whose calls wait.
    pub tells_sockets: bool,
    /// Whether Unix sockets can be made that are no pairs.
    pub unix_sockets: bool,
    /// Whether Landlock, if it holds the files alone, holds what would cut them.
    pub holds_cuts: bool,
    /// Whether changes of modes that set a set-group-id bit are left to the filter whose calls wait.
    pub makes_changes: bool,
}

/// Installs them.
pub fn install_base(base: &Base) -> Result<(), Errno> {
    compile(NO_SUCH_SOCKET, libc::EAFNOSUPPORT)?.install()?;
    if base.boundary == Boundary::Landlock {
        compile(NO_SHARED_IPC, libc::ENOSYS)?.install()?;
        compile(NO_OTHER_PROCESSES, libc::EPERM)?.install()?;
        if base.network == Network::Private {
            compile(NO_NETWORK, libc::EAFNOSUPPORT)?.install()?;
            if !base.tells_sockets {
                compile(NO_INTERNET, libc::EAFNOSUPPORT)?.install()?;
            }
        }
        if !base.holds_cuts {
            compile(NO_CUTS, libc::EACCES)?.install()?;
        }
    }
    if base.boundary == Boundary::Namespaces {
        compile(NO_FIRST_PROCESS, libc::EPERM)?.install()?;
    }
    if !base.unix_sockets {
        compile(NO_UNIX_SOCKETS, libc::EAFNOSUPPORT)?.install()?;
    }
    if !base.makes_changes {
        compile(NO_SET_GROUP_ID, libc::EPERM)?.install()?;
    }
    compile(ABSENT, libc::ENOSYS)?.install()?;
    // Last, so that it is the first to see a call: it kills foreign calls before their numbers mean anything else.
    let mut refused = compile(REFUSED, libc::EPERM)?;
    refused.kill_other_numbering();
    refused.install()
}

/// The filter that each run installs for itself.
pub fn for_runs() -> Result<Program, Errno> {
    compile(REFUSED_IN_RUNS, libc::EPERM)
}

/// The filter whose calls wait until they were looked at.
pub fn watching(calls: &[&Watched]) -> Result<Program, Errno> {
    let mut rules = Rules::default();
    for watched in calls {
        for condition in watched.when {
            rules.add(watched.call, std::slice::from_ref(condition))?;
        }
        if watched.when.is_empty() {
            rules.add(watched.call, &[])?;
        }
    }
    // The compiler knows no answer that waits: one that it knows, and that is used nowhere else, stands for it.
    const STAND_IN: SeccompAction = SeccompAction::Trace(0x5741);
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let mut program = rules.compile(STAND_IN)?;
    for instruction in &mut program.instructions {
        if instruction.code == RETURN && instruction.k == u32::from(STAND_IN) {
            instruction.k = libc::SECCOMP_RET_USER_NOTIF;
        }
    }
    Ok(program)
}

impl Program {
    /// Installs the filter for this process and all that it starts.
    pub fn install(&self) -> Result<(), Errno> {
        install(&self.as_prog())
    }

    /// The filter in the kernel's form; valid as long as `self` lives.
    pub fn as_prog(&self) -> libc::sock_fprog {
        libc::sock_fprog {
            // The kernel takes at most 4096 instructions, and refuses a length that was cut.
            len: u16::try_from(self.instructions.len()).unwrap_or(u16::MAX),
            filter: self.instructions.as_ptr().cast_mut().cast(),
        }
    }

    /// x86-64 has a second numbering of calls, x32, under the same architecture: no number of it may pass for one
    /// that is not in the table. Negative numbers are none: whoever traces a program puts them in place of a call that is not to
    /// be made.
    fn kill_other_numbering(&mut self) {
        #[cfg(target_arch = "x86_64")]
        {
            const LOAD_WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
            const JUMP_IF_AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
            const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
            const X32_NUMBERS: u32 = 0x4000_0000;
            const NEGATIVE_NUMBERS: u32 = 0x8000_0000;
            let check = [
                sock_filter { code: LOAD_WORD, jt: 0, jf: 0, k: 0 },
                sock_filter { code: JUMP_IF_AT_LEAST, jt: 0, jf: 2, k: X32_NUMBERS },
                sock_filter { code: JUMP_IF_AT_LEAST, jt: 1, jf: 0, k: NEGATIVE_NUMBERS },
                sock_filter { code: RETURN, jt: 0, jf: 0, k: libc::SECCOMP_RET_KILL_PROCESS },
            ];
            self.instructions.splice(0..0, check);
        }
    }
}

/// Whether this process is under a filter already.
pub fn is_filtered() -> Result<bool, Errno> {
    // SAFETY: takes no pointers.
    match unsafe { libc::prctl(libc::PR_GET_SECCOMP, 0, 0, 0, 0) } {
        -1 => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)),
        mode => Ok(mode != 0),
    }
}

/// Installs a filter in the kernel's form. Makes one system call and nothing else.
pub fn install(program: &libc::sock_fprog) -> Result<(), Errno> {
    // SAFETY: the program points at instructions that outlive the call, and says how many they are.
    unsafe { syscall!(Sysno::seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const *program) }
        .map(drop)
        .map_err(|errno| Errno::from_raw_os_error(errno.into_raw()))
}

/// Everything passes but what `closed` names; calls of another architecture end the process.
fn compile(closed: &[Closed], errno: i32) -> Result<Program, Errno> {
    let mut rules = Rules::default();
    for entry in closed {
        rules.add(entry.call, entry.when)?;
    }
    rules.compile(SeccompAction::Errno(errno.unsigned_abs()))
}

/// The calls that a filter answers, each with what must hold of its arguments.
#[derive(Default)]
struct Rules(BTreeMap<i64, Vec<SeccompRule>>);

impl Rules {
    /// All of `when` must hold; none: the call always.
    fn add(&mut self, call: i64, when: &[Argument]) -> Result<(), Errno> {
        let of_call = self.0.entry(call).or_default();
        if !when.is_empty() {
            let conditions = when.iter().map(Argument::condition).collect::<Result<Vec<_>, _>>();
            of_call.push(conditions.and_then(SeccompRule::new).map_err(|_| Errno::INVAL)?);
        }
        Ok(())
    }

    fn compile(self, answer: SeccompAction) -> Result<Program, Errno> {
        let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| Errno::NOSYS)?;
        SeccompFilter::new(self.0, SeccompAction::Allow, answer, architecture)
            .and_then(BpfProgram::try_from)
            .map(|instructions| Program { instructions })
            .map_err(|_| Errno::INVAL)
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::CString, os::unix::ffi::OsStrExt};

    use syscalls::{Sysno, syscall};

    use super::{
        ABSENT, Closed, NO_CUTS, NO_FIRST_PROCESS, NO_INTERNET, NO_NETWORK, NO_OTHER_PROCESSES, NO_SET_GROUP_ID,
        NO_SHARED_IPC, NO_SUCH_SOCKET, REFUSED, REFUSED_IN_RUNS, compile,
    };

    #[test]
    fn every_table_compiles_to_a_filter_that_the_kernel_takes() {
        for table in [
            REFUSED,
            ABSENT,
            NO_SUCH_SOCKET,
            NO_NETWORK,
            NO_INTERNET,
            NO_CUTS,
            NO_SET_GROUP_ID,
            NO_OTHER_PROCESSES,
            NO_FIRST_PROCESS,
            NO_SHARED_IPC,
            REFUSED_IN_RUNS,
        ] {
            let program = compile(table, libc::EPERM).unwrap();
            assert!((1..=4096).contains(&program.as_prog().len));
        }
    }

    #[test]
    fn a_file_is_cut_by_who_may_write_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "content").unwrap();
        let results = std::thread::spawn(move || {
            // They are of this thread alone, and gone with it.
            rustix::thread::set_no_new_privs(true).unwrap();
            compile(NO_CUTS, libc::EACCES).unwrap().install().unwrap();
            let name = CString::new(path.as_os_str().as_bytes()).unwrap();
            let open = |flags| {
                // SAFETY: the name ends with a zero, and lives until the call is over.
                let file = unsafe { syscall!(Sysno::openat, libc::AT_FDCWD, name.as_ptr(), flags) };
                file.map_err(|errno| errno.into_raw())
            };
            // SAFETY: as above.
            let cut = unsafe { syscall!(Sysno::truncate, name.as_ptr(), 0) }.map_err(|errno| errno.into_raw());
            let refused = [cut, open(libc::O_TRUNC), open(libc::O_TRUNC | libc::O_ACCMODE)];
            let kept = std::fs::read(&path).unwrap();
            (refused, kept, [open(libc::O_RDONLY), open(libc::O_TRUNC | libc::O_WRONLY)].map(|opened| opened.is_ok()))
        });
        let (refused, kept, opened) = results.join().unwrap();
        assert_eq!(refused, [Err(libc::EACCES); 3]);
        assert_eq!((kept.as_slice(), opened), (&b"content"[..], [true, true]));
    }

    #[test]
    fn every_closed_call_has_a_reason_and_stands_once() {
        let all: Vec<&Closed> = [REFUSED, ABSENT, NO_SHARED_IPC, REFUSED_IN_RUNS].into_iter().flatten().collect();
        assert!(all.iter().all(|closed| !closed.reason.is_empty()));
        let mut unconditional: Vec<_> =
            all.iter().filter(|closed| closed.when.is_empty()).map(|closed| closed.call).collect();
        let count = unconditional.len();
        unconditional.sort_unstable();
        unconditional.dedup();
        assert_eq!(unconditional.len(), count);
    }
}
