//! What the user asks for: a name, what is added to it, and the checks that make it a [`SecurityProfile`].

mod describe;
mod error;
mod init;
mod load;
mod name;
mod paths;
mod resolve;
mod schema;
mod security_profile;
mod validate;

pub use describe::ProfileFact;
pub use error::{DirectoryProblem, PathProblem, ProfileError, VariableProblem};
pub use init::{EnvironmentInit, EnvironmentMode, NetworkInit, ProfileInit};
pub use load::MAX_PROFILE_BYTES;
pub(crate) use load::read_json;
pub use name::{ProfileName, UnknownProfile};
pub(crate) use paths::{home, land};
pub use schema::profile_schema;
pub use security_profile::SecurityProfile;
