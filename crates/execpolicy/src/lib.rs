//! Judges command lines before they run: `allow` what provably only reads, `forbid` what destroys or escapes, and
//! `prompt` for all else.
//!
//! ```
//! use codex_execpolicy::{CheckContext, Decision, ExecPolicy};
//! let policy = ExecPolicy::builtin();
//! let verdict = policy.check_line("ls -la && rm -rf /", &CheckContext::default());
//! assert_eq!(verdict.decision, Decision::Forbid);
//! ```
//!
//! A verdict never widens a sandbox, and knows nothing of how one works. The only files that are read are those of rules,
//! those that a search path leads to, and the settings in which git names programs.

mod error;
mod git_config;
mod judge;
mod knowledge;
mod policy;
mod programs;
mod rules;
mod shell;
mod text;
mod verdict;
mod windows;

pub use error::PolicyError;
pub use git_config::GitConfig;
pub use policy::ExecPolicy;
pub use programs::Programs;
pub use rules::{ExampleFailure, PolicySource, TestReport, Tier};
pub use shell::{MAX_BYTES, MAX_DEPTH};
pub use verdict::{CheckContext, Decision, Explanation, Finding, ProfileKind, Shell, Verdict};

#[cfg(test)]
mod schema_tests;
