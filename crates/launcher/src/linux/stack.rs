//! Stacks for processes that share this one's memory.

use std::{ffi::c_void, ptr};

use rustix::{
    io::Errno,
    mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap},
};

/// What runs on a stack makes system calls and little else.
const STACK_BYTES: usize = 64 * 1024;
/// The page below a stack, which nothing may touch.
const GUARD_BYTES: usize = 4096;

/// A stack with a guard page below it.
pub struct Stack {
    base: *mut c_void,
}

impl Stack {
    /// Maps a stack.
    pub fn new() -> Result<Self, Errno> {
        // SAFETY: asks for fresh memory at an address of the kernel's choice.
        let base = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                GUARD_BYTES + STACK_BYTES,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::STACK,
            )
        }?;
        let stack = Self { base };
        // SAFETY: the page lies within the mapping made above, and nothing uses it.
        unsafe { mprotect(base, GUARD_BYTES, MprotectFlags::empty()) }?;
        Ok(stack)
    }

    /// Its upper end, where it begins.
    pub fn top(&self) -> *mut c_void {
        // SAFETY: one past the end of the mapping, which the pointer may point to.
        unsafe { self.base.byte_add(GUARD_BYTES + STACK_BYTES) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new`, and the process that ran on it is gone.
        let _ = unsafe { munmap(self.base, GUARD_BYTES + STACK_BYTES) };
    }
}
