//! Descriptors that the runtime watches.

use std::{io, os::fd::OwnedFd};

use tokio::io::{Interest, unix::AsyncFd};

/// Hands a descriptor to the runtime. Must be called inside one.
pub fn watch(descriptor: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is owned by what is returned, so it stays open, and stays the same file, until it is no
    // longer watched.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, interest) }?)
}
