//! What this machine can enforce, found out by trying it.

use codex_launcher::protocol::{Applied, Boundary, LaunchPlan, Network, Watch};
use serde::Serialize;

use super::{
    launcher::{Answer, Starting},
    refusal,
};
use crate::sandbox::{SandboxError, SandboxOptions};

/// The answers of `codex doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Whether every profile can be had with enforcement required.
    pub required: bool,
    /// Whether the restricted profiles can be had at least with best-effort enforcement.
    pub best_effort: bool,
    /// One answer per feature.
    pub features: Vec<Feature>,
}

/// One thing that the sandbox uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// What it is.
    pub name: &'static str,
    /// Whether it can be used.
    pub present: bool,
    /// What was found.
    pub detail: String,
    /// How to get it, where it is missing.
    pub remedy: Option<String>,
}

impl Capabilities {
    pub(super) async fn probe(options: &SandboxOptions) -> Self {
        let namespaces = attempt(options, Boundary::Namespaces).await;
        let alone = attempt(options, Boundary::Landlock).await;
        // Landlock is reported by whichever attempt came so far.
        let applied = namespaces.as_ref().or(alone.as_ref());
        let abi = applied.map_or(0, |applied| applied.landlock_abi);
        let seccomp = applied.is_ok_and(|applied| applied.seccomp);
        let features = vec![
            match &namespaces {
                Ok(_) => found("namespaces", "user, mount, pid, ipc, uts and network namespaces, a /proc of its own"),
                Err(error) => missing("namespaces", error),
            },
            match (&alone, abi) {
                (_, 1..) => found("landlock", &format!("version {abi}")),
                (Err(error), 0) => missing("landlock", error),
                (Ok(_), 0) => missing("landlock", &no_landlock()),
            },
            match seccomp {
                true => found("seccomp", "syscall filters"),
                false => missing("seccomp", &no_seccomp()),
            },
        ];
        Self { required: namespaces.is_ok(), best_effort: namespaces.is_ok() || alone.is_ok(), features }
    }
}

async fn attempt(options: &SandboxOptions, boundary: Boundary) -> Result<Applied, SandboxError> {
    let plan = LaunchPlan {
        boundary,
        network: Network::Private,
        visible: Vec::new(),
        writable: Vec::new(),
        held: Vec::new(),
        hidden: Vec::new(),
        caches: Vec::new(),
        sockets: Vec::new(),
        hidden_sockets: Vec::new(),
        tmp_bytes: 1024 * 1024,
        processes: None,
        watch: Watch::Off,
        remove_at_end: None,
    };
    match Starting::new(&options.launcher, &plan, None, &options.runtime)?.answer().await? {
        Answer::Ready(standing) => {
            let applied = standing.applied.clone();
            standing.dismiss();
            Ok(applied)
        }
        Answer::Refused(refused) => Err(refusal::explain(&refused)),
    }
}

fn found(name: &'static str, detail: &str) -> Feature {
    Feature { name, present: true, detail: detail.to_owned(), remedy: None }
}

fn missing(name: &'static str, error: &SandboxError) -> Feature {
    let (detail, remedy) = match error {
        SandboxError::Unavailable { cause, remedy } => (cause.clone(), Some(remedy.clone())),
        other => (other.to_string(), None),
    };
    Feature { name, present: false, detail, remedy }
}

fn no_landlock() -> SandboxError {
    SandboxError::Unavailable {
        cause: "the kernel has no Landlock".into(),
        remedy: "boot with `lsm=landlock,…` on Linux 5.13 or newer".into(),
    }
}

fn no_seccomp() -> SandboxError {
    SandboxError::Unavailable {
        cause: "neither mechanism came as far as the syscall filter".into(),
        remedy: "mend what stands above first".into(),
    }
}
