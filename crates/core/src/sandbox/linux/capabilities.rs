//! What this machine can enforce, found out by trying it.

use codex_launcher::protocol::{Applied, Boundary, LANDLOCK_SCOPES, LaunchPlan, Network, Watch};

use super::{
    refusal,
    starting::{Answer, Starting},
};
use crate::sandbox::{Capabilities, Feature, SandboxError, SandboxOptions};

/// Tries both mechanisms.
pub async fn probe(options: &SandboxOptions) -> Capabilities {
    let namespaces = attempt(options, Boundary::Namespaces).await;
    let alone = attempt(options, Boundary::Landlock).await;
    // Reported by whichever attempt came so far.
    let applied = || [&namespaces, &alone].into_iter().flatten();
    let abi = applied().map(|applied| applied.landlock_abi).max().unwrap_or(0);
    let seccomp = applied().any(|applied| applied.seccomp);
    let features = vec![
        match &namespaces {
            Ok(_) => {
                Feature::present("namespaces", "user, mount, pid, ipc, uts and network namespaces, a /proc of its own")
            }
            Err(error) => Feature::missing("namespaces", error),
        },
        match (&alone, abi) {
            (_, LANDLOCK_SCOPES..) => Feature::present("landlock", &format!("version {abi}")),
            (_, 2..) => {
                Feature::present("landlock", &format!("version {abi}: with a network no Unix sockets but pairs"))
            }
            (_, 1) => {
                Feature::present("landlock", "version 1, used only where mounts can't be had: it lets nothing move")
            }
            (Err(error), 0) => Feature::missing("landlock", error),
            (Ok(_), 0) => Feature::missing("landlock", &no_landlock()),
        },
        match seccomp {
            true => Feature::present("seccomp", "syscall filters"),
            false => Feature::missing("seccomp", &no_seccomp()),
        },
    ];
    Capabilities { required: namespaces.is_ok(), best_effort: namespaces.is_ok() || alone.is_ok(), features }
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
        as_own: Vec::new(),
        outputs: Vec::new(),
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
