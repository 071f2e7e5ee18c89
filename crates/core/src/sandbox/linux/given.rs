//! The open files that a run is given, as far as they would open more to it than themselves.
//!
//! They were opened in the mount namespace of the host, where nothing is covered and nothing is read-only.

use std::os::fd::OwnedFd;

use rustix::fs::{FileType, fstat, major, minor};

use crate::exec::ExecError;

/// How many streams every program has.
const STANDARD: u8 = 3;

/// The number of the null device, on every Linux.
const NULL: (u32, u32) = (1, 3);

/// Leaves out the streams that lead to the null device of the host, whose mode and owner are the host's: the launcher has one
/// of its own for streams that lead nowhere.
///
/// # Errors
/// [`ExecError::DirectoryGiven`]: from an open directory, paths lead past all mounts of the sandbox.
pub fn look_at(streams: &mut Vec<(u8, OwnedFd)>) -> Result<(), ExecError> {
    let mut refused = None;
    streams.retain(|(number, stream)| {
        // What can't be looked at is nothing that paths lead from.
        let Ok(found) = fstat(stream) else {
            return true;
        };
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => {
                refused.get_or_insert(*number);
                true
            }
            FileType::CharacterDevice => *number >= STANDARD || (major(found.st_rdev), minor(found.st_rdev)) != NULL,
            _ => true,
        }
    });
    refused.map_or(Ok(()), |number| Err(ExecError::DirectoryGiven { number }))
}
