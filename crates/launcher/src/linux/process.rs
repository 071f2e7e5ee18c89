//! A process that waits for its call to be looked at: what the arguments say, and where its paths lead.
//!
//! All of it is what the program says, at the moment of looking.

use std::{
    io::IoSliceMut,
    os::fd::{AsFd, AsRawFd},
};

use rustix::{
    fs::{CWD, readlinkat},
    io::Errno,
};

use super::{notifications::Call, watch_table::Place};

/// The longest path that Linux takes, with its end.
const PATH_BYTES: usize = 4096;
/// What is read of a path at first.
const SHORT_PATH_BYTES: usize = 256;

/// A process that waits, with the arguments of its call.
pub struct Process<'a> {
    id: u32,
    arguments: &'a [u64; 6],
}

impl<'a> Process<'a> {
    /// The one that made a call.
    pub fn new(call: &'a Call) -> Self {
        Self { id: call.pid, arguments: &call.data.args }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// An argument of the call.
    pub fn argument(&self, index: u8) -> u64 {
        self.arguments.get(usize::from(index)).copied().unwrap_or(0)
    }

    /// Where the path starts, by a name that we can use.
    pub fn base(&self, place: Place, whole: &[u8]) -> String {
        match place.directory.map(|index| self.argument(index) as i32) {
            _ if whole.starts_with(b"/") => self.root(),
            None | Some(libc::AT_FDCWD) => format!("/proc/{}/cwd", self.id),
            Some(directory) => self.open_file(directory),
        }
    }

    /// Its root, by such a name.
    pub fn root(&self) -> String {
        format!("/proc/{}/root", self.id)
    }

    /// An open file of it, by such a name.
    pub fn open_file(&self, number: i32) -> String {
        format!("/proc/{}/fd/{number}", self.id)
    }

    /// The path that an argument points to.
    pub fn path(&self, place: Place) -> Result<Vec<u8>, Errno> {
        let start = self.argument(place.path);
        // Most are short, and to read less is faster.
        let path = self.text(start, &mut [0; SHORT_PATH_BYTES]).or_else(|_| self.text(start, &mut [0; PATH_BYTES]))?;
        if path.is_empty() { Err(Errno::NOENT) } else { Ok(path) }
    }

    /// Reads up to the first zero.
    fn text(&self, start: u64, bytes: &mut [u8]) -> Result<Vec<u8>, Errno> {
        let read = self.read(start, bytes)?;
        let bytes = bytes.get(..read).unwrap_or_default();
        let end = bytes.iter().position(|&byte| byte == 0).ok_or(Errno::FAULT)?;
        Ok(bytes.get(..end).unwrap_or_default().to_vec())
    }

    /// Reads the process's memory, up to the first page that is not there.
    pub fn read(&self, start: u64, into: &mut [u8]) -> Result<usize, Errno> {
        const PAGE: usize = 4096;
        let start = usize::try_from(start).map_err(|_| Errno::FAULT)?;
        let first = (PAGE - start % PAGE).min(into.len());
        let (head, tail) = into.split_at_mut(first);
        let mut local = [IoSliceMut::new(head), IoSliceMut::new(tail)];
        // Two pieces, so that a page that is missing at the end does not take the rest with it.
        let remote = [
            libc::iovec { iov_base: start as *mut libc::c_void, iov_len: first },
            libc::iovec { iov_base: (start + first) as *mut libc::c_void, iov_len: local[1].len() },
        ];
        // SAFETY: the local pieces are ours to write, of the lengths given; the remote ones are only numbers to us.
        let read = unsafe {
            libc::process_vm_readv(self.id as libc::pid_t, local.as_mut_ptr().cast(), 2, remote.as_ptr(), 2, 0)
        };
        usize::try_from(read).map_err(|_| Errno::FAULT)
    }
}

/// The path of the program that a process runs.
pub fn program(pid: u32) -> Vec<u8> {
    readlinkat(CWD, format!("/proc/{pid}/exe"), Vec::new()).map(std::ffi::CString::into_bytes).unwrap_or_default()
}

/// Where an open object is.
pub fn path_of(object: impl AsFd) -> Result<Vec<u8>, Errno> {
    let number = object.as_fd().as_raw_fd();
    readlinkat(CWD, format!("/proc/self/fd/{number}"), Vec::new()).map(std::ffi::CString::into_bytes)
}

/// The path of a name in an open directory.
pub fn path_in(directory: impl AsFd, name: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut path = path_of(directory)?;
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend(name);
    Ok(path)
}

/// Whether a path was led to our own entry in `/proc`: for the process, `/dev/fd` and `/proc/self` mean something else.
pub fn is_our_own(path: &[u8]) -> bool {
    path.strip_prefix(b"/proc/").is_some_and(|inside| {
        let own = readlinkat(CWD, c"/proc/self", Vec::new()).map(std::ffi::CString::into_bytes).unwrap_or_default();
        inside.strip_prefix(&*own).is_some_and(|rest| !own.is_empty() && rest.starts_with(b"/"))
    })
}

/// A path without its last part, and that part.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(path.len().min(1), |last| last + 1);
    let path = path.get(..end).unwrap_or_default();
    path.split_at(path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1))
}

/// A path that is opened from the root needs no slash in front, which would lead to our own.
pub fn strip_root(path: &[u8]) -> &[u8] {
    let start = path.iter().position(|&byte| byte != b'/').unwrap_or(path.len());
    path.get(start..).unwrap_or_default()
}
