//! The five profile names.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Which of the five profiles a policy was resolved from. Default: `Offline`.
///
/// A name is written in its kebab spelling (`workspace-write`) or its Rust spelling (`WorkspaceWrite`), and the case of
/// ASCII letters doesn't matter. `workspace` is short for `workspace-write`. Nothing else is a name: no prefix,
/// no surrounding blanks, no empty string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ProfileName {
    /// Writes nothing but a private tmp, no network.
    #[default]
    Offline,
    /// `Offline` plus outbound network.
    NetReadOnly,
    /// Writes the workspace and a private tmp, no network.
    WorkspaceWrite,
    /// `WorkspaceWrite` plus outbound network.
    WorkspaceNet,
    /// No sandbox.
    Trusted,
}

impl ProfileName {
    /// All profiles, the strictest first.
    pub const ALL: [Self; 5] =
        [Self::Offline, Self::NetReadOnly, Self::WorkspaceWrite, Self::WorkspaceNet, Self::Trusted];

    /// The kebab spelling, which files, JSON and the command line use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::NetReadOnly => "net-read-only",
            Self::WorkspaceWrite => "workspace-write",
            Self::WorkspaceNet => "workspace-net",
            Self::Trusted => "trusted",
        }
    }

    /// One line for a list of profiles.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Offline => "writes nothing but a private tmp, no network",
            Self::NetReadOnly => "writes nothing but a private tmp, outbound network",
            Self::WorkspaceWrite => "writes the workspace and a private tmp, no network",
            Self::WorkspaceNet => "writes the workspace and a private tmp, outbound network",
            Self::Trusted => "no sandbox: reads, writes and connects as you do",
        }
    }

    /// Whether the profile writes its workspace and can hold further writable directories.
    #[must_use]
    pub const fn writes_workspace(self) -> bool {
        matches!(self, Self::WorkspaceWrite | Self::WorkspaceNet)
    }

    const fn rust_spelling(self) -> &'static str {
        match self {
            Self::Offline => "Offline",
            Self::NetReadOnly => "NetReadOnly",
            Self::WorkspaceWrite => "WorkspaceWrite",
            Self::WorkspaceNet => "WorkspaceNet",
            Self::Trusted => "Trusted",
        }
    }
}

/// A profile name that is none of the five.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown profile {name:?}; use offline, net-read-only, workspace-write (or workspace), workspace-net or trusted"
)]
pub struct UnknownProfile {
    /// The name that was given.
    pub name: String,
}

impl FromStr for ProfileName {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.eq_ignore_ascii_case(ALIAS) {
            return Ok(Self::WorkspaceWrite);
        }
        Self::ALL
            .into_iter()
            .find(|known| name.eq_ignore_ascii_case(known.as_str()) || name.eq_ignore_ascii_case(known.rust_spelling()))
            .ok_or_else(|| UnknownProfile { name: name.to_owned() })
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl Serialize for ProfileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The schema offers the kebab spellings and the alias only: those are the ones to write.
impl JsonSchema for ProfileName {
    fn schema_name() -> Cow<'static, str> {
        "ProfileName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut names: Vec<_> = Self::ALL
            .iter()
            .map(|name| json_schema!({ "const": name.as_str(), "description": name.summary() }))
            .collect();
        names.push(json_schema!({ "const": ALIAS, "description": "short for workspace-write" }));
        json_schema!({ "type": "string", "oneOf": names })
    }
}

const ALIAS: &str = "workspace";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read() {
        for name in ProfileName::ALL {
            let kebab = name.as_str();
            for spelling in
                [kebab.to_owned(), kebab.to_uppercase(), name.rust_spelling().to_owned(), kebab.replace('-', "")]
            {
                assert_eq!(spelling.parse(), Ok(name), "{spelling}");
            }
            assert_eq!(serde_json::to_string(&name).unwrap(), format!("\"{kebab}\""));
            assert_eq!(name.to_string(), kebab);
            assert!(!name.summary().contains('\n'));
        }
        assert_eq!("workspace".parse(), Ok(ProfileName::WorkspaceWrite));
        assert_eq!(ProfileName::default(), ProfileName::Offline);
    }

    #[test]
    fn an_unknown_name_is_refused_with_all_five() {
        for name in [
            "",
            " ",
            "offline ",
            "off",
            "Trusted2",
            "trust",
            "none",
            "0",
            "false",
            "work-spacewrite",
            "net_read_only",
            "ＯＦＦＬＩＮＥ",
        ] {
            let error = name.parse::<ProfileName>().unwrap_err().to_string();
            for known in ProfileName::ALL {
                assert!(error.contains(known.as_str()), "{error}");
            }
        }
    }
}
