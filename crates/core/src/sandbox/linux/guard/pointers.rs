//! What is at the name `.git`: a git directory, or a file or link that points to one.

use std::{ffi::OsStr, path::PathBuf};

use rustix::fs::FileType;

use super::{
    Known, Purpose, Spot, State,
    look::INNER,
    objects::{common, kind_of, pointer, read, target},
};
use crate::policy::carve_outs::{DOT_GIT, GIT_POINTS};

/// A file that points to a git directory.
#[derive(Debug, Clone)]
pub struct Pointer {
    spot: Spot,
    /// What it says.
    path: PathBuf,
    /// Where that is, if it is in a root.
    leads_to: Option<Spot>,
}

impl Spot {
    /// What lies in a `.git`, by the names below that; nothing where the user's own files are.
    pub(super) fn in_dot_git(&self) -> Option<Vec<&OsStr>> {
        let mut names = self.below.iter();
        names.find(|name| *name == DOT_GIT)?;
        Some(names.collect())
    }

    /// Whether what is made here, or put in its place, is told of by a watch.
    fn is_watched(&self) -> bool {
        self.in_dot_git().is_none_or(|names| match names[..] {
            [] => true,
            [inner, _] => INNER.iter().any(|name| inner == *name),
            _ => false,
        })
    }
}

impl State {
    /// Looks at it and at the git directory that it is or leads to.
    pub(super) fn look_at_dot_git(&mut self, spot: &Spot, purpose: &mut Purpose) {
        let Some((directory, name)) = self.open_parent(spot) else {
            return;
        };
        match kind_of(&directory, &name) {
            Some(FileType::Directory) => self.look_at_repository(spot, purpose),
            Some(FileType::RegularFile) => {
                let text = read(&directory, &name).unwrap_or_default();
                let leads_to = self.pointed_to(&spot.parent(), &text);
                if spot.parent().below.as_os_str().is_empty() && leads_to.is_none() {
                    self.foreign = pointer(&text).and_then(|pointer| common(&self.path(&spot.parent()).join(pointer)));
                }
                // A pointer that a run made is judged by what it points to.
                if !matches!(purpose, Purpose::Judge(_)) || self.known.contains_key(spot) {
                    self.protect(spot, GIT_POINTS, purpose);
                }
                if let Some(repository) = &leads_to {
                    self.look_at_repository(repository, purpose);
                }
                if let Some(path) = pointer(&text) {
                    let path = self.path(&spot.parent()).join(path);
                    self.forget_pointer(spot);
                    self.pointers.push(Pointer { spot: spot.clone(), path, leads_to });
                }
            }
            Some(FileType::Symlink) if !matches!(purpose, Purpose::Judge(_)) => {
                // The link itself is compared; what it leads to is no carve-out as a whole.
                self.known.insert(spot.clone(), Known::Link(target(&directory, &name)));
                if let Some(repository) = self.landing(spot) {
                    self.look_at_repository(&repository, purpose);
                }
            }
            Some(FileType::Symlink) => self.protect(spot, GIT_POINTS, purpose),
            _ => {}
        }
    }

    /// Looks again at pointers to git directories where no watch tells that they lead elsewhere now, or that it is another git
    /// directory: what lies in a `.git` and is none of git's is not looked at otherwise.
    pub(super) fn look_at_pointers(&mut self, purpose: &mut Purpose) {
        for Pointer { spot, path, leads_to } in self.pointers.clone() {
            let is_held = matches!(self.known.get(&spot), Some(Known::Held(_)));
            let same = is_held && self.spot_of(&path) == leads_to;
            if !same || leads_to.is_some_and(|leads_to| !leads_to.is_watched()) {
                self.forget_pointer(&spot);
                self.look_at_dot_git(&spot, purpose);
            }
        }
    }

    fn forget_pointer(&mut self, spot: &Spot) {
        self.pointers.retain(|known| known.spot != *spot);
    }

    /// Where the text of a `.git` file in `directory` leads, if that is in a root.
    fn pointed_to(&self, directory: &Spot, text: &[u8]) -> Option<Spot> {
        self.spot_of(&self.path(directory).join(pointer(text)?))
    }
}
