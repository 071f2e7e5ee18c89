//! The small static program that becomes the sandbox of one policy and then serves runs in it.
//!
//! It is started by the engine with one end of a socket as its only descriptor besides the standard ones, reads
//! its plan there, enters the namespaces, arranges the mounts, gives up its privileges and then turns each request
//! into a program, until the engine closes the socket. It never has more than one thread.
//!
//! Started with a number, it is a guest instead: it stands for one run in the process tree of the host.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    std::process::ExitCode::FAILURE
}
