//! Variables in front of a command: some only format, some decide which code runs.

/// Variables that change how output looks and nothing else.
const HARMLESS: &str = "LANG LANGUAGE TZ NO_COLOR CLICOLOR CLICOLOR_FORCE FORCE_COLOR COLUMNS LINES TERM COLORTERM GREP_COLOR GREP_COLORS LS_COLORS POSIXLY_CORRECT CI QUOTING_STYLE BLOCKSIZE BLOCK_SIZE RUST_BACKTRACE RUST_LOG GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT";
/// Beginnings of such names.
const HARMLESS_PREFIX: &str = "LC_";

/// Variables that make programs run code, read other settings, or read words differently.
const INJECTS: &str = "PATH BASH_ENV ENV IFS PS4 PROMPT_COMMAND SHELLOPTS BASHOPTS CDPATH GLOBIGNORE EXECIGNORE HOME SHELL PAGER MANPAGER EDITOR VISUAL BROWSER NODE_OPTIONS NODE_PATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS CLASSPATH GCONV_PATH LOCPATH NLSPATH TERMINFO TERMINFO_DIRS TERMCAP HOSTALIASES SSH_ASKPASS SUDO_ASKPASS SUDO_EDITOR CC CXX CPP AR LD MAKEFLAGS MAKE GLIBC_TUNABLES MANOPT MANROFFOPT TAR_OPTIONS GZIP XZ_OPT RSYNC_RSH RIPGREP_CONFIG_PATH FZF_DEFAULT_COMMAND PHPRC PHP_INI_SCAN_DIR LUA_INIT LUA_PATH LUA_CPATH AWKPATH AWKLIBPATH JQ_LIBRARY_PATH DOCKER_HOST DOCKER_CONFIG KUBECONFIG EXINIT VIMINIT MYVIMRC OPENSSL_CONF OPENSSL_ENGINES CURL_HOME WGETRC INPUTRC HISTFILE HISTCONTROL PROMPT RPROMPT ZDOTDIR FPATH TMPDIR HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy";
/// Beginnings of such names.
const INJECTS_PREFIX: &str = "LD_ DYLD_ GIT_ PYTHON PERL RUBY GEM_ BUNDLE_ LESS CARGO_ RUSTC RUSTUP_ npm_ NPM_ YARN_ PNPM_ BASH_FUNC_ XDG_ SYSTEMD_ MALLOC_ GTK_ QT_ PIP_ UV_ CODEX_ COMP_ JAVA_ MAVEN_ GRADLE_ GO";

/// Whether a variable can stand in front of any command without a question.
pub(crate) fn harmless(name: &str) -> bool {
    super::listed(HARMLESS, name) || HARMLESS_PREFIX.split(' ').any(|p| name.starts_with(p))
}

/// Whether a variable can change what code runs.
pub(crate) fn injects(name: &str) -> bool {
    if super::listed(HARMLESS, name) {
        return false;
    }
    super::listed(INJECTS, name)
        || INJECTS_PREFIX.split(' ').any(|p| name.starts_with(p))
        || name.ends_with("PAGER")
        || name.ends_with("EDITOR")
}

/// Whether a variable of this name usually holds a secret.
pub(crate) fn secret(name: &str) -> bool {
    const PARTS: &str =
        "TOKEN SECRET PASSWORD PASSWD PASSPHRASE CREDENTIAL CREDENTIALS CREDS APIKEY PAT PASS JWT DSN COOKIE";
    // With a name in front: `DB_PWD`, `STRIPE_KEY`, `REDIS_URL`.
    const LAST: &str = "PWD KEY AUTH";
    const STORES: &str = "DATABASE DB REDIS MONGO MONGODB POSTGRES MYSQL AMQP BROKER WEBHOOK";
    let upper = name.to_ascii_uppercase();
    let parts = || upper.split('_');
    let word = |p: &str| super::listed(PARTS, p) || ["TOKEN", "SECRET", "PASSWORD"].iter().any(|end| p.ends_with(end));
    let last = parts().next_back().unwrap_or("");
    let named = last.len() < upper.len() && !upper.starts_with("PUBLIC") && super::listed(LAST, last);
    let store = matches!(last, "URL" | "URI") && parts().any(|p| super::listed(STORES, p));
    let key = ["ACCESS_KEY", "PRIVATE_KEY", "API_KEY"].iter().any(|k| upper.contains(k));
    key || named || store || parts().any(word)
}

/// Whether a value turns a pager off.
pub(crate) fn pager_off(name: &str, value: &str) -> bool {
    name.ends_with("PAGER") && matches!(value, "" | "cat")
}

/// Whether a value is the name of a time zone, such as `Europe/Berlin`, rather than the path of a file.
pub(crate) fn zone(value: &str) -> bool {
    value.split('/').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    })
}
