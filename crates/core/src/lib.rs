//! Security profiles, the sandbox policies they resolve to, and the engine that runs a command under one.
//!
//! The crate knows no Node, no command line and no log format.

#![cfg_attr(windows, allow(dead_code, reason = "there is no sandbox on Windows yet that would use it"))]

pub mod exec;
pub mod policy;
pub mod profile;
pub mod sandbox;

pub use policy::{
    Access, CodexPolicy, CodexPolicyError, Decision, DropReason, DroppedVariable, EnvironmentBase, EnvironmentPolicy,
    FilteredEnvironment, Limit, Limits, NetworkPolicy, SandboxMode, SandboxPolicy, UnknownSandboxMode, WriteAccess,
};
pub use profile::{
    EnvironmentInit, EnvironmentMode, NetworkInit, ProfileError, ProfileFact, ProfileInit, ProfileName,
    SecurityProfile, UnknownProfile, profile_schema,
};
