//! Names of variables that make a program load or run code which it otherwise wouldn't.
//!
//! Names that choose a tool (`EDITOR`, `PAGER`, `CC`, `SHELL`, `BROWSER`) stay, and so does `PATH`: they say which program
//! is meant, and the program that is started is in the sandbox all the same. What is listed here slips code into a
//! program that nobody expects to carry it, or leads to a service outside.

use super::packed;

/// Why a variable of that name makes programs run code.
pub(super) fn why(name: &[u8]) -> Option<&'static str> {
    let first = name.first()?;
    // The lengths rule out nearly all rows, which makes this faster than a binary search.
    if let Some((_, _, detail)) = packed::rows::<0>(&PACKED, &BY_FIRST, *first).find(|(known, ..)| *known == name) {
        return Some(detail);
    }
    packed::all::<0>(&PACKED_FAMILIES)
        .find(|(ends, ..)| {
            let mut ends = ends.split(|byte| *byte == b'*');
            let rest = ends.next().and_then(|prefix| name.strip_prefix(prefix));
            rest.zip(ends.next()).is_some_and(|(rest, suffix)| rest.ends_with(suffix))
        })
        .map(|(_, _, detail)| detail)
        .or_else(|| npm_config(name))
}

/// npm reads its settings in either case.
fn npm_config(name: &[u8]) -> Option<&'static str> {
    name.starts_with(b"npm_").then(|| name.to_ascii_uppercase()).and_then(|upper| why(&upper))
}

/// Sorted.
const EXACT: &[packed::Row<0>] = &[
    ("ANT_OPTS", [], "Java loads agents that it names"),
    ("BASHOPTS", [], "sets shell options"),
    ("BASH_ENV", [], "bash runs the file it names"),
    ("BASH_LOADABLES_PATH", [], "bash loads built-ins from it"),
    ("BASH_XTRACEFD", [], "bash writes its trace to that descriptor"),
    ("BUN_INSPECT_PRELOAD", [], "Bun loads it"),
    ("BUN_OPTIONS", [], "Bun loads modules that it names"),
    ("CARGO_BUILD_RUSTC", [], "cargo runs it"),
    ("CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER", [], "cargo runs it"),
    ("CARGO_BUILD_RUSTC_WRAPPER", [], "cargo runs it"),
    ("CARGO_BUILD_RUSTDOC", [], "cargo runs it"),
    ("CARGO_MAKEFLAGS", [], "make evaluates it, and it names descriptors that aren't passed on"),
    ("CDPATH", [], "changes where cd leads"),
    ("CLASSPATH", [], "Java loads classes from it"),
    ("CMAKE_CXX_COMPILER_LAUNCHER", [], "CMake runs it"),
    ("CMAKE_C_COMPILER_LAUNCHER", [], "CMake runs it"),
    ("CMAKE_TOOLCHAIN_FILE", [], "CMake runs it"),
    ("CVS_RSH", [], "cvs runs it"),
    ("DBUS_SESSION_BUS_ADDRESS", [], "the way to services outside"),
    ("DBUS_SYSTEM_BUS_ADDRESS", [], "the way to services outside"),
    ("DOTNET_ADDITIONAL_DEPS", [], "dotnet loads libraries that it names"),
    ("DOTNET_SHARED_STORE", [], "dotnet loads libraries from it"),
    ("DOTNET_STARTUP_HOOKS", [], "dotnet loads it"),
    ("ELECTRON_RUN_AS_NODE", [], "turns an application into an interpreter"),
    ("ELIXIR_ERL_OPTIONS", [], "Erlang runs code in it"),
    ("EMACSLOADPATH", [], "Emacs loads code from it"),
    ("ENV", [], "sh runs the file it names"),
    ("ERL_AFLAGS", [], "Erlang runs code in it"),
    ("ERL_FLAGS", [], "Erlang runs code in it"),
    ("ERL_LIBS", [], "Erlang loads modules from it"),
    ("ERL_ZFLAGS", [], "Erlang runs code in it"),
    ("EXINIT", [], "vi runs it"),
    ("FPATH", [], "a shell loads functions from it"),
    ("GCONV_PATH", [], "the C library loads modules from it"),
    ("GETCONF_DIR", [], "getconf runs programs in it"),
    ("GIO_EXTRA_MODULES", [], "GIO loads modules from it"),
    ("GIO_MODULE_DIR", [], "GIO loads modules from it"),
    ("GIT_ALLOW_PROTOCOL", [], "lets git run remote helpers"),
    ("GIT_ASKPASS", [], "git runs it"),
    ("GIT_COMMON_DIR", [], "git takes configuration and hooks from it"),
    ("GIT_DIR", [], "git takes configuration and hooks from it"),
    ("GIT_EDITOR", [], "git runs it"),
    ("GIT_EXEC_PATH", [], "git runs programs in it"),
    ("GIT_EXTERNAL_DIFF", [], "git runs it"),
    ("GIT_PAGER", [], "git runs it"),
    ("GIT_PROXY_COMMAND", [], "git runs it"),
    ("GIT_SEQUENCE_EDITOR", [], "git runs it"),
    ("GIT_SSH", [], "git runs it"),
    ("GIT_SSH_COMMAND", [], "git runs it"),
    ("GIT_TEMPLATE_DIR", [], "git copies hooks from it"),
    ("GLIBC_TUNABLES", [], "changes the loader"),
    ("GLOBIGNORE", [], "changes what a shell matches"),
    ("GNUMAKEFLAGS", [], "make evaluates it"),
    ("GOENV", [], "go takes flags from it"),
    ("GOFLAGS", [], "go runs programs that it names"),
    ("GRADLE_OPTS", [], "Java loads agents that it names"),
    ("GST_PLUGIN_PATH", [], "GStreamer loads plugins from it"),
    ("GTK_MODULES", [], "GTK loads them"),
    ("GTK_PATH", [], "GTK loads modules from it"),
    ("GUILE_LOAD_PATH", [], "Guile loads modules from it"),
    ("GVIMINIT", [], "vim runs it"),
    ("HGEDITOR", [], "Mercurial runs it"),
    ("HGMERGE", [], "Mercurial runs it"),
    ("HGRCPATH", [], "Mercurial loads extensions that it names"),
    ("HOSTALIASES", [], "changes what host names mean"),
    ("IFS", [], "changes how a shell splits words"),
    ("JAVA_OPTS", [], "Java loads agents that it names"),
    ("JAVA_TOOL_OPTIONS", [], "Java loads agents that it names"),
    ("JDK_JAVA_OPTIONS", [], "Java loads agents that it names"),
    ("JULIA_LOAD_PATH", [], "Julia loads modules from it"),
    ("KRB5_CONFIG", [], "Kerberos loads modules that it names"),
    ("LESSCLOSE", [], "less runs it"),
    ("LESSEDIT", [], "less runs it"),
    ("LESSOPEN", [], "less runs it"),
    ("LOCPATH", [], "the C library loads locale data from it"),
    ("MAKEFILES", [], "make reads the files it names"),
    ("MAKEFLAGS", [], "make evaluates it, and it names descriptors that aren't passed on"),
    ("MAVEN_ARGS", [], "Maven runs goals that it names"),
    ("MAVEN_OPTS", [], "Java loads agents that it names"),
    ("MFLAGS", [], "make evaluates it"),
    ("MYVIMRC", [], "vim runs the file it names"),
    ("NLSPATH", [], "the C library loads message formats from it"),
    ("NODE_CHANNEL_FD", [], "Node takes a descriptor for its parent"),
    ("NODE_OPTIONS", [], "Node loads modules that it names"),
    ("NODE_PATH", [], "Node loads modules from it"),
    ("NODE_REPL_EXTERNAL_MODULE", [], "Node loads it"),
    ("NPM_CONFIG_GIT", [], "npm runs it"),
    ("NPM_CONFIG_GLOBALCONFIG", [], "npm takes programs from it"),
    ("NPM_CONFIG_NODE_GYP", [], "npm runs it"),
    ("NPM_CONFIG_NODE_OPTIONS", [], "Node loads modules that it names"),
    ("NPM_CONFIG_SCRIPT_SHELL", [], "npm runs it"),
    ("NPM_CONFIG_USERCONFIG", [], "npm takes programs from it"),
    ("OPENSSL_CONF", [], "OpenSSL loads engines that it names"),
    ("OPENSSL_ENGINES", [], "OpenSSL loads engines from it"),
    ("OPENSSL_MODULES", [], "OpenSSL loads modules from it"),
    ("PERL5DB", [], "Perl runs it"),
    ("PERL5LIB", [], "Perl loads modules from it"),
    ("PERL5OPT", [], "Perl loads modules that it names"),
    ("PERL5SHELL", [], "Perl runs it"),
    ("PERLLIB", [], "Perl loads modules from it"),
    ("PHPRC", [], "PHP takes its configuration from it"),
    ("PHP_INI_SCAN_DIR", [], "PHP takes its configuration from it"),
    ("PROMPT_COMMAND", [], "bash runs it"),
    ("PS0", [], "bash expands it as code"),
    ("PS4", [], "bash expands it as code"),
    ("PSMODULEPATH", [], "PowerShell loads modules from it"),
    ("PYTEST_ADDOPTS", [], "pytest loads plugins that it names"),
    ("PYTEST_PLUGINS", [], "pytest loads them"),
    ("PYTHONBREAKPOINT", [], "Python calls it"),
    ("PYTHONEXECUTABLE", [], "changes which Python runs"),
    ("PYTHONHOME", [], "Python loads its library from it"),
    ("PYTHONINSPECT", [], "Python waits for code"),
    ("PYTHONPATH", [], "Python loads modules from it"),
    ("PYTHONPLATLIBDIR", [], "Python loads modules from it"),
    ("PYTHONPYCACHEPREFIX", [], "Python loads code from it"),
    ("PYTHONSTARTUP", [], "Python runs the file it names"),
    ("PYTHONUSERBASE", [], "Python loads modules from it"),
    ("PYTHONWARNINGS", [], "Python loads modules that it names"),
    ("QT_PLUGIN_PATH", [], "Qt loads plugins from it"),
    ("RSYNC_CONNECT_PROG", [], "rsync runs it"),
    ("RSYNC_RSH", [], "rsync runs it"),
    ("RUBYGEMS_GEMDEPS", [], "Ruby runs the file it names"),
    ("RUBYLIB", [], "Ruby loads files from it"),
    ("RUBYOPT", [], "Ruby loads files that it names"),
    ("RUBYSHELL", [], "Ruby runs it"),
    ("RUSTC_WORKSPACE_WRAPPER", [], "cargo runs it"),
    ("RUSTC_WRAPPER", [], "cargo runs it"),
    ("R_ENVIRON", [], "R takes variables from it"),
    ("R_ENVIRON_USER", [], "R takes variables from it"),
    ("R_PROFILE", [], "R runs the file it names"),
    ("R_PROFILE_USER", [], "R runs the file it names"),
    ("SBT_OPTS", [], "Java loads agents that it names"),
    ("SHELLOPTS", [], "sets shell options"),
    ("SSH_ASKPASS", [], "ssh runs it"),
    ("SSH_SK_HELPER", [], "ssh runs it"),
    ("SSH_SK_PROVIDER", [], "ssh loads it"),
    ("SUDO_ASKPASS", [], "sudo runs it"),
    ("SVN_EDITOR", [], "Subversion runs it"),
    ("SVN_SSH", [], "Subversion runs it"),
    ("TAR_OPTIONS", [], "tar runs programs that it names"),
    ("TCLLIBPATH", [], "Tcl loads packages from it"),
    ("TS_NODE_PROJECT", [], "ts-node loads modules that it names"),
    ("VIMINIT", [], "vim runs it"),
    ("VSCODE_GIT_IPC_HANDLE", [], "the way to the editor outside"),
    ("VSCODE_IPC_HOOK", [], "the way to the editor outside"),
    ("VSCODE_IPC_HOOK_CLI", [], "the way to the editor outside"),
    ("WGETRC", [], "wget runs programs that it names"),
    ("YARN_IGNORE_PATH", [], "changes which yarn runs"),
    ("YARN_RC_FILENAME", [], "yarn takes programs from it"),
    ("ZDOTDIR", [], "zsh runs files in it"),
    ("_JAVA_OPTIONS", [], "Java loads agents that it names"),
];

static PACKED: [u8; packed::size(EXACT)] = packed::pack(EXACT);
static BY_FIRST: packed::Places = packed::by_first(EXACT);

/// Names by how they start and end.
const FAMILIES: &[packed::Row<0>] = &[
    ("BASH_FUNC_*", [], "a shell function"),
    ("CARGO_TARGET_*_LINKER", [], "cargo runs it"),
    ("CARGO_TARGET_*_RUNNER", [], "cargo runs it"),
    ("CORECLR_PROFILER*", [], "dotnet loads it"),
    ("CORECLR_ENABLE_PROFILING*", [], "dotnet loads a profiler"),
    ("COR_PROFILER*", [], "dotnet loads it"),
    ("COR_ENABLE_PROFILING*", [], "dotnet loads a profiler"),
    ("DYLD_*", [], "the loader loads libraries that it names"),
    ("GIT_CONFIG*", [], "git takes programs from it"),
    ("LD_*", [], "the loader loads libraries that it names"),
    ("LUA_CPATH*", [], "Lua loads modules from it"),
    ("LUA_INIT*", [], "Lua runs it"),
    ("LUA_PATH*", [], "Lua loads modules from it"),
    ("VSCODE_GIT_ASKPASS_*", [], "git runs it"),
    ("_RLD*", [], "the loader loads libraries that it names"),
];

static PACKED_FAMILIES: [u8; packed::size(FAMILIES)] = packed::pack(FAMILIES);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exact_name_is_found() {
        for (name, _, detail) in EXACT {
            assert_eq!(why(name.as_bytes()), Some(*detail), "{name}");
        }
    }

    #[test]
    fn a_family_is_known_by_both_ends() {
        for (ends, _, detail) in FAMILIES {
            assert_eq!(ends.matches('*').count(), 1, "{ends}");
            assert_eq!(why(ends.replace('*', "X").as_bytes()), Some(*detail), "{ends}");
        }
        assert_eq!(why(b"CARGO_TARGET_DIR"), None);
    }

    #[test]
    fn the_exact_names_are_sorted() {
        assert!(EXACT.is_sorted_by_key(|(name, ..)| *name));
    }
}
