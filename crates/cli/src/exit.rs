//! The exit codes of `codex exec`, besides those of the command itself.

/// Exit codes, as `env`, `timeout` and the shells use them.
#[derive(Debug)]
pub struct ExitCode;

impl ExitCode {
    /// The command line was not understood.
    pub const USAGE: i32 = 2;
    /// The timeout ended the command.
    pub const TIMEOUT: i32 = 124;
    /// The sandbox or the profile was refused; nothing was run.
    pub const REFUSED: i32 = 125;
    /// The program was found and can't be executed.
    pub const NOT_EXECUTABLE: i32 = 126;
    /// The program was not found.
    pub const NOT_FOUND: i32 = 127;
    /// Added to the number of a signal that ended the command.
    pub const SIGNAL: i32 = 128;
}
