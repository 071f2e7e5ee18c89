//! Looking at directories of the writable roots: by handle, below the root, following no link.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use codex_launcher::removal::permit;
use rustix::{
    fs::{Dir, FileType, Mode, OFlags, ResolveFlags, openat2},
    io::Errno,
};

use super::{
    Kind, Known, Purpose, Spot, State,
    clean::restore,
    objects::{identity, kind_of, read, target},
    quarantine,
    watch::Arrivals,
};
use crate::policy::carve_outs::{self, DOT_GIT, GIT, GIT_POINTS, TOP};

/// How many entries one look goes through.
pub(super) const MAX_ENTRIES: usize = 400_000;
/// The directories of git directories in a git directory.
pub(super) const INNER: [&str; 2] = ["modules", "worktrees"];

impl Spot {
    pub(super) fn join(&self, name: impl AsRef<Path>) -> Self {
        Self { root: self.root, below: self.below.join(name) }
    }

    pub(super) fn parent(&self) -> Self {
        Self { root: self.root, below: self.below.parent().map(Path::to_path_buf).unwrap_or_default() }
    }
}

impl State {
    /// Looks at everything in all roots.
    pub(super) fn look_everywhere(&mut self, purpose: &mut Purpose) {
        for root in 0..self.roots.len() {
            self.look_below(Spot { root, below: PathBuf::new() }, purpose);
        }
        let known: Vec<_> = self.repositories.keys().cloned().collect();
        for repository in known {
            self.look_at_repository(&repository, purpose);
        }
    }

    /// Looks at what arrived, and at all that it holds.
    pub(super) fn look_at(&mut self, arrivals: Arrivals, purpose: &mut Purpose) {
        if arrivals.overflown {
            return self.look_everywhere(purpose);
        }
        let mut repositories = BTreeSet::new();
        for arrival in arrivals.names {
            let spot = arrival.directory.join(&arrival.name);
            // Folders in a repository that has no working tree aren't all of git's.
            if arrival.is_directory && arrival.kind != Kind::Plain && spot.in_dot_git().is_none() {
                self.look_below(spot.clone(), purpose);
            }
            match arrival.kind {
                Kind::Git | Kind::Settings => {
                    repositories.insert(arrival.directory);
                }
                Kind::Hooks | Kind::Info => {
                    repositories.insert(arrival.directory.parent());
                }
                Kind::Inner => self.look_at_inner(&spot, purpose),
                Kind::Plain => {
                    self.look_at_name(&arrival.directory, &arrival.name, purpose);
                    if matches!(arrival.name.to_str(), Some("HEAD" | "objects" | "refs" | "commondir"))
                        && self.is_repository(&arrival.directory)
                    {
                        repositories.insert(arrival.directory);
                    }
                    if arrival.is_directory && arrival.name != DOT_GIT {
                        self.look_below(spot, purpose);
                    }
                }
            }
        }
        for repository in repositories {
            self.look_at_repository(&repository, purpose);
        }
    }

    /// Looks at a directory and all below it, level by level.
    fn look_below(&mut self, start: Spot, purpose: &mut Purpose) {
        let mut level = vec![start];
        let mut entries = 0;
        // Looked at last: how their folders are watched is another way than that of others.
        let mut repositories = Vec::new();
        'levels: while !level.is_empty() {
            let mut next = Vec::new();
            for spot in level {
                if let Some(directory) = self.open(&spot) {
                    self.watch_plain(&directory, &spot, purpose);
                    let (count, is_repository) = self.look_in(directory, &spot, &mut next, purpose);
                    entries += count;
                    repositories.extend(is_repository.then(|| spot.clone()));
                }
                if entries > MAX_ENTRIES {
                    if let Purpose::Judge(denials) = purpose {
                        denials.push(self.too_many(&spot));
                    }
                    break 'levels;
                }
            }
            level = next;
        }
        for repository in repositories {
            self.look_at_repository(&repository, purpose);
        }
    }

    /// Watches a directory of the user's: by its path where no run is under way, which is quicker.
    fn watch_plain(&mut self, directory: &OwnedFd, spot: &Spot, purpose: &Purpose) {
        match purpose {
            Purpose::Hold(_) | Purpose::Adopt => self.watch.add_at(&self.path(spot), spot.clone(), Kind::Plain),
            Purpose::Judge(_) => self.watch.add(directory, spot.clone(), Kind::Plain),
        }
    }

    /// Looks at the names in one directory; returns how many there were, and whether git takes it for a git directory.
    fn look_in(
        &mut self,
        directory: OwnedFd,
        spot: &Spot,
        below: &mut Vec<Spot>,
        purpose: &mut Purpose,
    ) -> (usize, bool) {
        let Ok(mut entries) = Dir::new(directory) else {
            return (0, false);
        };
        let (mut count, mut has_head) = (0, false);
        while let Some(Ok(entry)) = entries.read() {
            use std::os::unix::ffi::OsStrExt;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            count += 1;
            let kind = match entry.file_type() {
                FileType::Unknown => kind_of_spot(self, spot, Path::new(name)).unwrap_or(FileType::Unknown),
                kind => kind,
            };
            has_head |= name == "HEAD";
            let protected = self.look_at_name(spot, name, purpose);
            if kind == FileType::Directory && !protected && name != DOT_GIT {
                below.push(spot.join(name));
            }
        }
        (count, has_head && self.is_repository(spot))
    }

    /// Looks at a name that may be a carve-out at the top of a root, or lead to a git directory. Whether it is a carve-out.
    fn look_at_name(&mut self, directory: &Spot, name: &OsStr, purpose: &mut Purpose) -> bool {
        if name == DOT_GIT {
            self.look_at_dot_git(&directory.join(name), purpose);
            return false;
        }
        let top = directory.below.as_os_str().is_empty();
        let Some(carve_out) = TOP.iter().find(|carve_out| top && name == carve_out.name) else {
            return false;
        };
        self.protect(&directory.join(name), carve_out.reason, purpose);
        true
    }

    /// Holds a protected name, or takes it away when a run made it.
    pub(super) fn protect(&mut self, spot: &Spot, reason: &str, purpose: &mut Purpose) {
        let Some((directory, name)) = self.open_parent(spot) else {
            return;
        };
        let Some((kind, identity)) = identity(&directory, &name) else {
            return;
        };
        if self.policy.lifted.contains(&self.path(spot)) {
            return;
        }
        let link = (kind == FileType::Symlink).then(|| target(&directory, &name));
        match purpose {
            Purpose::Hold(held) => match link {
                None => {
                    self.known.insert(spot.clone(), Known::Held(identity));
                    held.push(spot.clone());
                }
                Some(target) => {
                    self.note_link(spot, target);
                    held.extend(self.landing(spot));
                }
            },
            Purpose::Adopt => {
                if self.known.get(spot) == Some(&Known::Held(identity)) {
                    return;
                }
                let content = (kind == FileType::RegularFile).then(|| read(&directory, &name)).flatten();
                let known = match (link, content) {
                    (Some(target), _) => Known::Link(target),
                    (None, Some(content)) => Known::Was(content),
                    (None, None) => Known::Kept,
                };
                if let Known::Link(target) = known {
                    return self.note_link(spot, target);
                }
                if matches!(known, Known::Was(_)) {
                    self.compared.insert(spot.clone());
                }
                self.known.insert(spot.clone(), known);
            }
            Purpose::Judge(denials) => {
                let before = match (self.known.get(spot), link) {
                    (Some(Known::Kept), None) => return,
                    (Some(Known::Held(held)), None) if *held == identity => return,
                    (Some(Known::Link(before)), Some(now)) if *before == now => return,
                    (Some(Known::Was(before)), None) if read(&directory, &name).as_ref() == Some(before) => return,
                    (Some(Known::Was(before)), _) => Some(before.clone()),
                    _ => None,
                };
                denials.push(self.take(&directory, &name, spot, reason));
                if let Some(before) = before {
                    restore(&directory, &name, &before);
                }
            }
        }
    }

    /// Whether a protected name is still that of what the launcher holds.
    fn is_held(&self, directory: &OwnedFd, spot: &Spot) -> bool {
        let name = Path::new(spot.below.file_name().unwrap_or_default());
        identity(directory, name).is_some_and(|(_, now)| self.known.get(spot) == Some(&Known::Held(now)))
    }

    /// Compares what could not be held with what it was.
    pub(super) fn compare(&mut self, purpose: &mut Purpose) {
        for spot in self.compared.clone() {
            let reason = self.policy.carve_out(&self.path(&spot)).map_or(GIT_POINTS, |(_, reason)| reason);
            self.protect(&spot, reason, purpose);
        }
    }

    /// Looks at a git directory: what it has of the protected names, and the git directories in it.
    pub(super) fn look_at_repository(&mut self, spot: &Spot, purpose: &mut Purpose) {
        let Some(directory) = self.open(spot) else {
            self.repositories.remove(spot);
            return;
        };
        let made_by_run = *self.repositories.entry(spot.clone()).or_insert(matches!(purpose, Purpose::Judge(_)));
        // Each time: the same directory may have been another's, or had another name.
        self.watch.add(&directory, spot.clone(), Kind::Git);
        for (name, kind) in [("info", Kind::Info), ("hooks", Kind::Hooks)] {
            // What is held has no news.
            if (kind == Kind::Info || made_by_run)
                && let Some(part) = self.open(&spot.join(name))
            {
                self.watch.add(&part, spot.join(name), kind);
            }
        }
        if made_by_run {
            if let Purpose::Judge(denials) = purpose {
                self.clean(&directory, spot, denials);
            }
            for name in ["config", "config.worktree", "commondir"] {
                self.watch.add_settings(&directory, name, spot.clone());
            }
        } else {
            let submodule = spot.below.components().any(|part| part.as_os_str() == "modules");
            for carve_out in GIT {
                if submodule && carve_out.name == "config" {
                    self.compare_settings(&directory, spot, purpose);
                    self.watch.add_settings(&directory, carve_out.name, spot.clone());
                    continue;
                }
                let at = spot.join(carve_out.name);
                if carve_out.name == "config" {
                    if !matches!(purpose, Purpose::Judge(_)) {
                        self.compare_settings(&directory, spot, purpose);
                    } else if matches!(self.known.get(&at), Some(Known::Held(_))) && !self.is_held(&directory, &at) {
                        // Whether the host replaced it or a run: what is harmless stays.
                        self.compare_settings(&directory, spot, purpose);
                        continue;
                    }
                }
                self.protect(&at, carve_out.reason, purpose);
            }
        }
        for inner in INNER {
            self.look_at_inner(&spot.join(inner), purpose);
        }
    }

    /// Looks at a directory that holds git directories, at any depth: the name of a submodule may have slashes.
    fn look_at_inner(&mut self, start: &Spot, purpose: &mut Purpose) {
        let mut directories = vec![start.clone()];
        while let Some(spot) = directories.pop() {
            if kind_of_spot(self, &spot, Path::new("HEAD")).is_some() {
                self.look_at_repository(&spot, purpose);
                continue;
            }
            let Some(directory) = self.open(&spot) else {
                continue;
            };
            self.watch.add(&directory, spot.clone(), Kind::Inner);
            for name in quarantine::names(&directory).unwrap_or_default() {
                if kind_of(&directory, &name) == Some(FileType::Directory) {
                    directories.push(spot.join(name));
                }
            }
        }
    }

    /// Whether a directory is what git takes for a git directory.
    pub(super) fn is_repository(&self, spot: &Spot) -> bool {
        carve_outs::is_git_directory(&self.path(spot))
    }

    /// Where a link leads, if that is in a root and not the root itself.
    pub(super) fn landing(&self, spot: &Spot) -> Option<Spot> {
        self.spot_of(&self.path(spot)).filter(|spot| !spot.below.as_os_str().is_empty())
    }

    pub(super) fn spot_of(&self, path: &Path) -> Option<Spot> {
        let landed = std::fs::canonicalize(path).ok()?;
        let (root, below) = self
            .roots
            .iter()
            .enumerate()
            .find_map(|(index, root)| Some((index, landed.strip_prefix(root.path()).ok()?)))?;
        Some(Spot { root, below: below.to_path_buf() })
    }

    pub(super) fn path(&self, spot: &Spot) -> PathBuf {
        self.roots.get(spot.root).map(|root| root.path().join(&spot.below)).unwrap_or_default()
    }

    pub(super) fn open(&self, spot: &Spot) -> Option<OwnedFd> {
        match self.open_with(spot, OFlags::RDONLY) {
            // A run took away the right to look, for now or for those who list and not for those who search.
            Err(Errno::ACCESS) if self.judging => {
                let mut way: Vec<_> = spot.below.ancestors().collect();
                while let Some(below) = way.pop() {
                    let step = Spot { root: spot.root, below: below.to_path_buf() };
                    permit(&self.open_with(&step, OFlags::PATH).ok()?, Mode::RUSR | Mode::XUSR);
                }
                self.open_with(spot, OFlags::RDONLY).ok()
            }
            opened => opened.ok(),
        }
    }

    fn open_with(&self, spot: &Spot, access: OFlags) -> Result<OwnedFd, Errno> {
        let root = self.roots.get(spot.root).ok_or(Errno::NOENT)?;
        let flags = access | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let below = if spot.below.as_os_str().is_empty() { Path::new(".") } else { &spot.below };
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        loop {
            match openat2(root.handle(), below, flags, Mode::empty(), resolve) {
                // Something on the way was renamed meanwhile.
                Err(Errno::AGAIN | Errno::INTR) => {}
                opened => return opened,
            }
        }
    }

    pub(super) fn open_parent(&self, spot: &Spot) -> Option<(OwnedFd, PathBuf)> {
        Some((self.open(&spot.parent())?, spot.below.file_name()?.into()))
    }
}

fn kind_of_spot(state: &State, spot: &Spot, name: &Path) -> Option<FileType> {
    kind_of(&state.open(spot)?, name)
}
