//! What the user asks for.

mod name;

pub use name::ProfileName;
