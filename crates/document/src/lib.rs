//! Configuration documents: TOML and JSON as one tree, read key by key.
//!
//! A reader is written once for both forms, and its mistakes name the key and the place. It is written by hand where
//! serde would derive one: a derived reader is compiled anew for each form, at many times the size.

mod error;
mod json;
mod node;
mod toml;

pub use error::{DocumentError, Mistake, Position};
pub use node::{Entry, Format, Node, Value};
