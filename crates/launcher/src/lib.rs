//! What the engine and the launcher say to each other.
//!
//! The launcher is a program; this library is the part of it that the engine links: the messages
//! ([`protocol`]) and the socket that carries them ([`channel`]), and what both do at an end ([`removal`]).

#[cfg(target_os = "linux")]
pub mod channel;
pub mod protocol;
#[cfg(target_os = "linux")]
pub mod removal;
