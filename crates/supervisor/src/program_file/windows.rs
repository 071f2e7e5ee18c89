//! Files as Windows has them.

use std::{
    fs::{File, Metadata},
    io,
    os::windows::fs::MetadataExt,
    path::Path,
};

/// Other contents have another state, and so does another file but for one made at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileState {
    created: u64,
    written: u64,
    size: u64,
}

impl FileState {
    pub fn of(metadata: &Metadata) -> Self {
        Self { created: metadata.creation_time(), written: metadata.last_write_time(), size: metadata.file_size() }
    }
}

/// Every file can be tried; the system looks into it.
pub fn is_executable(_: &Metadata) -> bool {
    true
}

/// Opens a regular file for reading; nothing for what is none.
pub fn open_regular(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}
