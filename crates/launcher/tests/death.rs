//! The death of a launcher. In a file of its own, because it ends every launcher of its process.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use codex_core::{
    ProfileName,
    exec::{End, ExecError},
};
use support::{Fixture, shell};

#[test]
fn a_dead_launcher_is_replaced() {
    let fixture = Fixture::new(ProfileName::Offline);
    fixture.sh("true");
    let (_, running) = fixture.start(shell("exec sleep 60"));
    fixture.sh("true");
    let launchers = children_named("codex-launcher");
    assert!(!launchers.is_empty());
    for launcher in launchers {
        std::process::Command::new("kill").args(["-9", &launcher.to_string()]).status().unwrap();
    }
    assert!(matches!(fixture.block_on(running).unwrap(), Err(ExecError::SandboxEnded)));
    assert_eq!(fixture.sh("exit 5").end, End::Code(5));
}

/// Children of this process with that name.
fn children_named(name: &str) -> Vec<u32> {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let (command, rest) = stat.rsplit_once(')').unwrap_or_default();
            command.ends_with(&format!("({name}")) && rest.split_whitespace().nth(1) == Some(&own)
        })
        .collect()
}
