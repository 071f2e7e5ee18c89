//! A run as its cell is given it: one message, laid out where it lies.
//!
//! The init of a cell reads it, which shares the launcher's memory and so allocates nothing: a message of usual size goes
//! into memory that the cell has had from the start, a longer one is mapped for as long as the run lasts. The descriptors
//! in it are left for the program's process to take. The init never has them: a copy that it closed only when the program
//! is running already could keep a pipe open that the program has closed.

use std::{
    ffi::{c_char, c_void},
    os::fd::{BorrowedFd, RawFd},
    ptr, slice,
};

use codex_launcher::{
    channel::{self, Body, INLINE_BYTES, MAX_BYTES, Received},
    protocol::{MAX_STREAMS, RunLimits, RunRequest},
};
use rustix::{
    fs::fstat,
    io::Errno,
    mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap},
};

/// How many pointers a cell has room for: to the candidates, arguments and variables of nearly every run.
const POINTERS: usize = 2048;

/// The first number that is no standard stream's.
const STANDARD: u8 = 3;

/// The room of a cell for one message after the other.
pub struct Room {
    bytes: Box<[u8]>,
    pointers: Box<[*const c_char]>,
}

/// One run, as prepared data: pointers into the message that asked for it.
pub struct Assignment {
    /// The engine's number of the run.
    pub run: u64,
    /// What the run may use.
    pub limits: RunLimits,
    /// The numbers of the program's descriptors.
    pub streams: Streams,
    /// Whether to tell the engine when the program has started.
    pub announce: bool,
    /// Whether a file of no known format is a script for `/bin/sh`.
    pub scripts_by_shell: bool,
    /// The NUL-terminated working directory.
    pub working_directory: *const c_char,
    /// Paths to try as the program, ended by a null pointer.
    pub candidates: *const *const c_char,
    /// The arguments, ended by a null pointer. Right before them, in the same table, is the null pointer of the candidates.
    pub arguments: *mut *const c_char,
    /// The environment, ended by a null pointer.
    pub environment: *const *const c_char,
    /// What the pointers point to, where the room of the cell was too small.
    _message: Option<Mapping>,
    _pointers: Option<Mapping>,
}

impl Room {
    /// Room for messages of usual size.
    pub fn new() -> Self {
        Self { bytes: vec![0; INLINE_BYTES].into(), pointers: vec![ptr::null(); POINTERS].into() }
    }

    /// Waits for a run; `None` at the end of the conversation. What it returns must be gone, and the message with its
    /// descriptors taken or dropped, before the next one is looked at.
    ///
    /// # Errors
    /// What `recvmsg` says; `BADMSG` for a message that is none of the engine's.
    pub fn look(&mut self, socket: BorrowedFd<'_>) -> Result<Option<Assignment>, Errno> {
        match channel::peek(socket, &mut self.bytes)? {
            Some(body) => self.lay_out(body).map(Some),
            None => Ok(None),
        }
    }

    /// Lays the tables over the strings of a request.
    fn lay_out(&mut self, body: Body) -> Result<Assignment, Errno> {
        let message = match body {
            Body::Inline(_) => None,
            Body::InFile(file) => Some(Mapping::of_file(file)?),
        };
        let body = match (&message, body) {
            (Some(mapping), _) => mapping.bytes(),
            (None, Body::Inline(length)) => self.bytes.get(..length).unwrap_or_default(),
            (None, Body::InFile(_)) => &[],
        };
        let request: RunRequest<'_> = postcard::from_bytes(body).map_err(|_| Errno::BADMSG)?;
        let streams = Streams::new(request.targets.0, request.terminal)?;
        let groups = [request.candidates, request.arguments, request.variables].map(|count| count as usize);
        // Each table has a null pointer at its end.
        let needed = groups.iter().sum::<usize>() + groups.len();
        if needed > request.strings.0.len() + groups.len() {
            return Err(Errno::BADMSG);
        }
        let mut mapping = if needed > self.pointers.len() { Some(Mapping::of_pointers(needed)?) } else { None };
        let pointers = mapping.as_mut().map_or(&mut *self.pointers, Mapping::pointers);
        let mut strings = request.strings.0.split_inclusive(|&byte| byte == 0);
        let mut next = || strings.next().filter(|string| string.ends_with(&[0])).ok_or(Errno::BADMSG);
        let working_directory = next()?.as_ptr().cast();
        let mut places = pointers.iter_mut();
        for count in groups {
            for place in places.by_ref().take(count) {
                *place = next()?.as_ptr().cast();
            }
            *places.next().ok_or(Errno::BADMSG)? = ptr::null();
        }
        // All of them from one pointer, with which the whole table may be written.
        let table = pointers.as_mut_ptr();
        // SAFETY: the table has room for all of them, as was checked above.
        let start_of = |skipped: usize| unsafe { table.add(skipped) };
        let [candidates, arguments, _] = groups;
        Ok(Assignment {
            run: request.run,
            limits: request.limits,
            streams,
            announce: request.announce,
            scripts_by_shell: request.scripts_by_shell && arguments > 0,
            working_directory,
            candidates: start_of(0),
            arguments: start_of(candidates + 1),
            environment: start_of(candidates + arguments + 2),
            _message: message,
            _pointers: mapping,
        })
    }
}

/// The numbers that the descriptors of a program are to have.
pub struct Streams {
    targets: [u8; MAX_STREAMS],
    count: usize,
    /// The number of its controlling terminal.
    pub terminal: Option<u8>,
}

impl Streams {
    fn new(numbers: &[u8], terminal: Option<u8>) -> Result<Self, Errno> {
        let mut targets = [0; MAX_STREAMS];
        let places = targets.get_mut(..numbers.len()).ok_or(Errno::BADMSG)?;
        places.copy_from_slice(numbers);
        let fits = |target: &u8| usize::from(*target) < MAX_STREAMS;
        if numbers.iter().all(fits) { Ok(Self { targets, count: numbers.len(), terminal }) } else { Err(Errno::BADMSG) }
    }

    fn targets(&self) -> &[u8] {
        self.targets.get(..self.count).unwrap_or_default()
    }

    /// Each descriptor of the message with the number that it is to have.
    ///
    /// # Errors
    /// `BADMSG` when it has more or fewer of them.
    pub fn of<'a>(&'a self, received: &'a Received) -> Result<impl Iterator<Item = (RawFd, RawFd)> + 'a, Errno> {
        let (numbers, targets) = (received.numbers(), self.targets());
        if numbers.len() != targets.len() {
            return Err(Errno::BADMSG);
        }
        Ok(numbers.iter().zip(targets).map(|(from, to)| (*from, RawFd::from(*to))))
    }

    /// Whether there are others than the three standard ones.
    pub fn has_declared(&self) -> bool {
        self.targets().iter().any(|target| *target >= STANDARD)
    }
}

/// Memory of the kernel's, given back when it is dropped.
struct Mapping {
    start: *mut c_void,
    length: usize,
}

impl Mapping {
    /// Maps a memory file, and closes it.
    fn of_file(file: RawFd) -> Result<Self, Errno> {
        // SAFETY: it came with the message, and is closed below.
        let borrowed = unsafe { BorrowedFd::borrow_raw(file) };
        let length = fstat(borrowed).map(|status| status.st_size.cast_unsigned()).unwrap_or(0);
        let mapped = match usize::try_from(length) {
            Ok(length @ 1..) if length as u64 <= MAX_BYTES => {
                // SAFETY: asks for fresh memory at an address of the kernel's choice.
                unsafe { mmap(ptr::null_mut(), length, ProtFlags::READ, MapFlags::PRIVATE, borrowed, 0) }
                    .map(|start| Self { start, length })
            }
            _ => Err(Errno::BADMSG),
        };
        // SAFETY: nothing else has the number; the mapping doesn't need it.
        unsafe { rustix::io::close(file) };
        mapped
    }

    fn of_pointers(count: usize) -> Result<Self, Errno> {
        let length = count * size_of::<*const c_char>();
        // SAFETY: asks for fresh memory at an address of the kernel's choice.
        unsafe { mmap_anonymous(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) }
            .map(|start| Self { start, length })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is that long, readable, and nobody writes to it: the engine has let go of the file.
        unsafe { slice::from_raw_parts(self.start.cast(), self.length) }
    }

    fn pointers(&mut self) -> &mut [*const c_char] {
        // SAFETY: made by `of_pointers`: that long, writable, aligned to a page and all zeros, which are null pointers.
        unsafe { slice::from_raw_parts_mut(self.start.cast(), self.length / size_of::<*const c_char>()) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is nobody else's, and what points into it goes with it.
        let _ = unsafe { munmap(self.start, self.length) };
    }
}
