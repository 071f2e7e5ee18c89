//! Names of sandboxes, which no other of this machine has had: ids of processes are used again, moments are not.

use std::{
    process,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};

/// What they all begin with.
pub const PREFIX: &str = "codex.";

/// Numbers the sandboxes of this process.
static SANDBOXES: AtomicU64 = AtomicU64::new(1);

/// A new one.
pub fn new() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros());
    format!("{PREFIX}{}.{}.{now}", process::id(), SANDBOXES.fetch_add(1, Relaxed))
}

/// The numbers in a name: the process, the sandbox, and the two halves of the moment. `None` for what is no name.
pub fn numbers(name: &str) -> Option<[u32; 4]> {
    let mut parts = name.strip_prefix(PREFIX)?.split('.');
    let (process, sandbox) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let moment: u64 = parts.next()?.parse().ok()?;
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).ok();
    let numbers = [process, sandbox, half(moment >> 32)?, half(moment)?];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::{new, numbers};

    #[test]
    fn two_names_differ_and_so_do_their_numbers() {
        let names = [new(), new()];
        assert_ne!(names[0], names[1]);
        let read = names.each_ref().map(|name| numbers(name).unwrap());
        assert_ne!(read[0], read[1]);
        assert_eq!(read[0][0], std::process::id());
    }

    #[test]
    fn what_is_no_name_has_no_numbers() {
        assert_eq!(numbers("codex.7.1.4294967298"), Some([7, 1, 1, 2]));
        for other in [
            "",
            "codex.",
            "codex.7.1",
            "codex.7.1.2.3",
            "other.7.1.2",
            "codex.-7.1.2",
            "codex.7.1.x",
            "codex.4294967296.1.2",
        ] {
            assert_eq!(numbers(other), None, "{other}");
        }
    }
}
