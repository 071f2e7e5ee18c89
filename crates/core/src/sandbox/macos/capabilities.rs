//! What this machine can enforce, found out by trying it.

use std::path::Path;

use super::{
    engine::Engine,
    folder::unguessable_name,
    log::{Log, stream},
};
use crate::{
    policy::SandboxPolicy,
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
            match is_log_readable().await {
                true => Feature::present("denials", "the system's log says what was refused, as far as it does"),
                false => Feature::missing(
                    "denials",
                    &SandboxError::Unavailable {
                        cause: "the system's log can't be read, so that nothing is told of what was refused".to_owned(),
                        remedy: "run it as an administrator: /usr/bin/log stream needs one".to_owned(),
                    },
                ),
            },
        ],
    };
    let required = matches!(standing, Ok(TreeEnforcement::SandboxMark));
    Capabilities { required, best_effort: standing.is_ok(), features }
}

/// Whether what is refused could be told.
async fn is_log_readable() -> bool {
    let (Ok(name), Ok(policy)) = (unguessable_name(), policy()) else { return false };
    let stream = stream(&name);
    match Log::open(name, &stream, policy, DenialReports::Full) {
        Ok(log) => log.opened().await,
        Err(_) => false,
    }
}

fn policy() -> Result<SandboxPolicy, SandboxError> {
    SecurityProfile::named(ProfileName::Offline)
        .resolve(Path::new("/usr"))
        .map_err(|error| SandboxError::Host { what: "resolve a profile", reason: error.to_string() })
}

async fn attempt(options: &SandboxOptions) -> Result<TreeEnforcement, SandboxError> {
    let options =
        SandboxOptions { requirement: Requirement::BestEffort, denials: DenialReports::Off, ..options.clone() };
    let engine = Engine::new(policy()?, options)?;
    Ok(engine.ready().await?.enforcement(false).processes)
}
