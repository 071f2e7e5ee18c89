//! The macOS backend.

pub(crate) mod seatbelt;
