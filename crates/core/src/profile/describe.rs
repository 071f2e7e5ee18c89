//! A profile in words.

use serde::Serialize;

use super::{EnvironmentMode, ProfileName, SecurityProfile, security_profile::Parts};
use crate::policy::{Limit, Limits, NetworkPolicy, caches, secrets};

/// One line of what a profile means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileFact {
    /// What the line is about: `profile`, `read`, `write`, `network`, `limits` or `environment`.
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
            if self.name().writes_workspace() {
                for (reason, places) in caches::by_reason() {
                    let places = places.join(", ");
                    facts.push("write", format!("an overlay of {places}, gone with the sandbox ({reason})"));
                }
            }
        }

        if !trusted {
            for path in self.unix_sockets() {
                facts.push("network", format!("the service behind the socket {}", path.display()));
            }
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
        let limits = if trusted { self.limits() } else { self.limits().or(&Limits::DEFAULT) };
        if limits.is_empty() {
            facts.push("limits", "those of the user who starts it");
        }
        for (limit, value) in limits.iter() {
            facts.push("limits", amount(limit, value));
        }

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

/// A limit in words.
fn amount(limit: Limit, value: u64) -> String {
    match limit {
        Limit::WallTime => format!("{value} ms for a run"),
        Limit::CpuTime => format!("{value} ms of CPU time"),
        Limit::Memory => format!("{} of memory", bytes(value)),
        Limit::Processes => format!("{value} processes and threads"),
        Limit::OpenFiles => format!("{value} open files of a process"),
        Limit::FileSize => format!("{} in one file", bytes(value)),
        Limit::Output => format!("{} of captured output", bytes(value)),
        Limit::TmpSize => format!("{} in the private tmp", bytes(value)),
    }
}

/// The largest unit that says it exactly.
fn bytes(value: u64) -> String {
    let mut value = value;
    let mut units = ["bytes", "KiB", "MiB", "GiB", "TiB"].into_iter().peekable();
    while let Some(unit) = units.next() {
        if !value.is_multiple_of(1024) || units.peek().is_none() {
            return format!("{value} {unit}");
        }
        value /= 1024;
    }
    String::new()
}

#[derive(Default)]
struct Facts(Vec<ProfileFact>);

impl Facts {
    fn push(&mut self, topic: &'static str, fact: impl Into<String>) {
        self.0.push(ProfileFact { topic, fact: fact.into() });
    }
}
