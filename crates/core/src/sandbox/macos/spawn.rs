//! Starting a program with what it is given and nothing else.
//!
//! A resource limit can only be taken by the process that it is for, so there is a fork; what follows in the child are system
//! calls on prepared data. The last of them is `posix_spawn` in the form that replaces the process itself: only it closes,
//! by the kernel's hand, every descriptor that wasn't named.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_short},
    io::{self, Read},
    mem::MaybeUninit,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    ptr,
};

use rustix::{
    io::fcntl_dupfd_cloexec,
    process::{Pid, WaitOptions, waitpid},
};

/// Descriptors that the child duplicates stay above those that it duplicates onto.
const FIRST_FREE: RawFd = 64;

/// What to start.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The path of the program.
    pub program: &'a CStr,
    /// Its arguments, its own name first.
    pub arguments: &'a [CString],
    /// Its environment.
    pub environment: &'a [CString],
    /// Where it starts.
    pub directory: &'a CStr,
    /// Its descriptors.
    pub descriptors: &'a [OwnedFd],
    /// The number of each in the program.
    pub targets: &'a [u8],
    /// Resources, each with what it may use of it.
    pub resources: &'a [(c_int, libc::rlim_t)],
    /// Which of the targets becomes its controlling terminal.
    pub terminal: Option<u8>,
}

/// A step of the child that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// No process could be made.
    Fork = 0,
    /// A session of its own.
    Session = 1,
    /// The controlling terminal.
    Terminal = 2,
    /// The working directory.
    Directory = 3,
    /// A resource limit.
    Limits = 4,
    /// The program.
    Program = 5,
}

/// Starts a program; it leads a session and a process group of its own.
///
/// # Errors
/// The step that failed, and why.
pub fn spawn(launch: &Launch<'_>) -> Result<Pid, (Step, io::Error)> {
    let failed = |error: io::Error| (Step::Fork, error);
    let sources = launch
        .descriptors
        .iter()
        .map(|descriptor| fcntl_dupfd_cloexec(descriptor, FIRST_FREE))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|errno| failed(errno.into()))?;
    let actions = Actions::new(&sources, launch.targets).map_err(failed)?;
    let attributes = Attributes::new().map_err(failed)?;
    let (arguments, environment) = (pointers(launch.arguments), pointers(launch.environment));
    let controlling =
        launch.targets.iter().position(|target| Some(*target) == launch.terminal).and_then(|at| sources.get(at));
    let (mut reader, writer) = io::pipe().map_err(failed)?;
    let child = Child {
        program: launch.program.as_ptr(),
        arguments: arguments.as_ptr(),
        environment: environment.as_ptr(),
        directory: launch.directory.as_ptr(),
        resources: launch.resources,
        controlling: controlling.map(AsRawFd::as_raw_fd),
        actions: &actions.0,
        attributes: &attributes.0,
        report: writer.as_raw_fd(),
    };
    let pid = {
        // No handler of the host's may run in the child.
        let _blocked = BlockedSignals::new();
        // SAFETY: the child makes only system calls on data that was prepared, and never returns.
        match unsafe { libc::fork() } {
            0 => child.become_program(),
            pid => pid,
        }
    };
    let pid = Pid::from_raw(pid).filter(|_| pid > 0).ok_or_else(|| failed(io::Error::last_os_error()))?;
    drop(writer);
    let mut report = Vec::new();
    // The end comes when the child has become the program.
    reader.read_to_end(&mut report).map_err(failed)?;
    match report.as_slice() {
        [] => Ok(pid),
        [step, errno @ ..] => {
            let _ = waitpid(Some(pid), WaitOptions::empty());
            let errno = errno.try_into().map_or(0, i32::from_ne_bytes);
            Err((Step::of(*step), io::Error::from_raw_os_error(errno)))
        }
    }
}

impl Step {
    fn of(number: u8) -> Self {
        let all = [Self::Session, Self::Terminal, Self::Directory, Self::Limits, Self::Program];
        all.into_iter().find(|step| *step as u8 == number).unwrap_or(Self::Fork)
    }
}

/// What the child reads.
struct Child<'a> {
    program: *const c_char,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
    directory: *const c_char,
    resources: &'a [(c_int, libc::rlim_t)],
    controlling: Option<RawFd>,
    actions: &'a libc::posix_spawn_file_actions_t,
    attributes: &'a libc::posix_spawnattr_t,
    report: RawFd,
}

impl Child<'_> {
    fn become_program(&self) -> ! {
        let (step, errno) = self.attempt();
        let [a, b, c, d] = errno.to_ne_bytes();
        let report = [step as u8, a, b, c, d];
        // SAFETY: writes five bytes of a live variable, then ends this process without running anything of the host's.
        unsafe {
            libc::write(self.report, report.as_ptr().cast(), report.len());
            libc::_exit(127)
        }
    }

    /// Returns only when a step has failed.
    fn attempt(&self) -> (Step, c_int) {
        // SAFETY: system calls on data that lives until this process is another program.
        unsafe {
            if libc::setsid() < 0 {
                return (Step::Session, errno());
            }
            if let Some(terminal) = self.controlling
                && libc::ioctl(terminal, libc::TIOCSCTTY.into(), 0) < 0
            {
                return (Step::Terminal, errno());
            }
            if libc::chdir(self.directory) < 0 {
                return (Step::Directory, errno());
            }
            for &(resource, value) in self.resources {
                let mut limit = MaybeUninit::<libc::rlimit>::uninit();
                if libc::getrlimit(resource, limit.as_mut_ptr()) < 0 {
                    return (Step::Limits, errno());
                }
                // A limit is only ever lowered.
                let before = limit.assume_init();
                let limit = libc::rlimit { rlim_cur: before.rlim_cur.min(value), rlim_max: before.rlim_max.min(value) };
                if libc::setrlimit(resource, &raw const limit) < 0 {
                    return (Step::Limits, errno());
                }
            }
            let mut unused = 0;
            let error = libc::posix_spawn(
                &raw mut unused,
                self.program,
                self.actions,
                self.attributes,
                self.arguments,
                self.environment,
            );
            (Step::Program, error)
        }
    }
}

fn errno() -> c_int {
    // SAFETY: the address is this thread's own.
    unsafe { *libc::__error() }
}

/// Pointers to strings, with a null pointer after the last.
fn pointers(strings: &[CString]) -> Vec<*mut c_char> {
    strings.iter().map(|string| string.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
}

/// The descriptors of a program.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new(sources: &[OwnedFd], targets: &[u8]) -> io::Result<Self> {
        let mut actions = Self(ptr::null_mut());
        // SAFETY: fills a live variable.
        check(unsafe { libc::posix_spawn_file_actions_init(&raw mut actions.0) })?;
        for (source, target) in sources.iter().zip(targets) {
            // SAFETY: the actions were initialised; the numbers are only noted down.
            check(unsafe {
                libc::posix_spawn_file_actions_adddup2(&raw mut actions.0, source.as_raw_fd(), c_int::from(*target))
            })?;
        }
        Ok(actions)
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: they were initialised and are not used any more.
            unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
        }
    }
}

/// How the child becomes the program: without descriptors that weren't named, without the host's handling of signals.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> io::Result<Self> {
        const FLAGS: c_int = libc::POSIX_SPAWN_SETEXEC
            | libc::POSIX_SPAWN_CLOEXEC_DEFAULT
            | libc::POSIX_SPAWN_SETSIGDEF
            | libc::POSIX_SPAWN_SETSIGMASK;
        let mut attributes = Self(ptr::null_mut());
        let (mut all, mut none) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: fills live variables, and reads them when they are filled.
        unsafe {
            check(libc::posix_spawnattr_init(&raw mut attributes.0))?;
            libc::sigfillset(all.as_mut_ptr());
            libc::sigemptyset(none.as_mut_ptr());
            check(libc::posix_spawnattr_setsigdefault(&raw mut attributes.0, all.as_ptr()))?;
            check(libc::posix_spawnattr_setsigmask(&raw mut attributes.0, none.as_ptr()))?;
            check(libc::posix_spawnattr_setflags(&raw mut attributes.0, FLAGS as c_short))?;
        }
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: they were initialised and are not used any more.
            unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
        }
    }
}

fn check(error: c_int) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// Every signal blocked for this thread until dropped.
struct BlockedSignals {
    before: libc::sigset_t,
}

impl BlockedSignals {
    fn new() -> Self {
        let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: fills live variables; the call fails for no set of signals.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::sigemptyset(before.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            Self { before: before.assume_init() }
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: reads a live variable.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut()) };
    }
}
