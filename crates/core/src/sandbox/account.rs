//! What the user database says about this user.

use std::{
    ffi::{CStr, OsStr, c_char},
    mem::MaybeUninit,
    os::unix::ffi::OsStrExt,
    path::PathBuf,
    ptr,
};

/// Room for one entry: no known database has longer ones.
const ENTRY_BYTES: usize = 16 * 1024;

/// The home directory of this user as the user database has it, whatever `HOME` says.
pub(crate) fn account_home() -> Option<PathBuf> {
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut found = ptr::null_mut();
    let mut buffer: Vec<c_char> = vec![0; ENTRY_BYTES];
    // SAFETY: every pointer is to live memory of the size that is given; the call is the one for many threads.
    let error = unsafe {
        libc::getpwuid_r(libc::geteuid(), entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut found)
    };
    if error != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call filled the entry, and its strings lie in the buffer, which lives on.
    let home = unsafe { CStr::from_ptr((*found).pw_dir) };
    Some(PathBuf::from(OsStr::from_bytes(home.to_bytes())))
}
