//! A profile in words.

use serde::Serialize;

use super::{EnvironmentMode, ProfileName, SecurityProfile, security_profile::Parts};
use crate::policy::{NetworkPolicy, secrets};

/// One line of what a profile means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileFact {
    /// What the line is about: `profile`, `read`, `write`, `network` or `environment`.
    pub topic: &'static str,
    /// What holds.
    pub fact: String,
}

impl SecurityProfile {
    /// What the profile means, one fact a line and at least one for each topic. Values of variables are not told.
    #[must_use]
    pub fn describe(&self) -> Vec<ProfileFact> {
        let Parts { writable, readable, deny_read, environment } = self.parts();
        let trusted = self.name() == ProfileName::Trusted;
        let mut facts = Facts::default();
        facts.push("profile", format!("{}: {}", self.name(), self.name().summary()));

        facts.push("read", "everything that you may read");
        if !trusted {
            for (reason, places) in secrets::by_reason() {
                facts.push("read", format!("not {} ({reason})", places.join(", ")));
            }
        }
        for path in readable {
            facts.push("read", path.display().to_string());
        }
        for path in deny_read {
            facts.push("read", format!("not {}", path.display()));
        }

        if trusted {
            facts.push("write", "everything that you may write");
        } else {
            if self.name().writes_workspace() {
                facts.push("write", "the workspace");
            }
            for path in writable {
                facts.push("write", path.display().to_string());
            }
            facts.push("write", "a private /tmp, gone with the sandbox");
        }

        facts.push(
            "network",
            match self.network() {
                NetworkPolicy::None => "none; a loopback of its own",
                NetworkPolicy::Outbound => "outbound connections",
                NetworkPolicy::Host => "the host's network",
            },
        );

        facts.push(
            "environment",
            match environment.mode {
                Some(EnvironmentMode::Minimal) => "a short list of harmless variables",
                _ if trusted => "inherited",
                _ => "inherited, minus secrets and what injects code",
            },
        );
        for (word, names) in [("keeps", &environment.allow), ("never", &environment.deny)] {
            for name in names {
                facts.push("environment", format!("{word} {name}"));
            }
        }
        for name in environment.set.keys() {
            facts.push("environment", format!("sets {name}"));
        }
        facts.0
    }
}

#[derive(Default)]
struct Facts(Vec<ProfileFact>);

impl Facts {
    fn push(&mut self, topic: &'static str, fact: impl Into<String>) {
        self.0.push(ProfileFact { topic, fact: fact.into() });
    }
}
