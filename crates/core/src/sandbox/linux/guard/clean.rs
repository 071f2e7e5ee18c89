//! Taking away what a run made and the host would run, and saying so.

use std::{
    ffi::OsStr,
    fs::File,
    io::Write,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::fs::{FileType, Mode, OFlags, openat};

use super::{
    Known, Purpose, Spot, State, git_config,
    look::MAX_ENTRIES,
    objects::{kind_of, read},
    quarantine,
};
use crate::{
    exec::{Denial, DenialKind},
    policy::carve_outs::GIT_POINTS,
};

impl State {
    /// Takes what runs programs out of the settings of a submodule, but for what was in them before.
    pub(super) fn compare_settings(&mut self, directory: &OwnedFd, spot: &Spot, purpose: &mut Purpose) {
        let (name, at) = (Path::new("config"), spot.join("config"));
        let text = read(directory, name);
        match purpose {
            Purpose::Hold(_) | Purpose::Adopt => {
                self.settings.insert(at, text.unwrap_or_default());
            }
            Purpose::Judge(denials) => {
                let Some(kind) = kind_of(directory, name) else {
                    return;
                };
                let before = self.settings.get(&at).map_or(&b""[..], Vec::as_slice);
                let harmless = match (kind, text) {
                    (FileType::RegularFile, Some(text)) => git_config::harmless_part(&text, before),
                    _ => Some(before.to_vec()),
                };
                if let Some(harmless) = harmless {
                    denials.push(self.take(directory, name, &at, "git runs programs that it names"));
                    restore(directory, name, &harmless);
                }
            }
        }
    }

    /// Takes what runs programs out of a git directory that a run made.
    pub(super) fn clean(&mut self, directory: &OwnedFd, spot: &Spot, denials: &mut Vec<Denial>) {
        let hooks = spot.join("hooks");
        match (kind_of(directory, Path::new("hooks")), self.open(&hooks)) {
            (Some(FileType::Directory), Some(opened)) => {
                for name in quarantine::names(&opened).unwrap_or_default() {
                    if name.extension() != Some(OsStr::new("sample")) {
                        denials.push(self.take(&opened, &name, &hooks.join(&name), "git runs it"));
                    }
                }
            }
            (None, _) => {}
            _ => denials.push(self.take(directory, Path::new("hooks"), &hooks, "git runs what is in it")),
        }
        for name in ["config", "config.worktree"] {
            let (name, at) = (Path::new(name), spot.join(name));
            match kind_of(directory, name) {
                None => {}
                Some(FileType::RegularFile) => {
                    let harmless = match read(directory, name) {
                        Some(text) => git_config::harmless_part(&text, b""),
                        None => Some(Vec::new()),
                    };
                    if let Some(harmless) = harmless {
                        denials.push(self.take(directory, name, &at, "git runs programs that it names"));
                        restore(directory, name, &harmless);
                    }
                }
                Some(_) => denials.push(self.take(directory, name, &at, "git runs programs that it names")),
            }
        }
        // A worktree shares the repository that its git directory lies in, and no other.
        let commondir = Path::new("commondir");
        let is_its_own = |text: Vec<u8>| text.trim_ascii() == b"../.." && self.is_repository(&spot.parent().parent());
        if kind_of(directory, commondir).is_some() && !read(directory, commondir).is_some_and(is_its_own) {
            let at = spot.join("commondir");
            denials.push(self.take(directory, commondir, &at, "git takes its hooks from where it points"));
        }
    }

    /// Takes note of a protected name that is a link.
    pub(super) fn note_link(&mut self, spot: &Spot, target: PathBuf) {
        self.known.insert(spot.clone(), Known::Link(target));
        if !self.path(spot).exists() {
            self.dangling.insert(spot.clone());
        }
    }

    /// What the host made while no run was under way is its own.
    pub(super) fn forget_links_that_lead_somewhere(&mut self) {
        let dangling = std::mem::take(&mut self.dangling);
        self.dangling = dangling.into_iter().filter(|spot| !self.path(spot).exists()).collect();
    }

    /// Takes away what a protected link leads to that led to nothing before the run.
    pub(super) fn take_what_links_lead_to(&mut self, denials: &mut Vec<Denial>) {
        for spot in self.dangling.clone() {
            let Some(landing) = self.landing(&spot) else {
                continue;
            };
            let Some((directory, name)) = self.open_parent(&landing) else {
                continue;
            };
            let reason = self.policy.carve_out(&self.path(&spot)).map_or(GIT_POINTS, |(_, reason)| reason);
            // Only a carve-out by its own name can be granted, and a link counts for where it lands.
            denials.push(Denial { grant: None, ..self.take(&directory, &name, &landing, reason) });
        }
    }

    pub(super) fn take(&mut self, directory: &OwnedFd, name: &Path, spot: &Spot, reason: &str) -> Denial {
        let roots: Vec<PathBuf> = self.roots.iter().map(|root| root.path().to_path_buf()).collect();
        let roots: Vec<&Path> = roots.iter().map(PathBuf::as_path).collect();
        let path = self.path(spot);
        let taken = self.quarantine.take(directory.as_fd(), name, &roots);
        let carve_out = self.policy.carve_out(&path).map_or(path.clone(), |(carve_out, _)| carve_out);
        let (reason, quarantine) = match taken {
            Ok(quarantine) => (format!("{reason}; the run made it, and it was taken away"), quarantine),
            Err(errno) => (format!("{reason}; the run made it, and it could not be taken away ({errno})"), None),
        };
        Denial {
            kind: DenialKind::Write,
            path: Some(bounded(&path)),
            address: None,
            syscall: None,
            pid: None,
            program: None,
            rule: "carve-out".to_owned(),
            reason,
            grant: Some(format!("add writable: [{:?}]", bounded(&carve_out))),
            quarantine: quarantine.map(|path| bounded(&path)),
        }
    }

    pub(super) fn too_many(&self, spot: &Spot) -> Denial {
        Denial {
            kind: DenialKind::Write,
            path: Some(bounded(&self.path(spot))),
            address: None,
            syscall: None,
            pid: None,
            program: None,
            rule: "unchecked".to_owned(),
            reason: format!(
                "the run made more than {MAX_ENTRIES} entries; what lies here and deeper was not looked at"
            ),
            grant: None,
            quarantine: None,
        }
    }
}

/// Puts the harmless part of a settings file back. Without it git uses its defaults.
pub(super) fn restore(directory: &OwnedFd, name: &Path, text: &[u8]) {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    if let Ok(file) = openat(directory, name, flags, mode) {
        let _ = File::from(file).write_all(text);
    }
}

/// A path in a report.
fn bounded(path: &Path) -> String {
    const MAX_CHARACTERS: usize = 4096;
    path.to_string_lossy().chars().take(MAX_CHARACTERS).collect()
}
