//! Job objects, which hold the processes of a run together.

use std::{
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::HANDLE,
    System::JobObjects::{
        CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
        JOB_OBJECT_LIMIT_JOB_MEMORY, JOB_OBJECT_LIMIT_JOB_TIME, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
        JOB_OBJECT_UILIMIT_DESKTOP, JOB_OBJECT_UILIMIT_DISPLAYSETTINGS, JOB_OBJECT_UILIMIT_EXITWINDOWS,
        JOB_OBJECT_UILIMIT_GLOBALATOMS, JOB_OBJECT_UILIMIT_HANDLES, JOB_OBJECT_UILIMIT_READCLIPBOARD,
        JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS, JOB_OBJECT_UILIMIT_WRITECLIPBOARD, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
        JOBOBJECT_BASIC_UI_RESTRICTIONS, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicAccountingInformation,
        JobObjectBasicUIRestrictions, JobObjectExtendedLimitInformation, QueryInformationJobObject,
        SetInformationJobObject, TerminateJobObject,
    },
};

use crate::policy::{Limit, Limits};

/// Windows of the host, its clipboard, its desktops and its session are out of reach.
const CLOSED_UI: u32 = JOB_OBJECT_UILIMIT_DESKTOP
    | JOB_OBJECT_UILIMIT_DISPLAYSETTINGS
    | JOB_OBJECT_UILIMIT_EXITWINDOWS
    | JOB_OBJECT_UILIMIT_GLOBALATOMS
    | JOB_OBJECT_UILIMIT_HANDLES
    | JOB_OBJECT_UILIMIT_READCLIPBOARD
    | JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS
    | JOB_OBJECT_UILIMIT_WRITECLIPBOARD;

/// In what the kernel counts time: 100 nanoseconds.
const TICKS_IN_A_MILLISECOND: u64 = 10_000;

/// A job. Its processes, which can't leave it, end when the last handle to it is closed, however that comes about.
#[derive(Debug)]
pub struct Job(OwnedHandle);

impl Job {
    /// A job without processes. `closes_ui`: they can't reach what the user sees.
    pub fn new(limits: &Limits, closes_ui: bool) -> io::Result<Self> {
        // SAFETY: no attributes and no name; the result is checked.
        let handle = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is open and nobody else's.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
        let mut extended = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        let basic = &mut extended.BasicLimitInformation;
        basic.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
        if let Some(most) = limits.get(Limit::Processes) {
            basic.LimitFlags |= JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
            basic.ActiveProcessLimit = u32::try_from(most).unwrap_or(u32::MAX);
        }
        if let Some(milliseconds) = limits.get(Limit::CpuTime) {
            basic.LimitFlags |= JOB_OBJECT_LIMIT_JOB_TIME;
            let ticks = milliseconds.saturating_mul(TICKS_IN_A_MILLISECOND);
            basic.PerJobUserTimeLimit = i64::try_from(ticks).unwrap_or(i64::MAX);
        }
        if let Some(bytes) = limits.get(Limit::Memory) {
            basic.LimitFlags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
            extended.JobMemoryLimit = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        job.set(JobObjectExtendedLimitInformation, &extended)?;
        if closes_ui {
            let ui = JOBOBJECT_BASIC_UI_RESTRICTIONS { UIRestrictionsClass: CLOSED_UI };
            job.set(JobObjectBasicUIRestrictions, &ui)?;
        }
        Ok(job)
    }

    /// For the list of jobs that a process is made in.
    pub fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    /// Ends every process in it.
    pub fn terminate(&self, exit_code: u32) {
        // SAFETY: the handle is a job's. It fails only for a handle that is none.
        unsafe { TerminateJobObject(self.handle(), exit_code) };
    }

    /// How many processes are in it.
    pub fn processes(&self) -> io::Result<u32> {
        let mut accounting = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the structure is of the class's type, and its size is given.
        let done = unsafe {
            QueryInformationJobObject(
                self.handle(),
                JobObjectBasicAccountingInformation,
                (&raw mut accounting).cast(),
                size_of(&accounting),
                ptr::null_mut(),
            )
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(accounting.ActiveProcesses) }
    }

    fn set<T>(&self, class: i32, information: &T) -> io::Result<()> {
        // SAFETY: the callers above give the class's type, and its size is given.
        let done = unsafe {
            SetInformationJobObject(self.handle(), class, (&raw const *information).cast(), size_of(information))
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// As the system takes sizes. Those here are small.
fn size_of<T>(value: &T) -> u32 {
    u32::try_from(mem::size_of_val(value)).unwrap_or(u32::MAX)
}
