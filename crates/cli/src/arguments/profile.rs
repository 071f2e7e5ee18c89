//! What `--profile` names: one of the five profiles, or a file with one.

use std::{
    path::{MAIN_SEPARATOR, PathBuf},
    str::FromStr,
};

use codex_core::profile::{ProfileError, ProfileName, SecurityProfile};

/// A profile as a command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileArgument {
    Named(ProfileName),
    File(PathBuf),
}

impl ProfileArgument {
    /// The profile itself.
    ///
    /// # Errors
    /// For a file that can't be read, or that is refused.
    pub fn load(&self) -> Result<SecurityProfile, ProfileError> {
        match self {
            Self::Named(name) => Ok(SecurityProfile::named(*name)),
            Self::File(path) => SecurityProfile::load(path),
        }
    }
}

impl Default for ProfileArgument {
    fn default() -> Self {
        Self::Named(ProfileName::default())
    }
}

/// A file where there is a separator or an ending, as for `CODEX_PROFILE`.
impl FromStr for ProfileArgument {
    type Err = <ProfileName as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_file = text.contains(['/', MAIN_SEPARATOR]) || [".toml", ".json"].iter().any(|end| text.ends_with(end));
        if is_file { Ok(Self::File(PathBuf::from(text))) } else { text.parse().map(Self::Named) }
    }
}
