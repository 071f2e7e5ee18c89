//! Making a process: in its job and confined from the first instruction on, with the handles that it is given.

use std::{
    ffi::c_void,
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation},
    Security::SECURITY_CAPABILITIES,
    System::{
        Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent, GetConsoleCP},
        Threading::{
            CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_UNICODE_ENVIRONMENT, CreateProcessAsUserW,
            CreateProcessW, DeleteProcThreadAttributeList, EXTENDED_STARTUPINFO_PRESENT, GetExitCodeProcess, INFINITE,
            InitializeProcThreadAttributeList, LPPROC_THREAD_ATTRIBUTE_LIST, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
            PROC_THREAD_ATTRIBUTE_JOB_LIST, PROC_THREAD_ATTRIBUTE_SECURITY_CAPABILITIES, PROCESS_INFORMATION,
            STARTF_USESTDHANDLES, STARTUPINFOEXW, UpdateProcThreadAttribute, WaitForSingleObject,
        },
    },
};

use super::{confinement::Confinement, container::Container, job::Job};

/// What a process is made of. Texts end with a NUL.
pub struct Plan<'a> {
    /// Its file.
    pub program: &'a [u16],
    /// Its command line, into which the system may write.
    pub command_line: &'a mut [u16],
    /// See [`environment_block`](super::environment_block::environment_block).
    pub environment: &'a [u16],
    /// Where it starts.
    pub directory: &'a [u16],
    /// Standard input, output and error.
    pub streams: &'a [OwnedHandle; 3],
    /// What holds it and what comes of it.
    pub job: &'a Job,
    /// What it may touch; `None` for what the user may. One that is not confined shares this process's console, if it has one.
    pub confinement: Option<&'a Confinement>,
}

/// A process that was made.
pub struct Process {
    handle: OwnedHandle,
    /// Its id.
    pub id: u32,
}

/// Makes a process.
pub fn start(plan: Plan<'_>) -> io::Result<Process> {
    let handles: [HANDLE; 3] = plan.streams.each_ref().map(AsRawHandle::as_raw_handle);
    for handle in handles {
        // SAFETY: the handle is open. Other runs name their own handles; a process that Node itself makes at this moment gets
        // it, too, which is why nothing waits for the end of a pipe alone.
        if unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) } == 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // A handle must not be in the list twice.
    let mut inherited = handles.to_vec();
    inherited.sort_unstable();
    inherited.dedup();
    let jobs = [plan.job.handle()];
    let mut attributes = Attributes::new()?;
    let (container, token) = match plan.confinement {
        Some(Confinement::Container(container)) => (Some(container), None),
        Some(Confinement::Token(token)) => (None, Some(token)),
        None => (None, None),
    };
    let capabilities = container.map(Container::capabilities);
    attributes.add(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &inherited)?;
    attributes.add(PROC_THREAD_ATTRIBUTE_JOB_LIST, &jobs)?;
    if let Some(capabilities) = &capabilities {
        attributes.add::<SECURITY_CAPABILITIES>(
            PROC_THREAD_ATTRIBUTE_SECURITY_CAPABILITIES,
            std::slice::from_ref(&capabilities.given),
        )?;
    }
    let mut startup = STARTUPINFOEXW::default();
    startup.StartupInfo.cb = u32::try_from(mem::size_of::<STARTUPINFOEXW>()).unwrap_or(0);
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    [startup.StartupInfo.hStdInput, startup.StartupInfo.hStdOutput, startup.StartupInfo.hStdError] = handles;
    startup.lpAttributeList = attributes.list();
    // The host's console can be written to as if a person had typed: a sandbox has one of its own, that nobody sees. Nor is a
    // window to come up for each program that a host without a console starts.
    let shares_console = plan.confinement.is_none() && has_console();
    let console = if shares_console { CREATE_NEW_PROCESS_GROUP } else { CREATE_NO_WINDOW };
    let flags = console | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
    let (program, line) = (plan.program.as_ptr(), plan.command_line.as_mut_ptr());
    let (environment, directory) = (plan.environment.as_ptr().cast(), plan.directory.as_ptr());
    let startup = (&raw const startup).cast();
    let (none, mut made) = (ptr::null(), PROCESS_INFORMATION::default());
    // SAFETY: every text ends with a NUL, the command line is writable, the block of the environment ends with two, and the
    // attributes and what they point to live until after the call, as does the token.
    let done = unsafe {
        match token {
            Some(token) => CreateProcessAsUserW(
                token.handle(),
                program,
                line,
                none,
                none,
                1,
                flags,
                environment,
                directory,
                startup,
                &raw mut made,
            ),
            None => CreateProcessW(program, line, none, none, 1, flags, environment, directory, startup, &raw mut made),
        }
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both handles are open and nobody else's.
    let (handle, thread) =
        unsafe { (OwnedHandle::from_raw_handle(made.hProcess), OwnedHandle::from_raw_handle(made.hThread)) };
    drop(thread);
    Ok(Process { handle, id: made.dwProcessId })
}

impl Process {
    /// Waits for its end, and returns its exit code. Blocks.
    pub fn wait(&self) -> io::Result<u32> {
        let mut exit_code = 0;
        // SAFETY: the handle is a process's.
        let waited = unsafe { WaitForSingleObject(self.handle.as_raw_handle(), INFINITE) };
        // SAFETY: likewise, and the number has a place.
        if waited != 0 || unsafe { GetExitCodeProcess(self.handle.as_raw_handle(), &raw mut exit_code) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(exit_code)
    }
}

/// Whether this process has a console.
pub fn has_console() -> bool {
    // SAFETY: only asks. No console has the code page 0.
    unsafe { GetConsoleCP() != 0 }
}

/// Sends Ctrl-Break to a process and those of its group that share this process's console. Returns whether it could be sent.
pub fn send_break(group: u32) -> bool {
    // SAFETY: takes numbers only.
    unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) != 0 }
}

/// Attributes of a process that is made.
struct Attributes {
    /// Of the alignment that pointers need.
    memory: Vec<usize>,
}

/// How many there are at most.
const MOST_ATTRIBUTES: u32 = 3;

impl Attributes {
    fn new() -> io::Result<Self> {
        let mut size = 0;
        // SAFETY: without memory it only says how much it needs.
        unsafe { InitializeProcThreadAttributeList(ptr::null_mut(), MOST_ATTRIBUTES, 0, &raw mut size) };
        let mut memory = vec![0_usize; size.div_ceil(mem::size_of::<usize>())];
        // SAFETY: the memory has the size that was asked for.
        let done =
            unsafe { InitializeProcThreadAttributeList(memory.as_mut_ptr().cast(), MOST_ATTRIBUTES, 0, &raw mut size) };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Self { memory }) }
    }

    fn list(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.memory.as_mut_ptr().cast()
    }

    /// `value` must be of the attribute's type, and live until the process is made.
    fn add<T>(&mut self, attribute: u32, value: &[T]) -> io::Result<()> {
        // SAFETY: the list was initialised, and the value has the size that is given.
        let done = unsafe {
            UpdateProcThreadAttribute(
                self.list(),
                0,
                attribute as usize,
                value.as_ptr().cast::<c_void>(),
                mem::size_of_val(value),
                ptr::null_mut(),
                ptr::null(),
            )
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the list was initialised.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}
