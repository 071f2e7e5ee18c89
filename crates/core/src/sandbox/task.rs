//! Tasks of the runtime, of one type whatever they do: for each other type the runtime's machinery would be compiled anew.

use std::{future::Future, pin::Pin};

use tokio::runtime::Handle;

/// A task that is not begun.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Has the runtime do something.
pub fn spawn(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) {
    begin(runtime, Box::pin(task));
}

/// Begins a task.
pub fn begin(runtime: &Handle, task: Task) {
    runtime.spawn(task);
}
