//! Where tools keep what they fetched or built before, and must be able to write while they work: one table.
//!
//! The host's caches are read. What a run writes there goes to an overlay, so that nothing that the host trusts later comes
//! from a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{ToolValue, ToolVariable, secrets::landed, tool_variables};

/// One cache, and what it is for.
pub struct Cache {
    /// A variable that moves it; a list of paths counts with each of them.
    variable: Option<&'static str>,
    /// Where it is below what the variable names.
    below: &'static str,
    /// Where it is below a home directory when nothing moves it.
    home: &'static str,
    /// What in it is a secret, wherever it was moved.
    secrets: &'static [&'static str],
    /// The directory below the private tmp that the variable gives a run where the cache can't be written: none where the
    /// tool does well without, or where the variable moves more than the cache.
    in_tmp: Option<&'static str>,
    /// Whether the tool stops where it can't write, even if all that it needs is there to be read.
    always_writes: bool,
    /// What is in it.
    pub reason: &'static str,
}

const fn cache(variable: &'static str, home: &'static str, reason: &'static str) -> Cache {
    Cache { variable: Some(variable), below: "", home, secrets: &[], in_tmp: None, always_writes: false, reason }
}

/// A cache that its tool can't do without.
const fn needed(variable: &'static str, home: &'static str, reason: &'static str) -> Cache {
    Cache { in_tmp: Some(home), ..cache(variable, home, reason) }
}

/// A cache that its tool can't do without, and must be able to write.
const fn written(variable: &'static str, home: &'static str, reason: &'static str) -> Cache {
    Cache { always_writes: true, ..needed(variable, home, reason) }
}

const SHARED: &str = "what programs keep to save time: pip, uv, Go's builds, compilers, browsers";
const NPM: &str = "npm locks, indexes and logs there, also offline";
const NODE: &str = "package managers of Node keep and lock their stores there";
const CARGO: &str = "cargo locks it, and unpacks and indexes packages there";
const GO: &str = "go locks its modules and keeps what it built";
const PYTHON: &str = "pip and uv index, unpack and lock there";
const JVM: &str = "build tools of the JVM lock it and run their daemons from it";
const DOTNET: &str = "NuGet unpacks packages there";
const NOTEBOOKS: &str = "matplotlib, IPython and Jupyter warn, fail or prepare all anew where they can't write there";
const BUILDS: &str = "build tools and package managers lock it and keep what they fetched and built there";
const STATE: &str = "the tool makes it, or its own files in it, before it does anything";
const COMPILERS: &str = "ccache counts and keeps what it compiled there";

/// Where go keeps what it built.
const GO_BUILDS: &str = if cfg!(target_os = "macos") { "Library/Caches/go-build" } else { ".cache/go-build" };

/// All of them. Where one lies in another, the outer one is for both.
pub const CACHES: &[Cache] = &[
    needed("XDG_CACHE_HOME", ".cache", SHARED),
    written("npm_config_cache", ".npm", NPM),
    cache("NPM_CONFIG_CACHE", ".npm", NPM),
    cache("YARN_CACHE_FOLDER", ".yarn/berry", NODE),
    needed("YARN_GLOBAL_FOLDER", ".yarn/berry", NODE),
    needed("PNPM_HOME", ".local/share/pnpm", NODE),
    needed("BUN_INSTALL_CACHE_DIR", ".bun/install/cache", NODE),
    Cache { below: "install/cache", ..cache("BUN_INSTALL", ".bun/install/cache", NODE) },
    Cache { secrets: &["credentials", "credentials.toml"], ..needed("CARGO_HOME", ".cargo", CARGO) },
    Cache { below: "pkg", in_tmp: Some("go"), ..cache("GOPATH", "go/pkg", GO) },
    cache("GOMODCACHE", "go/pkg/mod", GO),
    written("GOCACHE", GO_BUILDS, GO),
    cache("PIP_CACHE_DIR", ".cache/pip", PYTHON),
    written("UV_CACHE_DIR", ".cache/uv", PYTHON),
    Cache { secrets: &["gradle.properties"], ..needed("GRADLE_USER_HOME", ".gradle", JVM) },
    Cache { variable: None, ..cache("", ".m2/repository", JVM) },
    needed("MPLCONFIGDIR", ".config/matplotlib", NOTEBOOKS),
    needed("IPYTHONDIR", ".ipython", NOTEBOOKS),
    needed("JUPYTER_CONFIG_DIR", ".jupyter", NOTEBOOKS),
    needed("JUPYTER_RUNTIME_DIR", ".local/share/jupyter/runtime", NOTEBOOKS),
    needed("NUGET_PACKAGES", ".nuget/packages", DOTNET),
    cache("CCACHE_DIR", ".ccache", COMPILERS),
    Cache { variable: None, ..cache("", ".m2/wrapper", JVM) },
    Cache { variable: None, ..cache("", ".sbt", JVM) },
    Cache { variable: None, ..cache("", ".ivy2", JVM) },
    needed("LEIN_HOME", ".lein", JVM),
    needed("KONAN_DATA_DIR", ".konan", JVM),
    needed("STACK_ROOT", ".stack", BUILDS),
    needed("MIX_HOME", ".mix", BUILDS),
    Cache { secrets: &["hex.config"], ..needed("HEX_HOME", ".hex", BUILDS) },
    needed("ELM_HOME", ".elm", BUILDS),
    Cache { secrets: &["credentials.json"], ..needed("PUB_CACHE", ".pub-cache", BUILDS) },
    cache("JULIA_DEPOT_PATH", ".julia", BUILDS),
    cache("OPAMROOT", ".opam", BUILDS),
    Cache { secrets: &["galaxy_token"], ..needed("ANSIBLE_HOME", ".ansible", STATE) },
    needed("PLATFORMIO_CORE_DIR", ".platformio", STATE),
    needed("PERL_CPANM_HOME", ".cpanm", STATE),
    needed("PARALLEL_HOME", ".parallel", STATE),
    // virtualenvwrapper has another usual place for what the variable moves.
    cache("WORKON_HOME", ".local/share/virtualenvs", STATE),
];

/// What the table comes to for one user.
#[derive(Debug, Default)]
pub(crate) struct Located {
    /// The caches that exist, resolved.
    pub directories: BTreeSet<PathBuf>,
    /// Secrets in caches that a variable moved, each with why it is one. They need not exist.
    pub secrets: BTreeMap<PathBuf, &'static str>,
    /// Variables that lead tools to their caches. The last of a name counts.
    pub variables: Vec<ToolVariable>,
}

/// Finds the caches of a user. Both places count, the usual one and where a variable moved it, whatever the environment of
/// a run will be: a profile that keeps a variable from its runs must not open another place by that.
pub(crate) fn locate(home: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Located {
    let mut located = Located::default();
    for cache in CACHES {
        let moved = cache.variable.and_then(&variable).unwrap_or_default();
        let moved: Vec<_> = std::env::split_paths(&moved).filter(|path| path.is_absolute()).collect();
        for place in &moved {
            for secret in cache.secrets {
                located.secrets.insert(landed(&place.join(secret)), cache.reason);
            }
        }
        let usual = home.map(|home| home.join(cache.home));
        if let (Some(variable), Some(directory)) = (cache.variable, cache.in_tmp)
            && (cache.always_writes || !usual.as_ref().is_some_and(|usual| usual.exists()))
        {
            let place = usual.as_deref().map(landed).unwrap_or_default();
            located.variables.push(ToolVariable { name: variable, value: ToolValue::Below(directory), place });
        }
        for place in moved.iter().map(|place| place.join(cache.below)).chain(usual) {
            // Most of the table isn't there: one look at the file system for each.
            if let Ok(directory) = dunce::canonicalize(&place)
                && directory.is_dir()
            {
                located.directories.insert(directory);
            }
        }
    }
    tool_variables::tell(&mut located.variables, home, variable);
    located
}

/// The table in words: each reason once, with the places that it stands for, as a user would write them.
pub(crate) fn by_reason() -> Vec<(&'static str, Vec<String>)> {
    let mut groups: Vec<(&'static str, Vec<String>)> = Vec::new();
    for cache in CACHES {
        let place = format!("~/{}", cache.home);
        match groups.iter_mut().find(|(reason, _)| *reason == cache.reason) {
            Some((_, places)) if places.contains(&place) => {}
            Some((_, places)) => places.push(place),
            None => groups.push((cache.reason, vec![place])),
        }
    }
    groups
}

// Windows lets administrators alone make links.
#[cfg(all(test, unix))]
mod tests {
    use std::{ffi::OsString, fs, path::PathBuf};

    use super::locate;

    #[test]
    fn usual_and_moved_places_count_where_they_exist() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        for name in ["home/.npm", "moved/cargo", "one/pkg", "two/pkg", "store"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::write(root.join("home/.gradle"), "a file").unwrap();
        std::os::unix::fs::symlink(root.join("store"), root.join("home/.cache")).unwrap();
        let variable = |name: &str| match name {
            "CARGO_HOME" => Some(root.join("moved/cargo").into_os_string()),
            "GOPATH" => Some(OsString::from(format!("{0}/one:relative:{0}/two", root.display()))),
            "PIP_CACHE_DIR" => Some(root.join("absent").into_os_string()),
            _ => None,
        };
        let located = locate(Some(&root.join("home")), variable);
        let expected = ["home/.npm", "moved/cargo", "one/pkg", "store", "two/pkg"].map(|name| root.join(name));
        assert_eq!(located.directories.into_iter().collect::<Vec<PathBuf>>(), expected);
        let secrets: Vec<_> = located.secrets.into_keys().collect();
        assert_eq!(secrets, ["credentials", "credentials.toml"].map(|name| root.join("moved/cargo").join(name)));
        let variables: Vec<_> = located.variables.into_iter().map(|one| one.name).collect();
        let absent_or_written = [
            "npm_config_cache",
            "YARN_GLOBAL_FOLDER",
            "PNPM_HOME",
            "BUN_INSTALL_CACHE_DIR",
            "CARGO_HOME",
            "GOPATH",
            "GOCACHE",
            "UV_CACHE_DIR",
            "MPLCONFIGDIR",
            "IPYTHONDIR",
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_RUNTIME_DIR",
            "NUGET_PACKAGES",
            "LEIN_HOME",
            "KONAN_DATA_DIR",
            "STACK_ROOT",
            "MIX_HOME",
            "HEX_HOME",
            "ELM_HOME",
            "PUB_CACHE",
            "ANSIBLE_HOME",
            "PLATFORMIO_CORE_DIR",
            "PERL_CPANM_HOME",
            "PARALLEL_HOME",
        ];
        assert_eq!(variables, absent_or_written);
    }
}
