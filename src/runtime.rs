//! The one runtime of the process, shared with the promises of the binding.

use napi::bindgen_prelude::{create_custom_tokio_runtime, within_runtime_if_available};
use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Handle};

static INSTALLED: OnceCell<()> = OnceCell::new();

/// Watching sockets and pipes takes one thread; the work is done by the kernel and the runs.
#[napi_derive::module_init]
fn install() {
    INSTALLED.get_or_init(|| {
        // Where no thread can be made, the binding's own default fails later with the system's error.
        if let Ok(runtime) = Builder::new_multi_thread().worker_threads(1).thread_name("codex").enable_all().build() {
            create_custom_tokio_runtime(runtime);
        }
    });
}

/// A handle to it.
pub fn handle() -> Handle {
    within_runtime_if_available(Handle::current)
}

/// Gives it a task that waits for a run. One that is under way needs nobody for the moment.
pub fn follow(under_way: bool, task: impl Future<Output = ()> + Send + 'static) {
    if under_way {
        codex_core::sandbox::spawn_deferred(&handle(), task);
    } else {
        codex_core::sandbox::spawn(&handle(), task);
    }
}

/// Whether JavaScript's caller is the main thread of the process, and so no worker.
#[cfg(target_os = "linux")]
#[napi_derive::napi(catch_unwind)]
pub fn is_first_thread() -> bool {
    codex_core::sandbox::is_first_thread()
}
