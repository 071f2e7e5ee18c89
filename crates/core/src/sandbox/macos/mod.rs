//! The macOS backend: each program is started by `/usr/bin/sandbox-exec` under a profile of Seatbelt, which its children inherit.

#[cfg(target_os = "macos")]
pub mod backend;
#[cfg(target_os = "macos")]
mod capabilities;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod denied;
#[cfg(target_os = "macos")]
mod engine;
#[cfg(target_os = "macos")]
mod folder;
#[cfg(target_os = "macos")]
mod limits;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod log;
#[cfg(target_os = "macos")]
mod marks;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod program;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod report;
#[cfg(target_os = "macos")]
mod run;
mod seatbelt;
#[cfg(target_os = "macos")]
mod spawn;
#[cfg(target_os = "macos")]
mod terminal;
#[cfg(target_os = "macos")]
mod tree;
#[cfg(any(target_os = "macos", all(test, unix)))]
mod violation;
