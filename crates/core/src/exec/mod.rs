//! One command and how it ended.

mod command;
mod denial;
mod error;
mod outcome;

pub use command::{Command, Descriptor, Environment, Input, Output, Started};
pub use denial::{Denial, DenialKind, MAX_DENIALS};
pub use error::ExecError;
pub use outcome::{Captured, End, Outcome};
