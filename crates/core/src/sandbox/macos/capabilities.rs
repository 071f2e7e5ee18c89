//! What this machine can enforce, found out by trying it.

use std::path::Path;

use super::engine::Engine;
use crate::{
    profile::{ProfileName, SecurityProfile},
    sandbox::{Capabilities, DenialReports, Feature, Requirement, SandboxError, SandboxOptions, TreeEnforcement},
};

/// Tries a sandbox of the default profile.
pub async fn probe(options: &SandboxOptions) -> Capabilities {
    let standing = attempt(options).await;
    let features = match &standing {
        Err(error) => vec![Feature::missing("seatbelt", error)],
        Ok(processes) => vec![
            Feature::present("seatbelt", "profiles of /usr/bin/sandbox-exec"),
            match processes {
                TreeEnforcement::SandboxMark => {
                    Feature::present("process trees", "processes are found by their sandbox, and ended with their run")
                }
                _ => Feature::missing(
                    "process trees",
                    &SandboxError::Unavailable {
                        cause: "the system doesn't tell which sandbox a process is in".to_owned(),
                        remedy: "run it where no other sandbox is in force".to_owned(),
                    },
                ),
            },
        ],
    };
    let required = matches!(standing, Ok(TreeEnforcement::SandboxMark));
    Capabilities { required, best_effort: standing.is_ok(), features }
}

async fn attempt(options: &SandboxOptions) -> Result<TreeEnforcement, SandboxError> {
    let policy = SecurityProfile::named(ProfileName::Offline)
        .resolve(Path::new("/usr"))
        .map_err(|error| SandboxError::Host { what: "resolve a profile", reason: error.to_string() })?;
    let options =
        SandboxOptions { requirement: Requirement::BestEffort, denials: DenialReports::Off, ..options.clone() };
    let engine = Engine::new(policy, options)?;
    Ok(engine.ready().await?.enforcement(false).processes)
}
