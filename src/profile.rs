//! The profile class. Everything crosses as JSON: none of it is on a hot path.

use std::path::{Path, PathBuf};

use codex_core::{
    policy::{Access, CodexPolicy, SandboxPolicy},
    profile::{ProfileError, ProfileInit, ProfileName, SecurityProfile},
};

use crate::error::ErrorFacts;

/// A validated profile.
#[napi_derive::napi]
pub struct NativeProfile {
    profile: SecurityProfile,
}

#[napi_derive::napi]
impl NativeProfile {
    /// The profile of that name with the overrides of a JSON object, if any.
    #[napi(constructor, catch_unwind)]
    pub fn new(name: String, overrides: Option<String>) -> napi::Result<Self> {
        let name: ProfileName = name.parse().map_err(|error| throw(ProfileError::from(error)))?;
        let profile = match overrides {
            None => Ok(SecurityProfile::named(name)),
            Some(json) => ProfileInit::from_json(&json).and_then(|init| SecurityProfile::with(name, init)),
        };
        profile.map(Self::from).map_err(throw)
    }

    /// Reads a TOML or JSON file.
    #[napi(factory, catch_unwind)]
    pub fn load(path: String) -> napi::Result<Self> {
        SecurityProfile::load(Path::new(&path)).map(Self::from).map_err(throw)
    }

    /// The profile of a Codex sandbox policy in JSON.
    #[napi(factory, catch_unwind)]
    pub fn from_codex(json: String) -> napi::Result<Self> {
        CodexPolicy::from_json(&json)
            .and_then(|policy| SecurityProfile::from_codex(&policy))
            .map(Self::from)
            .map_err(throw)
    }

    /// A profile with more overrides.
    #[napi(catch_unwind)]
    pub fn extend(&self, overrides: String) -> napi::Result<Self> {
        let init: ProfileInit = ProfileInit::from_json(&overrides).map_err(throw)?;
        self.profile.extend(init).map(Self::from).map_err(throw)
    }

    /// The canonical name.
    #[napi(getter)]
    pub fn name(&self) -> &'static str {
        self.profile.name().as_str()
    }

    /// What it was made from, as JSON.
    #[napi(catch_unwind)]
    pub fn to_json(&self) -> napi::Result<String> {
        serde_json::to_string(&self.profile.to_init()).map_err(|error| invalid(&error))
    }

    /// The Codex form for a workspace, as JSON.
    #[napi(catch_unwind)]
    pub fn to_codex(&self, workspace: String) -> napi::Result<String> {
        let policy = self.resolve(&workspace)?;
        let codex = policy.to_codex().map_err(|error| invalid(&error))?;
        serde_json::to_string(&codex).map_err(|error| invalid(&error))
    }

    /// Whether the policy for a workspace allows an access: `kind` is `read`, `write` or `connect`. As JSON.
    #[napi(catch_unwind)]
    pub fn explain(&self, workspace: String, kind: String, target: String) -> napi::Result<String> {
        let access = match kind.as_str() {
            "read" => Access::Read(PathBuf::from(target)),
            "write" => Access::Write(PathBuf::from(target)),
            _ => Access::Connect(target),
        };
        serde_json::to_string(&self.resolve(&workspace)?.explain(&access)).map_err(|error| invalid(&error))
    }

    /// The profile itself.
    pub(crate) fn get(&self) -> &SecurityProfile {
        &self.profile
    }

    fn resolve(&self, workspace: &str) -> napi::Result<SandboxPolicy> {
        self.profile.resolve(Path::new(workspace)).map_err(throw)
    }
}

impl From<SecurityProfile> for NativeProfile {
    fn from(profile: SecurityProfile) -> Self {
        Self { profile }
    }
}

fn throw(error: ProfileError) -> napi::Error {
    ErrorFacts::from(&error).throw()
}

fn invalid(error: &dyn std::error::Error) -> napi::Error {
    ErrorFacts::profile(error).throw()
}
