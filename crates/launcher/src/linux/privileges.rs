//! Giving up privileges, so that no program that is started later has any.

use codex_launcher::protocol::Boundary;
use rustix::{
    io::Errno,
    process::{DumpableBehavior, set_dumpable_behavior},
    thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capability_is_in_bounding_set,
        clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
        set_capabilities_secure_bits, set_no_new_privs,
    },
};

use super::limits;

/// The highest number that a capability can have.
const CAPABILITIES: u64 = 64;

/// Makes sure that a program started from here has no capability, whoever the user is, and can't gain one.
///
/// The launcher keeps its own, which are worth something inside its namespaces only: it needs them to mount `/proc`
/// for each cell. They end with `exec`, because nothing is left from which they could be derived.
pub fn renounce(boundary: Boundary) -> Result<(), Errno> {
    set_no_new_privs(true)?;
    // Runs share the launcher's memory until their program starts. Not dumpable: no process of a run, though of the
    // same user, can attach to the launcher or read its memory.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    limits::forbid_dumps()?;
    clear_ambient_capability_set()?;
    match boundary {
        Boundary::Namespaces => {
            // Without this, a root user's programs would get every capability of the namespace back on exec.
            set_capabilities_secure_bits(
                CapabilitiesSecureBits::NO_ROOT
                    | CapabilitiesSecureBits::NO_ROOT_LOCKED
                    | CapabilitiesSecureBits::NO_SETUID_FIXUP
                    | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
                    | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
                    | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
                    | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED,
            )?;
            empty_bounding_set()
        }
        // A user without capabilities has none to give up; root has, and gives them up.
        Boundary::Landlock => {
            match set_capabilities_secure_bits(CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED)
            {
                Ok(()) => empty_bounding_set(),
                Err(Errno::PERM) => Ok(()),
                Err(other) => Err(other),
            }
        }
        Boundary::None => Ok(()),
    }
}

/// Gives up the capabilities that the caller still has.
pub fn drop_capabilities() -> Result<(), Errno> {
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}

fn empty_bounding_set() -> Result<(), Errno> {
    for number in 0..CAPABILITIES {
        let one = CapabilitySet::from_bits_retain(1 << number);
        match capability_is_in_bounding_set(one) {
            Ok(true) => remove_capability_from_bounding_set(one)?,
            Ok(false) => {}
            // The first number that the kernel doesn't know.
            Err(Errno::INVAL) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
