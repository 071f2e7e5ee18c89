//! A profile resolved to concrete facts.

mod environment;
mod sandbox_policy;

pub use environment::{
    DropReason, DroppedVariable, EnvironmentBase, EnvironmentPolicy, FilteredEnvironment,
    is_malformed_name,
};
pub use sandbox_policy::{NetworkPolicy, SandboxPolicy, WriteAccess};
