//! The file rules once more, by inode, as a Landlock ruleset that every run takes.

use std::{
    ffi::{CStr, OsStr},
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use codex_launcher::protocol::{Boundary, LaunchPlan, Refusal, Step};
use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, Scope,
};
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    path::Arg,
};
use syscalls::{Sysno, syscall};

use super::{
    caches::Overlay,
    granted::Granted,
    landlock_around,
    mounts::{PRIVATE_TMP, at, open_pinned},
    setup::SetupError,
    sockets,
};

/// The newest version whose rights are handled here; an older kernel handles what it knows.
const NEWEST: ABI = ABI::V7;

/// Nodes of the host's `/dev` that stay open where there is no `/dev` of the run's own.
/// No terminal is among them but the run's own: `/dev/pts` has those of the user, too, and a rule can't tell them apart.
const HOST_DEVICES: [&CStr; 6] =
    [c"/dev/null", c"/dev/zero", c"/dev/full", c"/dev/random", c"/dev/urandom", c"/dev/tty"];

/// A ruleset, and the rights that it gives.
pub struct Rules {
    pub ruleset: OwnedFd,
    /// Noted only where Landlock holds the files alone.
    pub granted: Granted,
}

/// The first version that lets anything be moved or linked from one directory to another.
const MOVES: u32 = 2;

/// Builds the ruleset of `plan`, with `overlays` over its caches, and `outputs` that are written to; returns it with the kernel's
/// Landlock version, or `None` and 0 where it is not used: without Landlock, or where it would be in the way and mounts hold.
///
/// # Errors
/// When the kernel has Landlock but the ruleset can't be built, and when there is none although the plan rests on
/// it alone.
pub fn build(
    plan: &LaunchPlan,
    overlays: &[Overlay<'_>],
    outputs: &[OwnedFd],
) -> Result<(Option<Rules>, u32), SetupError> {
    let version = kernel_version();
    if version == 0 {
        return match plan.boundary {
            Boundary::Landlock => Err(refusal(Errno::NOSYS.raw_os_error())),
            Boundary::Namespaces | Boundary::None => Ok((None, 0)),
        };
    }
    if version < MOVES && plan.boundary == Boundary::Namespaces {
        return Ok((None, 0));
    }
    if plan.boundary == Boundary::Landlock {
        // With mounts, one that was replaced was named already.
        for pinned in plan.visible.iter().chain(&plan.writable) {
            open_pinned(pinned).map_err(at(pinned, Step::Landlock))?;
        }
    }
    let rules = rules(plan, overlays, outputs, version).map_err(|errno| refusal(errno.raw_os_error()))?;
    Ok((Some(rules), version))
}

/// The Landlock version of the running kernel, 0 for none.
fn kernel_version() -> u32 {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    // SAFETY: with this flag the call reads no memory.
    unsafe { syscall!(Sysno::landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION) }
        .ok()
        .and_then(|version| u32::try_from(version).ok())
        .unwrap_or(0)
}

fn rules(plan: &LaunchPlan, overlays: &[Overlay<'_>], outputs: &[OwnedFd], version: u32) -> Result<Rules, Errno> {
    // Device nodes are made by nobody: the right is handled and given nowhere.
    let write = AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    let device = AccessFs::from_read(NEWEST) | AccessFs::WriteFile | AccessFs::IoctlDev | AccessFs::Truncate;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(|error| errno_of(&error))?;
    let alone = plan.boundary == Boundary::Landlock;
    let mut building = Building { ruleset, granted: Granted::new(version)?, alone };
    if alone {
        building.allow(open(c"/")?, AccessFs::ReadDir.into())?;
        for object in landlock_around::readable(plan)? {
            building.allow(object, AccessFs::from_read(NEWEST))?;
        }
    } else {
        // The mounts cover what is hidden.
        building.allow(open(c"/")?, AccessFs::from_read(NEWEST))?;
    }
    for pinned in &plan.writable {
        // Where the mounts are arranged, the path leads to the writable mount now; the inode is the same.
        building.allow(open_pinned(pinned)?, write)?;
    }
    for overlay in overlays {
        building.allow(&overlay.mount, write)?;
    }
    for output in outputs {
        building.allow(output, AccessFs::WriteFile | AccessFs::Truncate)?;
    }
    if alone {
        for node in HOST_DEVICES {
            match open(node) {
                Err(Errno::NOENT) => {}
                handle => building.allow(handle?, device)?,
            }
        }
    } else {
        building.allow(open(c"/dev")?, device)?;
        let own =
            PRIVATE_TMP.into_iter().chain([c"/dev/shm"]).map(CStr::to_bytes).map(OsStr::from_bytes).map(Path::new);
        for directory in own.chain([Path::new(sockets::LOCKS), &sockets::runtime_directory()]) {
            match open(directory) {
                // A system without /run has nothing there.
                Err(Errno::NOENT) => {}
                handle => building.allow(handle?, write)?,
            }
        }
    }
    let ruleset = Option::<OwnedFd>::from(building.ruleset).ok_or(Errno::NOSYS)?;
    Ok(Rules { ruleset, granted: building.granted })
}

/// A ruleset to which rules are added.
struct Building {
    ruleset: RulesetCreated,
    granted: Granted,
    /// Whether Landlock holds the files alone.
    alone: bool,
}

impl Building {
    fn allow(&mut self, object: impl AsFd, access: BitFlags<AccessFs>) -> Result<(), Errno> {
        if self.alone {
            self.granted.add(&object, access)?;
        }
        (&mut self.ruleset)
            .add_rule(PathBeneath::new(object.as_fd(), access))
            .map(drop)
            .map_err(|error| errno_of(&error))
    }
}

fn open(path: impl Arg) -> Result<OwnedFd, Errno> {
    openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
}

fn errno_of(error: &RulesetError) -> Errno {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(current) = cause {
        if let Some(errno) = current.downcast_ref::<std::io::Error>().and_then(Errno::from_io_error) {
            return errno;
        }
        cause = current.source();
    }
    Errno::INVAL
}

fn refusal(errno: i32) -> SetupError {
    Refusal { step: Step::Landlock, errno, path: None }
}
