//! The validated profile.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    EnvironmentInit, EnvironmentMode, NetworkInit, ProfileError, ProfileInit, ProfileName,
    validate::{default_network, validate},
};
use crate::policy::{Limits, NetworkPolicy};

/// What a run may do, as the user means it: one of the five profiles and what was added. Immutable, and valid once made.
/// Default: `offline` with nothing added.
///
/// It names no workspace; [`resolve`](Self::resolve) gives it one. It is serialised as its [`ProfileInit`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(into = "ProfileInit")]
pub struct SecurityProfile {
    name: ProfileName,
    writable: Vec<PathBuf>,
    readable: Vec<PathBuf>,
    deny_read: Vec<PathBuf>,
    unix_sockets: Vec<PathBuf>,
    network: Option<NetworkInit>,
    environment: EnvironmentInit,
    limits: Limits,
}

impl SecurityProfile {
    /// The profile of that name, with nothing added.
    #[must_use]
    pub fn named(name: ProfileName) -> Self {
        Self { name, ..Self::default() }
    }

    /// The profile of that name with `init` added.
    ///
    /// # Errors
    /// When `init` names another base, grants what the profile can't hold, restricts what nothing would enforce, or
    /// holds a path or a variable name that can't be used.
    pub fn with(name: ProfileName, init: ProfileInit) -> Result<Self, ProfileError> {
        Self::named(name).extend(init)
    }

    /// The profile that `init` describes; without a `profile` key, `offline`.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn from_init(init: ProfileInit) -> Result<Self, ProfileError> {
        Self::with(init.profile.unwrap_or_default(), init)
    }

    /// This profile with `init` added. Paths and names are added to those that are there; the network, the mode
    /// of the environment and the limits can only narrow; `set` replaces a variable of the same name. No restriction is ever lost.
    ///
    /// # Errors
    /// As [`with`](Self::with), and when `init` would undo a restriction.
    pub fn extend(&self, init: ProfileInit) -> Result<Self, ProfileError> {
        if let Some(asked) = init.profile.filter(|asked| *asked != self.name) {
            return Err(ProfileError::OtherBase { held: self.name, asked });
        }
        validate(self.name, &init)?;
        let mut extended = self.clone();
        if let Some(network) = init.network {
            if self.network == Some(NetworkInit::None) && network == NetworkInit::Outbound {
                return Err(ProfileError::Widens { key: "network", held: "none" });
            }
            extended.network = Some(network);
        }
        if let Some(mode) = init.environment.mode {
            if self.environment.mode == Some(EnvironmentMode::Minimal) && mode == EnvironmentMode::Inherit {
                return Err(ProfileError::Widens { key: "environment.mode", held: "minimal" });
            }
            extended.environment.mode = Some(mode);
        }
        if let Some(limit) = init.limits.first_above(&self.limits) {
            return Err(ProfileError::WidensLimit {
                key: limit.key(),
                asked: init.limits.get(limit).unwrap_or_default(),
                held: self.limits.get(limit).unwrap_or_default(),
            });
        }
        extended.limits = init.limits.or(&self.limits);
        append(&mut extended.writable, init.writable);
        append(&mut extended.readable, init.readable);
        append(&mut extended.deny_read, init.deny_read);
        append(&mut extended.unix_sockets, init.unix_sockets);
        append(&mut extended.environment.allow, init.environment.allow);
        append(&mut extended.environment.deny, init.environment.deny);
        extended.environment.set.extend(init.environment.set);
        Ok(extended)
    }

    /// The base profile.
    #[must_use]
    pub fn name(&self) -> ProfileName {
        self.name
    }

    /// The network that a run gets: that of the base profile, or what narrows it.
    #[must_use]
    pub fn network(&self) -> NetworkPolicy {
        match self.network {
            None => default_network(self.name),
            Some(NetworkInit::None) => NetworkPolicy::None,
            Some(NetworkInit::Outbound) => NetworkPolicy::Outbound,
        }
    }

    /// The limits that were asked for, without any default.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The serialised form, with the base profile named. Making a profile of it gives an equal one.
    #[must_use]
    pub fn to_init(&self) -> ProfileInit {
        self.clone().into()
    }

    /// Sockets of host services that a run may connect to, as they were given.
    #[must_use]
    pub fn unix_sockets(&self) -> &[PathBuf] {
        &self.unix_sockets
    }

    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            writable: &self.writable,
            readable: &self.readable,
            deny_read: &self.deny_read,
            environment: &self.environment,
        }
    }
}

/// What was added to the base profile, but for the network.
pub(super) struct Parts<'a> {
    pub writable: &'a [PathBuf],
    pub readable: &'a [PathBuf],
    pub deny_read: &'a [PathBuf],
    pub environment: &'a EnvironmentInit,
}

impl From<SecurityProfile> for ProfileInit {
    fn from(profile: SecurityProfile) -> Self {
        Self {
            profile: Some(profile.name),
            writable: profile.writable,
            readable: profile.readable,
            deny_read: profile.deny_read,
            unix_sockets: profile.unix_sockets,
            network: profile.network,
            environment: profile.environment,
            limits: profile.limits,
        }
    }
}

impl From<ProfileName> for SecurityProfile {
    fn from(name: ProfileName) -> Self {
        Self::named(name)
    }
}

/// Adds what isn't there yet, in the order given.
fn append<T: PartialEq>(held: &mut Vec<T>, added: Vec<T>) {
    for item in added {
        if !held.contains(&item) {
            held.push(item);
        }
    }
}
