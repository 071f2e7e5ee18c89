//! The shells of Windows: a narrow literal subset, a question for all else.

pub(crate) mod cmd;
mod paths;
pub(crate) mod powershell;
