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
    /// What it is set to.
    pub value: ToolValue,
    /// The usual place, resolved; it need not exist. Where an overlay of a cache holds it, nothing has to be in the private tmp.
    pub place: PathBuf,
}

/// What a variable is set to for a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolValue {
    /// A directory that is there.
    At(PathBuf),
    /// A directory below the private tmp, for what can't be kept in its usual place.
    Below(&'static str),
    /// Likewise, after the text of an option.
    Option(&'static str, &'static str),
    /// What turns something off that a sandbox has no room for.
    Word(&'static str),
}

impl ToolValue {
    /// Whether it is of use whatever overlays there are.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        matches!(self, Self::At(_) | Self::Word(_))
    }

    /// The text, in a sandbox with this private tmp.
    #[must_use]
    pub fn text(&self, tmp: &Path) -> OsString {
        match self {
            Self::At(place) => place.clone().into(),
            Self::Below(below) => tmp.join(below).into(),
            Self::Option(before, below) => {
                let mut text = OsString::from(before);
                text.push(tmp.join(below));
                text
            }
            Self::Word(word) => word.into(),
        }
    }
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
            variables.push(ToolVariable { name: told.variable, value: ToolValue::At(place.clone()), place });
        }
    }
}

fn anywhere(name: &'static str, value: ToolValue) -> ToolVariable {
    ToolVariable { name, value, place: PathBuf::new() }
}

/// What tools need where the project and the home are read-only: linters a place for caches that they fail without, and others not to
/// try, and be refused, what they do well without.
pub(crate) fn of_readers() -> [ToolVariable; 6] {
    [
        anywhere("RUFF_CACHE_DIR", ToolValue::Below(".cache/ruff")),
        anywhere("MYPY_CACHE_DIR", ToolValue::Below(".cache/mypy")),
        // What `git status` learns about the index is its own to forget.
        anywhere("GIT_OPTIONAL_LOCKS", ToolValue::Word("0")),
        anywhere("PYTHONDONTWRITEBYTECODE", ToolValue::Word("1")),
        anywhere("npm_config_logs_dir", ToolValue::Below(".npm/_logs")),
        anywhere("npm_config_update_notifier", ToolValue::Word("false")),
    ]
}

/// For uv, whose cache and project are never on one file system in a sandbox: it would warn of each package.
pub(crate) fn of_uv() -> ToolVariable {
    anywhere("UV_LINK_MODE", ToolValue::Word("copy"))
}

/// For fakeroot: the owners that it stands in for are unknown in a user namespace, which it takes for a failure.
#[cfg(target_os = "linux")]
pub(crate) fn of_fakeroot() -> ToolVariable {
    anywhere("FAKEROOTDONTTRYCHOWN", ToolValue::Word("1"))
}

/// For Maven, which stops where it can't make its repository, and knows no variable for the place alone.
pub(crate) fn of_maven(home: Option<&Path>) -> Option<ToolVariable> {
    let is_absent = home.is_some_and(|home| !home.join(REPOSITORY).exists());
    is_absent.then(|| anywhere("MAVEN_OPTS", ToolValue::Option("-Dmaven.repo.local=", REPOSITORY)))
}

const REPOSITORY: &str = ".m2/repository";

/// Where clang keeps the modules that it compiles, on macOS: by itself it takes a folder of the system's for each user, which is the host's.
pub(crate) fn of_compilers() -> Option<ToolVariable> {
    cfg!(target_os = "macos").then(|| ToolVariable {
        name: "CLANG_MODULE_CACHE_PATH",
        value: ToolValue::Below(".cache/clang"),
        place: PathBuf::new(),
    })
}

/// Where a Chromium keeps its profile, by a variable that only Linux's takes: the user's own, which is a secret, is no place
/// for a browser that a run starts without a window.
#[cfg(target_os = "linux")]
pub(crate) fn of_browsers(home: Option<&Path>) -> ToolVariable {
    let place = home.map(|home| landed(&home.join(".config"))).unwrap_or_default();
    ToolVariable { name: "CHROME_CONFIG_HOME", value: ToolValue::Below(".config"), place }
}

// Windows has other homes.
#[cfg(all(test, unix))]
mod tests {
    use std::{collections::BTreeMap, fs, path::Path};

    use super::{ToolValue, of_maven};
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
        let in_tmp = Some(ToolValue::Below(".bun/install/cache"));
        assert_eq!(told(&[]), [None, in_tmp.clone()]);
        for name in ["home/.local/share/pnpm/store", "home/.bun/install/cache", "pnpm/store", "bun/install/cache"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        let at = |below| Some(ToolValue::At(root.join(below)));
        assert_eq!(told(&[]), [at("home/.local/share/pnpm/store"), at("home/.bun/install/cache")]);
        assert_eq!(told(&[("XDG_DATA_HOME", "data"), ("XDG_CACHE_HOME", "cache")]), [None, None]);
        let moved = [("PNPM_HOME", "pnpm"), ("BUN_INSTALL", "bun"), ("XDG_CACHE_HOME", "cache")];
        assert_eq!(told(&moved), [at("pnpm/store"), at("bun/install/cache")]);
    }
    #[test]
    fn maven_is_told_where_it_has_no_repository() {
        let dir = tempfile::tempdir().unwrap();
        let told = of_maven(Some(dir.path())).unwrap();
        assert_eq!(told.value.text(Path::new("/tmp")), "-Dmaven.repo.local=/tmp/.m2/repository");
        fs::create_dir_all(dir.path().join(".m2/repository")).unwrap();
        assert_eq!(of_maven(Some(dir.path())), None);
        assert_eq!(of_maven(None), None);
    }
}
