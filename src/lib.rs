//! The Node face of the codex crates: classes and conversions, no decisions.

#![cfg_attr(test, allow(dead_code, reason = "under test the binding has no callers"))]

mod audit;
mod cli;
mod convert;
mod error;
#[cfg(target_os = "linux")]
mod join;
mod policy;
mod profile;
mod runtime;
mod sandbox;
mod spawn;
