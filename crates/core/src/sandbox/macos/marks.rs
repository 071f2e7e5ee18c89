//! Which processes belong to a run.
//!
//! macOS has no groups that a process can't leave but one: its sandbox, which every child inherits. So the profile of each run
//! closes a file that exists for that run alone, and leaves another one open; the kernel is asked of every process whether it
//! may look at them. Of the run are those, and only those, that may look at the second and not at the first: a process without
//! a sandbox may look at both, one in a sandbox of its own at both or at neither.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    fs::{self, OpenOptions},
    io,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use once_cell::sync::OnceCell;

/// The files of a run, removed when dropped.
#[derive(Debug)]
pub struct Marks {
    closed: PathBuf,
    closed_name: CString,
    open_name: CString,
}

/// Asks whether a process may do something to a path: 0 when it may, 1 when not, less when there is no answer.
type Question = unsafe extern "C" fn(libc::pid_t, *const c_char, c_int, ...) -> c_int;

/// The argument is a path, and the answer is not to be logged as a refusal.
const PATH_WITHOUT_REPORT: c_int = 1 | 0x4000_0000;

impl Marks {
    /// Makes the file of a run in `folder`, where its programs can't write; `open` is one that all of them may look at.
    pub fn new(folder: &Path, run: u64, open: &Path) -> io::Result<Self> {
        let closed = folder.join(format!("run-{run}"));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&closed)?;
        let name = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other);
        Ok(Self { closed_name: name(&closed)?, open_name: name(open)?, closed })
    }

    /// The file that the run's processes can't look at.
    pub fn closed(&self) -> &Path {
        &self.closed
    }

    /// The run's processes, as they are at this moment.
    ///
    /// # Errors
    /// When the kernel gives no answer that can be relied on.
    pub fn members(&self) -> io::Result<Vec<libc::pid_t>> {
        let question = question()?;
        let own = std::process::id() as libc::pid_t;
        // Of a file that is missing every process would be told that it can't look at it.
        let trusted = self.closed.exists() && may_look(question, own, &self.closed_name) == Some(true);
        if !trusted {
            return Err(io::Error::other("the mark of the run is gone"));
        }
        let is_member = |&pid: &libc::pid_t| {
            pid > 0
                && pid != own
                && may_look(question, pid, &self.closed_name) == Some(false)
                && may_look(question, pid, &self.open_name) == Some(true)
        };
        Ok(processes()?.into_iter().filter(is_member).collect())
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.closed);
    }
}

/// The function that asks, which the system has without a header.
fn question() -> io::Result<Question> {
    static FOUND: OnceCell<Option<Question>> = OnceCell::new();
    let found = FOUND.get_or_init(|| {
        // SAFETY: looks a name up among the libraries that are loaded.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"sandbox_check".as_ptr()) };
        // SAFETY: the system has had it under this name and with these arguments since macOS 10.6.
        (!address.is_null()).then(|| unsafe { std::mem::transmute::<*mut c_void, Question>(address) })
    });
    found.ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "this system doesn't tell of sandboxes"))
}

fn may_look(question: Question, pid: libc::pid_t, path: &CStr) -> Option<bool> {
    // SAFETY: a path is what the third argument announces; both strings live on.
    match unsafe { question(pid, c"file-read-metadata".as_ptr(), PATH_WITHOUT_REPORT, path.as_ptr()) } {
        0 => Some(true),
        1 => Some(false),
        // The process is gone.
        _ => None,
    }
}

/// Every process of the machine.
fn processes() -> io::Result<Vec<libc::pid_t>> {
    /// More than come into being between the count and the list.
    const SPARE: usize = 256;
    // SAFETY: without a buffer it only counts.
    let count = unsafe { libc::proc_listallpids(std::ptr::null_mut(), 0) };
    let mut list = vec![0; usize::try_from(count).map_err(|_| io::Error::last_os_error())? + SPARE];
    let bytes = c_int::try_from(size_of_val(list.as_slice())).map_err(io::Error::other)?;
    // SAFETY: the buffer is of that size.
    let listed = unsafe { libc::proc_listallpids(list.as_mut_ptr().cast(), bytes) };
    list.truncate(usize::try_from(listed).map_err(|_| io::Error::last_os_error())?);
    Ok(list)
}
