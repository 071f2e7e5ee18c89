//! The launcher itself: there is none but for Linux.

mod assignment;
mod caches;
mod carve_outs;
mod cell;
mod cell_init;
mod devices;
mod filter;
mod filter_table;
mod granted;
mod groups;
mod guest;
mod landlock_around;
mod landlock_rules;
mod limits;
mod listeners;
mod look;
mod look_rules;
mod mounts;
mod namespaces;
mod notifications;
mod observer;
mod own_copies;
mod privileges;
mod process;
mod program;
mod serve;
mod set_group_id;
mod setup;
mod signals;
mod sockets;
mod stack;
mod terminal;
mod tree;
mod watch_table;
mod watch_trial;

use std::process::ExitCode;

/// Serves a sandbox, or stands for one run, as the arguments say.
pub fn main() -> ExitCode {
    match std::env::args().nth(1) {
        None => serve::main(),
        Some(number) => guest::main(&number),
    }
}
