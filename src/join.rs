//! Runs that a child process of Node's own stands for.

use std::{
    os::fd::AsRawFd,
    path::Path,
    sync::{Arc, PoisonError},
};

use codex_core::{
    exec::ExecError,
    sandbox::{Fork, Guest, conversation, hold_launcher, launcher_place, spawn},
};

use napi::bindgen_prelude::Array;

use crate::{
    convert::NativeCommand,
    error::ErrorFacts,
    runtime,
    sandbox::{NativeSandbox, Shared},
};

#[napi_derive::napi]
impl NativeSandbox {
    /// Makes ready to run a command with the streams of a process that is started next: the launcher, with the number of
    /// the descriptor returned as its argument, under which it must have it, too, with nothing but streams below. Those
    /// from 3 on that the command is to have are `declared`. It stays open until `joined`. `signal` finds the run by `token`
    /// while it is under way.
    #[napi(catch_unwind)]
    pub fn join(&self, command: Array<'_>, declared: Vec<u8>, token: u32) -> napi::Result<i32> {
        let throw = |error: ExecError| ErrorFacts::from(&error).throw();
        let NativeCommand { command, .. } = NativeCommand::new(&command)?;
        let handle = runtime::handle();
        let _inside = handle.enter();
        let (ours, theirs) = conversation().map_err(throw)?;
        let fork = Arc::new(Fork::begin());
        let guest = Guest::new(ours, Arc::clone(&fork)).map_err(throw)?;
        let session = self.session.clone();
        let shared = Arc::clone(&self.shared);
        spawn(&handle, async move {
            let begun = |signaller| drop(shared.signallers().insert(token, signaller));
            // The process has been told of any error.
            let _ = session.join(command, &declared, guest, begun).await;
            shared.signallers().remove(&token);
        });
        let number = theirs.as_raw_fd();
        self.shared.joining.lock().unwrap_or_else(PoisonError::into_inner).push((theirs, fork));
        Ok(number)
    }

    /// Closes a descriptor that `join` returned: the process has it. In a worker thread, Node warns of those that JavaScript
    /// closes and hasn't opened.
    #[napi(catch_unwind)]
    pub fn joined(&self, descriptor: i32) {
        let mut joining = self.shared.joining.lock().unwrap_or_else(PoisonError::into_inner);
        let started = joining.iter().position(|(theirs, _)| theirs.as_raw_fd() == descriptor);
        let started = started.map(|index| joining.swap_remove(index));
        drop(joining);
        if let Some((_, fork)) = started {
            fork.over();
        }
    }
}

impl Shared {
    /// A thread may be ended between `join` and `joined`: the process that it was about to start never comes, and is waited for
    /// no longer.
    pub(crate) fn abandon_joining(&self) {
        let joining = std::mem::take(&mut *self.joining.lock().unwrap_or_else(PoisonError::into_inner));
        joining.iter().for_each(|(_, fork)| fork.over());
    }
}

/// Keeps the launcher of this version at hand, whatever becomes of the package on disk.
#[napi_derive::napi(js_name = "holdLauncher", catch_unwind)]
pub fn hold(launcher: String) {
    hold_launcher(Path::new(&launcher));
}

/// Where a process that Node forks finds the launcher that is held.
#[napi_derive::napi(js_name = "launcherPlace", catch_unwind)]
pub fn place(launcher: String) -> String {
    launcher_place(Path::new(&launcher)).to_string_lossy().into_owned()
}
