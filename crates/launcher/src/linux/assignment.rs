//! A run as its cell is given it: one message, laid out where it lies.
//!
//! The init of a cell takes it, which shares the launcher's memory and so allocates nothing: a message of usual size goes
//! into memory that the cell has had from the start, a longer one is mapped for as long as the run lasts.

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
    net::RecvFlags,
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
    /// The program's descriptors.
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

    /// Waits for a run; `None` at the end of the conversation. What it returns must be gone before the next one is taken.
    ///
    /// # Errors
    /// What `recvmsg` says; `BADMSG` for a message that is none of the engine's.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> Result<Option<Assignment>, Errno> {
        let Some(received) = channel::receive(socket, &mut self.bytes, RecvFlags::empty())? else {
            return Ok(None);
        };
        let mut streams = Streams::new(&received);
        let assigned = self.lay_out(&received, &mut streams);
        assigned.inspect_err(|_| streams.close()).map(|assignment| Some(Assignment { streams, ..assignment }))
    }

    /// Lays the tables over the strings of a request; the streams learn their numbers, and are left out.
    fn lay_out(&mut self, received: &Received, streams: &mut Streams) -> Result<Assignment, Errno> {
        let message = match received.body {
            Body::Inline(_) => None,
            Body::InFile(file) => Some(Mapping::of_file(file)?),
        };
        let body = match (&message, received.body) {
            (Some(mapping), _) => mapping.bytes(),
            (None, Body::Inline(length)) => self.bytes.get(..length).unwrap_or_default(),
            (None, Body::InFile(_)) => &[],
        };
        let request: RunRequest<'_> = postcard::from_bytes(body).map_err(|_| Errno::BADMSG)?;
        streams.name(request.targets.0, request.terminal)?;
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
            streams: Streams::NONE,
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

/// The descriptors of a program, to be closed when it has its own.
pub struct Streams {
    descriptors: [RawFd; MAX_STREAMS],
    targets: [u8; MAX_STREAMS],
    count: usize,
    /// The number in the program of its controlling terminal.
    pub terminal: Option<u8>,
}

impl Streams {
    const NONE: Self = Self { descriptors: [-1; MAX_STREAMS], targets: [0; MAX_STREAMS], count: 0, terminal: None };

    fn new(received: &Received) -> Self {
        let mut streams = Self { count: received.numbers().len().min(MAX_STREAMS), ..Self::NONE };
        for (place, descriptor) in streams.descriptors.iter_mut().zip(received.numbers()) {
            *place = *descriptor;
        }
        streams
    }

    /// Each descriptor is to have the number that stands in its place.
    fn name(&mut self, targets: &[u8], terminal: Option<u8>) -> Result<(), Errno> {
        let fits = |target: &u8| usize::from(*target) < MAX_STREAMS;
        if self.count != targets.len() || !targets.iter().all(fits) {
            return Err(Errno::BADMSG);
        }
        for (place, target) in self.targets.iter_mut().zip(targets) {
            *place = *target;
        }
        self.terminal = terminal;
        Ok(())
    }

    /// Each descriptor with the number that it is to have.
    pub fn iter(&self) -> impl Iterator<Item = (RawFd, RawFd)> {
        self.descriptors.iter().zip(&self.targets).take(self.count).map(|(from, to)| (*from, RawFd::from(*to)))
    }

    /// Closes them.
    pub fn close(&mut self) {
        let count = std::mem::take(&mut self.count);
        for descriptor in self.descriptors.iter().take(count) {
            // SAFETY: it came with the run's message, and nothing uses it again.
            unsafe { rustix::io::close(*descriptor) };
        }
    }

    /// Whether there are others than the three standard ones.
    pub fn has_declared(&self) -> bool {
        self.targets.iter().take(self.count).any(|target| *target >= STANDARD)
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
