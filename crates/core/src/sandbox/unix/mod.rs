//! What the backends of Linux and macOS share: streams, terminals, environments, timeouts.

pub mod capture;
pub mod environment;
pub mod limits;
mod offer;
mod signaller;
pub mod streams;
mod terminal;
pub mod timeout;
pub mod watched;

pub use offer::{Offer, duplex, inherit, input_pipe};
pub use signaller::{Signaller, Target};
pub use terminal::{Bridged, TerminalSize, bridge, resize};
