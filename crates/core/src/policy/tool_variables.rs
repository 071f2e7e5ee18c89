//! Variables that lead tools to where they may keep things.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

#[cfg(target_os = "linux")]
use super::secrets::landed;

/// A variable that is set for a run, unless something has set it to another place than the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolVariable {
    /// Its name.
    pub name: &'static str,
    /// What it names: by a relative path a directory below the private tmp, for what can't be kept in its usual place.
    pub value: PathBuf,
    /// The usual place, resolved; it need not exist. Where an overlay of a cache holds it, nothing has to be in the private tmp.
    pub place: PathBuf,
}

/// A cache that its tool would look for elsewhere in a sandbox, although it is there.
struct Told {
    /// The variable that names the cache itself.
    variable: &'static str,
    /// A variable that moves it, and where it is below what that names.
    moved: (&'static str, &'static str),
    /// A weaker variable that moves it to where the table of caches has it, or not at all.
    weaker: &'static str,
    /// Where it is below a home directory when nothing moves it.
    home: &'static str,
}

const TOLD: [Told; 2] = [
    // By itself, pnpm takes a store that hard links to the project can be made from: none in an overlay.
    Told {
        variable: "pnpm_config_store_dir",
        moved: ("PNPM_HOME", "store"),
        weaker: "XDG_DATA_HOME",
        home: ".local/share/pnpm/store",
    },
    // By itself, bun looks below `XDG_CACHE_HOME` first, which is set where there is no `~/.cache`.
    Told {
        variable: "BUN_INSTALL_CACHE_DIR",
        moved: ("BUN_INSTALL", "install/cache"),
        weaker: "XDG_CACHE_HOME",
        home: ".bun/install/cache",
    },
];

/// Adds what tools must be told of caches that are there. `variable` gives those of the host.
pub(super) fn tell(
    variables: &mut Vec<ToolVariable>,
    home: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) {
    for told in &TOLD {
        let moved = variable(told.moved.0).map(|place| PathBuf::from(place).join(told.moved.1));
        if moved.is_none() && variable(told.weaker).is_some() {
            variables.retain(|one| one.name != told.variable);
            continue;
        }
        let place = moved.or_else(|| home.map(|home| home.join(told.home)));
        if let Some(place) = place.filter(|place| place.is_absolute() && place.is_dir()) {
            variables.push(ToolVariable { name: told.variable, value: place.clone(), place });
        }
    }
}

/// Where linters keep caches that they fail without, where the project, their usual place, is read-only.
pub(crate) fn of_linters() -> impl Iterator<Item = ToolVariable> {
    [("RUFF_CACHE_DIR", ".cache/ruff"), ("MYPY_CACHE_DIR", ".cache/mypy")]
        .into_iter()
        .map(|(name, value)| ToolVariable { name, value: value.into(), place: PathBuf::new() })
}

/// Where clang keeps the modules that it compiles, on macOS: by itself it takes a folder of the system's for each user, which is the host's.
pub(crate) fn of_compilers() -> Option<ToolVariable> {
    cfg!(target_os = "macos").then(|| ToolVariable {
        name: "CLANG_MODULE_CACHE_PATH",
        value: ".cache/clang".into(),
        place: PathBuf::new(),
    })
}

/// Where a Chromium keeps its profile, by a variable that only Linux's takes: the user's own, which is a secret, is no place
/// for a browser that a run starts without a window.
#[cfg(target_os = "linux")]
pub(crate) fn of_browsers(home: Option<&Path>) -> ToolVariable {
    let place = home.map(|home| landed(&home.join(".config"))).unwrap_or_default();
    ToolVariable { name: "CHROME_CONFIG_HOME", value: ".config".into(), place }
}

// Windows has other homes.
#[cfg(all(test, unix))]
mod tests {
    use std::{collections::BTreeMap, fs, path::PathBuf};

    use crate::policy::caches::locate;

    #[test]
    fn tools_that_would_look_elsewhere_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let told = |set: &[(&str, &str)]| {
            let variable = |name: &str| {
                let (_, below) = set.iter().find(|(other, _)| *other == name)?;
                Some(root.join(below).into_os_string())
            };
            let variables: BTreeMap<_, _> = locate(Some(&root.join("home")), variable)
                .variables
                .into_iter()
                .map(|one| (one.name, one.value))
                .collect();
            ["pnpm_config_store_dir", "BUN_INSTALL_CACHE_DIR"].map(|name| variables.get(name).cloned())
        };
        let in_tmp = Some(PathBuf::from(".bun/install/cache"));
        assert_eq!(told(&[]), [None, in_tmp.clone()]);
        for name in ["home/.local/share/pnpm/store", "home/.bun/install/cache", "pnpm/store", "bun/install/cache"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let at = |below| Some(root.join(below));
        assert_eq!(told(&[]), [at("home/.local/share/pnpm/store"), at("home/.bun/install/cache")]);
        assert_eq!(told(&[("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")]), [None, None]);
        let moved = [("PNPM_HOME", "pnpm"), ("BUN_INSTALL", "bun"), ("XDG_CACHE_HOME", "cache")];
        assert_eq!(told(&moved), [at("pnpm/store"), at("bun/install/cache")]);
    }
}
