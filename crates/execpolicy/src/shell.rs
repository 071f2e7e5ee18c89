//! The parser of the bash subset.
//!
//! It accepts what it understands exactly as bash does and refuses the rest, so a refusal costs a question and never
//! a surprise. It is one loop over an explicit stack: nothing in the input drives recursion, and the result is flat, so
//! dropping it doesn't recurse either.

mod ast;
mod brace;
mod builder;
mod commands;
mod compound;
mod dollar;
mod heredoc;
mod input;
mod operators;
mod parser;
mod words;

pub(crate) use ast::{Command, CommandKind, Piece, Redirect, RedirectOp, Script, SubKind, Word};
pub(crate) use builder::is_name;
pub(crate) use parser::parse;

/// The longest line that is parsed, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The deepest nesting of commands, substitutions and quotes that is parsed.
pub const MAX_DEPTH: usize = 64;
/// The most commands that a line may hold.
pub const MAX_COMMANDS: usize = 4096;
/// The most words that a command may have.
pub(crate) const MAX_WORDS: usize = 8192;
/// The most functions that a line may define.
pub(crate) const MAX_FUNCTIONS: usize = 256;
/// The most pieces that a word may have.
pub(crate) const MAX_PIECES: usize = 2048;
/// The most words that brace expansion may make of a line.
pub(crate) const MAX_EXPANDED: usize = 1024;
/// The most words that brace expansion may make of one word.
pub(crate) const MAX_BRACE_WORDS: usize = 64;
