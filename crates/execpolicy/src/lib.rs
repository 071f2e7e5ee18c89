//! Judges a command line before it runs.
#![allow(dead_code)]
mod shell;
mod text;
pub mod x { pub fn p(s:&str)->String{ format!("{:#?}", crate::shell::parse(s)) } }
