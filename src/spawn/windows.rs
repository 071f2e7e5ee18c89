//! Pipes between a run and JavaScript, as numbers of Node's C runtime.

use std::{
    io,
    os::windows::io::{IntoRawHandle, OwnedHandle},
    ptr,
};

use codex_core::exec::{Command, ExecError};
use codex_supervisor::RunError;
use windows_sys::{
    Win32::{
        Foundation::{CloseHandle, HANDLE},
        System::LibraryLoader::{GetModuleHandleW, GetProcAddress},
    },
    core::s,
};

use super::{Ends, NOTHING, NativeStreams, standard_pipe};
use crate::{convert::StreamKind, sandbox::NativeSandbox};

const STANDARD: u8 = 3;

/// Gives a handle to the C runtime of the program that this is loaded into, which then closes it.
type OpenHandle = unsafe extern "C" fn(HANDLE) -> i32;

/// What JavaScript knows a pipe by; -1 where there can be no number.
pub fn number_of(pipe: OwnedHandle) -> i32 {
    let Some(open) = open_handle() else { return NOTHING };
    let handle = pipe.into_raw_handle();
    // SAFETY: the handle is open, and nobody else's from here on.
    let number = unsafe { open(handle) };
    if number < 0 {
        // SAFETY: it was not taken.
        unsafe { CloseHandle(handle) };
    }
    number
}

/// Node has the function for addons, since each of them may have a C runtime of its own.
fn open_handle() -> Option<OpenHandle> {
    // SAFETY: without a name it is the program itself.
    let program = unsafe { GetModuleHandleW(ptr::null()) };
    // SAFETY: the program stays loaded, and the name ends with a NUL.
    let found = unsafe { GetProcAddress(program, s!("uv_open_osfhandle")) }?;
    // SAFETY: libuv has had it under this name and with these arguments since version 1.23.
    Some(unsafe { std::mem::transmute::<unsafe extern "system" fn() -> isize, OpenHandle>(found) })
}

impl NativeSandbox {
    pub(super) fn connect(&self, command: &mut Command, streams: &NativeStreams) -> Result<Ends, RunError> {
        let refuse = |what| ExecError::Host { what, source: io::ErrorKind::Unsupported.into() };
        if open_handle().is_none() {
            return Err(refuse("give streams to this runtime, which has no uv_open_osfhandle; use exec").into());
        }
        let mut ends = Ends::default();
        for (number, &kind) in (0_u8..).zip(&streams.kinds) {
            let mut our_end = None;
            match (number, kind) {
                (_, StreamKind::TERMINAL) => return Err(refuse("make a terminal of a sandbox on Windows").into()),
                (0..=2, StreamKind::PIPE) => our_end = standard_pipe(number, command, &mut ends.spawned)?,
                (STANDARD.., StreamKind::PIPE | 0..) => {
                    return Err(refuse("give a program more than its three standard streams on Windows").into());
                }
                _ => {}
            }
            ends.ours.push(our_end);
        }
        Ok(ends)
    }
}
