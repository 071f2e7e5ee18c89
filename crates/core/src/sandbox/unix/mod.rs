//! What the backends of Linux and macOS share: streams, terminals, environments, timeouts.

pub mod capture;
pub mod environment;
mod offer;
pub mod streams;
mod terminal;
pub mod watched;

pub(super) use super::{
    limits,
    signaller::{Signaller, Target},
    timeout,
};
pub use offer::{Offer, duplex, inherit, inherit_standard, input_pipe};
pub use terminal::{Bridged, HangUp, TerminalSize, bridge, resize};
