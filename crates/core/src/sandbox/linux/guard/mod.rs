//! The carve-outs of the writable roots: found when a launcher starts, so that it can hold them, and looked for again at
//! the end of each run, where one appeared that was not there to be held.
//!
//! The look is cheap: the kernel keeps a list of the names that were put into the directories of the roots (see
//! [`watch`]), and only those are looked at, with whatever they hold. What would run code on the host is moved to a
//! quarantine before the result of the run is given. A repository that the run made stays, without the hooks and settings
//! that run programs.

mod clean;
mod git_config;
mod look;
mod neighbours;
mod objects;
mod pointers;
mod quarantine;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
};

use codex_launcher::protocol::Held;

use self::{neighbours::Neighbour, objects::Identity, pointers::Pointer, quarantine::Quarantine, watch::Watch};
use super::pinned::PinnedPath;
use crate::{
    exec::{Denial, MAX_DENIALS},
    policy::SandboxPolicy,
};

/// A path below a writable root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    root: usize,
    below: PathBuf,
}

/// What a directory is to the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A directory of the user's.
    Plain,
    /// A git directory.
    Git,
    /// The hooks of a git directory that a run made.
    Hooks,
    /// `info` in a git directory.
    Info,
    /// What holds the git directories of submodules and worktrees.
    Inner,
    /// Settings in a git directory that are not held, and have other names perhaps.
    Settings,
}

/// What is known of a protected name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// It was there, and the launcher holds it.
    Held(Identity),
    /// A program of the host made or replaced it when the launcher stood already, which so can't hold it: it is compared.
    Was(Vec<u8>),
    /// A directory of that kind: what is in it isn't compared.
    Kept,
    /// It was a symbolic link to there. A link can't be held: it is compared.
    Link(PathBuf),
}

/// The carve-outs of one launcher.
#[derive(Debug)]
pub struct Guard {
    state: Mutex<State>,
    /// What the launcher was asked to hold.
    asked: Vec<Spot>,
}

#[derive(Debug)]
struct State {
    /// The writable roots, held open.
    roots: Vec<PinnedPath>,
    policy: SandboxPolicy,
    watch: Watch,
    known: BTreeMap<Spot, Known>,
    /// The names among them that are compared at the end of each run.
    compared: BTreeSet<Spot>,
    /// The links among them that lead to nothing: a run could make what they lead to.
    dangling: BTreeSet<Spot>,
    /// Settings of git directories as they were. Git writes those of submodules anew whenever it updates one, so they are not
    /// held; the others may be replaced by a program of the host while a run is under way.
    settings: BTreeMap<Spot, Vec<u8>>,
    /// Git directories, and whether a run made them.
    repositories: BTreeMap<Spot, bool>,
    /// The files that point to them.
    pointers: Vec<Pointer>,
    quarantine: Quarantine,
    /// The git directory that a root's own repository has elsewhere, where nothing may be written.
    foreign: Option<PathBuf>,
    /// Runs under way.
    running: usize,
    /// This sandbox, to the others.
    neighbour: Neighbour,
    /// Whether what is looked at may have been made by a run, which is not to get in the way of the look.
    judging: bool,
}

/// What a look at the roots leads to.
#[derive(Debug)]
enum Purpose {
    /// What is there belongs to the user, and is to be held.
    Hold(Vec<Spot>),
    /// What is there belongs to the user, and came when the launcher stood already.
    Adopt,
    /// What is there may have been made by a run.
    Judge(Vec<Denial>),
}

impl Guard {
    /// Looks for carve-outs in the writable roots; returns what the launcher is to hold as well.
    pub fn new(roots: Vec<PinnedPath>, policy: &SandboxPolicy) -> (Self, Vec<Held>) {
        let neighbour = Neighbour::new(roots.iter().map(|root| root.path().to_path_buf()).collect());
        let mut state = State {
            neighbour,
            roots,
            policy: policy.clone(),
            watch: Watch::new(),
            known: BTreeMap::new(),
            compared: BTreeSet::new(),
            dangling: BTreeSet::new(),
            settings: BTreeMap::new(),
            repositories: BTreeMap::new(),
            pointers: Vec::new(),
            quarantine: Quarantine::default(),
            foreign: None,
            running: 0,
            judging: false,
        };
        let (asked, held) = state.hold_all().into_iter().unzip();
        (Self { state: Mutex::new(state), asked }, held)
    }

    /// What the launcher could not hold, by its number among what it was asked to, because it was gone by then: what is there
    /// later is judged. Returns the numbers that are nothing of this.
    pub fn forget(&self, unheld: &[u32]) -> Vec<u32> {
        let mut state = self.state();
        let asked = |number: &u32| usize::try_from(*number).ok().and_then(|number| self.asked.get(number));
        unheld.iter().for_each(|number| {
            asked(number).map(|spot| state.known.remove(spot));
        });
        unheld.iter().copied().filter(|number| asked(number).is_none()).collect()
    }

    /// Why not all that a run may make is seen; `None` when it is.
    pub fn gap(&self) -> Option<&'static str> {
        let complete = self.state().watch.is_complete();
        (!complete).then_some(
            "the workspace has more folders than this user may watch: in the others, a repository that a run makes is \
             found by the next sandbox only",
        )
    }

    /// A run begins. What appeared while none was under way is the host's.
    pub fn begin(&self) {
        self.state().begin();
    }

    /// The same, unless somebody looks at what a run made meanwhile, which can be much; whether it was done.
    pub fn try_begin(&self) -> bool {
        match self.state.try_lock() {
            Ok(mut state) => state.begin(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().begin(),
            Err(TryLockError::WouldBlock) => return false,
        }
        true
    }

    /// A run has ended: takes away what it left, and says what that was.
    pub fn end(&self) -> Vec<Denial> {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        let mut denials = state.judge();
        if state.running == 0 {
            state.neighbour.leave();
        }
        denials.truncate(MAX_DENIALS);
        denials
    }

    /// The git directory, outside of what may be written, in which git would have to write for a root's own repository.
    pub fn foreign_repository(&self) -> Option<PathBuf> {
        self.state().foreign.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self) {
        if self.running == 0 && self.neighbour.enter() {
            self.adopt();
        }
        self.running += 1;
    }

    fn hold_all(&mut self) -> Vec<(Spot, Held)> {
        let mut purpose = Purpose::Hold(Vec::new());
        self.look_everywhere(&mut purpose);
        let Purpose::Hold(spots) = purpose else {
            return Vec::new();
        };
        let mut unique = BTreeSet::new();
        spots
            .into_iter()
            .filter(|spot| unique.insert(spot.clone()))
            .filter_map(|spot| {
                let below = spot.below.clone().into_os_string().into_encoded_bytes();
                let held = Held { root: u32::try_from(spot.root).ok()?, below };
                Some((spot, held))
            })
            .collect()
    }

    /// Takes note of what the host made.
    fn adopt(&mut self) {
        let arrivals = self.watch.arrivals();
        self.look_at(arrivals, &mut Purpose::Adopt);
        self.forget_links_that_lead_somewhere();
    }

    fn judge(&mut self) -> Vec<Denial> {
        let mut purpose = Purpose::Judge(Vec::new());
        self.judging = true;
        let arrivals = self.watch.arrivals();
        self.look_at(arrivals, &mut purpose);
        self.look_at_pointers(&mut purpose);
        self.compare(&mut purpose);
        self.judging = false;
        match purpose {
            Purpose::Judge(mut denials) => {
                self.take_what_links_lead_to(&mut denials);
                denials
            }
            Purpose::Hold(_) | Purpose::Adopt => Vec::new(),
        }
    }
}
