//! A profile resolved to concrete facts.

mod sandbox_policy;

pub use sandbox_policy::{NetworkPolicy, SandboxPolicy, WriteAccess};
