//! One command and how it ended.

mod command;
mod error;
mod outcome;

pub use command::{Command, Environment, Input, Output};
pub use error::ExecError;
pub use outcome::{Captured, End, Outcome};
