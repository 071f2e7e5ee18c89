//! A profile resolved to concrete facts.

mod access;
pub(crate) mod caches;
pub(crate) mod carve_outs;
mod codex;
pub(crate) mod deny_pattern;
mod environment;
mod explain;
mod limits;
mod sandbox_policy;
mod secret_places;
pub(crate) mod secrets;
pub(crate) mod tool_variables;

pub use access::{Access, Decision};
pub use codex::{CodexPolicy, CodexPolicyError, SandboxMode, UnknownSandboxMode};
pub use deny_pattern::{DenyPattern, ExpandError};
pub use environment::{
    DropReason, DroppedVariable, EnvironmentBase, EnvironmentPolicy, FilteredEnvironment, is_malformed_name,
};
pub use limits::{Limit, Limits};
pub use sandbox_policy::{NetworkPolicy, SandboxPolicy, WriteAccess};
pub use tool_variables::{ToolValue, ToolVariable};
