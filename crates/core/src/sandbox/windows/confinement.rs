//! What makes the processes of a sandbox others than the user's.

use super::{container::Container, sid::Sid, token::RestrictedToken};

/// An identity that the system's access checks ask for besides the user's.
#[derive(Debug)]
pub enum Confinement {
    /// Of an app container, which also keeps the network.
    Container(Container),
    /// Of a restricted token of low integrity, which doesn't.
    Token(RestrictedToken),
}

impl Confinement {
    /// The identity.
    pub fn sid(&self) -> &Sid {
        match self {
            Self::Container(container) => container.sid(),
            Self::Token(token) => token.sid(),
        }
    }
}
