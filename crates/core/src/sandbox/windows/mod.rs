//! The Windows backend: an app container for each sandbox, or with best effort a restricted token; a job object for each run.
//!
//! What needs no Windows is compiled and tested everywhere.

mod batch;
mod command_line;
mod environment_block;
mod grants;
mod journal;
mod lookup;
mod names;
mod walk;
mod wide;

#[cfg(windows)]
mod acl;
#[cfg(windows)]
pub mod backend;
#[cfg(windows)]
mod confinement;
#[cfg(windows)]
mod container;
#[cfg(windows)]
mod engine;
#[cfg(windows)]
mod granted;
#[cfg(windows)]
mod job;
#[cfg(windows)]
mod label;
#[cfg(windows)]
mod offer;
#[cfg(windows)]
mod process;
#[cfg(windows)]
mod program;
#[cfg(windows)]
mod report;
#[cfg(windows)]
mod run;
#[cfg(windows)]
mod sid;
#[cfg(windows)]
mod streams;
#[cfg(windows)]
mod token;
#[cfg(windows)]
mod turn;

#[cfg(windows)]
pub use offer::{Offer, input_pipe};
