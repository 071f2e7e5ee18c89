//! What the engine and the launcher say to each other.
//!
//! The launcher is a program; this library is the part of it that the engine links: the messages
//! ([`protocol`]) and the socket that carries them ([`channel`]).

#[cfg(target_os = "linux")]
pub mod channel;
pub mod protocol;
