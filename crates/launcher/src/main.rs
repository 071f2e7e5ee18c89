//! The small static program that becomes the sandbox of one policy and then serves runs in it.
//!
//! It is started by the engine with one end of a socket as its only descriptor besides the standard ones, reads
//! its plan there, enters the namespaces, arranges the mounts, gives up its privileges and then turns each request
//! into a program, until the engine closes the socket. It never has more than one thread.
//!
//! Started with a number, it is a guest instead: it stands for one run in the process tree of the host.

#[cfg(target_os = "linux")]
mod caches;
#[cfg(target_os = "linux")]
mod carve_outs;
#[cfg(target_os = "linux")]
mod cell;
#[cfg(target_os = "linux")]
mod cell_init;
#[cfg(target_os = "linux")]
mod devices;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod filter_table;
#[cfg(target_os = "linux")]
mod groups;
#[cfg(target_os = "linux")]
mod guest;
#[cfg(target_os = "linux")]
mod landlock_around;
#[cfg(target_os = "linux")]
mod landlock_rules;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod look;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod notifications;
#[cfg(target_os = "linux")]
mod observer;
#[cfg(target_os = "linux")]
mod privileges;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod serve;
#[cfg(target_os = "linux")]
mod setup;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod sockets;
#[cfg(target_os = "linux")]
mod stack;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(target_os = "linux")]
mod tree;
#[cfg(target_os = "linux")]
mod watch_table;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    match std::env::args().nth(1) {
        None => serve::main(),
        Some(number) => guest::main(&number),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
