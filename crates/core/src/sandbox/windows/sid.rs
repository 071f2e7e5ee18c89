//! Identities in access lists.

use std::{
    io,
    ptr::{self, NonNull},
};

use windows_sys::Win32::Security::{
    AllocateAndInitializeSid, CreateWellKnownSid, FreeSid, Isolation::DeriveAppContainerSidFromAppContainerName, PSID,
    SECURITY_MAX_SID_SIZE, SECURITY_NULL_SID_AUTHORITY, WELL_KNOWN_SID_TYPE,
};

use super::{names, wide::terminated};

/// What the identities of restricted tokens begin with, so that they are no other program's.
const CODEX: u32 = u32::from_be_bytes(*b"cdex");

/// The identity of a sandbox.
#[derive(Debug)]
pub struct Sid(NonNull<std::ffi::c_void>);

// SAFETY: it is memory that nobody changes.
unsafe impl Send for Sid {}
// SAFETY: likewise.
unsafe impl Sync for Sid {}

impl Sid {
    /// That of the app container of a name, whether it exists or not.
    pub fn of_container(name: &str) -> io::Result<Self> {
        let mut sid: PSID = ptr::null_mut();
        // SAFETY: the name ends with a NUL, and the identity has a place.
        let result = unsafe { DeriveAppContainerSidFromAppContainerName(terminated(name).as_ptr(), &raw mut sid) };
        Self::made(result, sid)
    }

    /// That of the restricted token of a name: no account and no group has it.
    pub fn of_token(name: &str) -> io::Result<Self> {
        let [process, sandbox, high, low] = names::numbers(name).ok_or(io::ErrorKind::InvalidInput)?;
        let mut sid: PSID = ptr::null_mut();
        // SAFETY: as many numbers are used as there are, and the identity has a place.
        let done = unsafe {
            AllocateAndInitializeSid(
                &SECURITY_NULL_SID_AUTHORITY,
                5,
                CODEX,
                process,
                sandbox,
                high,
                low,
                0,
                0,
                0,
                &raw mut sid,
            )
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Self::made(0, sid) }
    }

    /// What a call made that returns an `HRESULT`.
    pub fn made(result: i32, sid: PSID) -> io::Result<Self> {
        if result < 0 {
            return Err(io::Error::from_raw_os_error(result));
        }
        NonNull::new(sid).map(Self).ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    /// For a call that only reads it.
    pub fn as_ptr(&self) -> PSID {
        self.0.as_ptr()
    }
}

impl Drop for Sid {
    fn drop(&mut self) {
        // SAFETY: the system made it, and nobody has it any more.
        unsafe { FreeSid(self.as_ptr()) };
    }
}

/// An identity that is the same on every machine.
#[derive(Debug)]
pub struct WellKnown(Vec<u32>);

impl WellKnown {
    pub fn new(kind: WELL_KNOWN_SID_TYPE) -> io::Result<Self> {
        let mut size = SECURITY_MAX_SID_SIZE;
        let mut sid = vec![0_u32; (size as usize).div_ceil(4)];
        // SAFETY: the memory has at least the size that is given.
        let done = unsafe { CreateWellKnownSid(kind, ptr::null_mut(), sid.as_mut_ptr().cast(), &raw mut size) };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(sid)) }
    }

    /// For a call that only reads it.
    pub fn as_ptr(&self) -> PSID {
        self.0.as_ptr().cast_mut().cast()
    }
}
