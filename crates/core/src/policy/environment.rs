//! Which environment variables a run sees.

mod injection;
mod packed;
mod secret_names;
mod secret_values;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Serialize, Serializer};

/// The rule for the environment of a run. Made by [`SecurityProfile::resolve`](crate::SecurityProfile::resolve).
///
/// A variable is judged by the first of these that fits: a malformed name is dropped; so is one in `deny`; one in `set`
/// gets that value; one in `allow` is kept; then `base` decides. It is serialised for display, without values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentPolicy {
    /// What is inherited.
    pub base: EnvironmentBase,
    /// Whether a screened run keeps what says how servers are reached (`GIT_SSH_COMMAND`, `HTTPS_PROXY`), also with a
    /// password in it: only of use, and only kept, where there is a network.
    pub routes: bool,
    /// Names that are inherited although the base would drop them.
    pub allow: BTreeSet<String>,
    /// Names that the run never sees.
    pub deny: BTreeSet<String>,
    /// Variables that the run is given whatever they look like: who names a variable means it.
    #[serde(serialize_with = "names_only")]
    pub set: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What a run inherits. Each holds no more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EnvironmentBase {
    /// Everything.
    Host,
    /// Everything but secrets and what makes programs run code.
    Screened,
    /// Of that, only what programs need to work: `PATH`, `HOME`, the locale, the terminal.
    Minimal,
}

/// What a run sees, and what was kept from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilteredEnvironment {
    /// Names and values: the inherited ones in their order, then those that were set.
    pub vars: Vec<(Vec<u8>, Vec<u8>)>,
    /// What was left out, in order.
    pub dropped: Vec<DroppedVariable>,
}

/// A variable that was left out. Its value is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedVariable {
    /// The name, as it was given.
    pub name: Vec<u8>,
    /// The kind of rule that decided.
    pub reason: DropReason,
    /// The rule in words.
    pub detail: &'static str,
}

/// Why a variable was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// Its name or the form of its value says that it is a secret, or the way to one.
    Secret,
    /// It makes programs load or run code.
    CodeInjection,
    /// The profile denies it.
    Denied,
    /// It isn't in the minimal list.
    NotInMinimal,
    /// Its name is empty or holds `=` or NUL, or its value holds NUL.
    Malformed,
}

impl EnvironmentPolicy {
    /// A policy with that base and nothing else.
    #[must_use]
    pub fn new(base: EnvironmentBase) -> Self {
        Self { base, routes: false, allow: BTreeSet::new(), deny: BTreeSet::new(), set: BTreeMap::new() }
    }

    /// Gives the run a variable, in place of one of that name. A malformed name is dropped by [`filter`](Self::filter).
    #[must_use]
    pub fn with_set(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.set.insert(name.into(), value.into());
        self
    }

    /// What a run sees of `vars`.
    #[must_use]
    pub fn filter<N, V>(&self, vars: impl IntoIterator<Item = (N, V)>) -> FilteredEnvironment
    where
        N: Into<Vec<u8>>,
        V: Into<Vec<u8>>,
    {
        let vars = vars.into_iter();
        let mut filtered =
            FilteredEnvironment { vars: Vec::with_capacity(vars.size_hint().0 + self.set.len()), dropped: Vec::new() };
        for (name, value) in vars {
            let (name, value) = (name.into(), value.into());
            // A replaced variable is judged below, by its new value.
            if !self.set.is_empty() && self.replaces(&name) {
                continue;
            }
            filtered.take(self.judge_inherited(&name, &value), name, value);
        }
        for (name, value) in &self.set {
            filtered.take(self.judge_named(name, value), name.clone(), value.clone());
        }
        filtered
    }

    fn judge_inherited(&self, name: &[u8], value: &[u8]) -> Verdict {
        self.judge_named(name, value)?;
        if self.base == EnvironmentBase::Host || contains(&self.allow, name) {
            return Ok(());
        }
        let key = fold(name);
        if self.routes && self.base == EnvironmentBase::Screened && is_route(&key) {
            return Ok(());
        }
        if let Some(detail) = injection::why(&key) {
            return Err((DropReason::CodeInjection, detail));
        }
        if let Some(detail) = secret_names::why(name).or_else(|| secret_values::why(value)) {
            return Err((DropReason::Secret, detail));
        }
        if self.base == EnvironmentBase::Minimal && !is_minimal(&key) {
            return Err((DropReason::NotInMinimal, "not in the minimal list"));
        }
        Ok(())
    }

    /// The rules that hold for what the caller names, too.
    fn judge_named(&self, name: &[u8], value: &[u8]) -> Verdict {
        if is_malformed_name(name) {
            return Err((DropReason::Malformed, "the name is empty or holds = or NUL"));
        }
        if value.contains(&0) {
            return Err((DropReason::Malformed, "the value holds NUL"));
        }
        if contains(&self.deny, name) {
            return Err((DropReason::Denied, "denied by the profile"));
        }
        Ok(())
    }

    fn replaces(&self, name: &[u8]) -> bool {
        if cfg!(windows) {
            return self.set.keys().any(|set| set.eq_ignore_ascii_case(name));
        }
        self.set.contains_key(name)
    }
}

/// Whether no environment can hold a variable of that name: empty, or with `=` or NUL.
#[must_use]
pub fn is_malformed_name(name: &[u8]) -> bool {
    name.is_empty() || name.iter().any(|byte| matches!(byte, b'=' | 0))
}

type Verdict = Result<(), (DropReason, &'static str)>;

impl FilteredEnvironment {
    fn take(&mut self, verdict: Verdict, name: Vec<u8>, value: Vec<u8>) {
        match verdict {
            Ok(()) => self.vars.push((name, value)),
            Err((reason, detail)) => self.dropped.push(DroppedVariable { name, reason, detail }),
        }
    }
}

/// What names the program by which git reaches a server: it runs in the same sandbox.
const GIT_ROUTES: [&[u8]; 3] = [b"GIT_PROXY_COMMAND", b"GIT_SSH", b"GIT_SSH_COMMAND"];

/// Proxies, which programs look for in either case.
const PROXIES: [&[u8]; 5] = [b"ALL_PROXY", b"FTP_PROXY", b"HTTPS_PROXY", b"HTTP_PROXY", b"NO_PROXY"];

fn is_route(key: &[u8]) -> bool {
    GIT_ROUTES.contains(&key) || PROXIES.iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// What programs need to work, and what says how to speak to the user. `LC_*` belongs to it.
const MINIMAL: [&str; 38] = [
    "APPDATA",
    "CI",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "COMSPEC",
    "FORCE_COLOR",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "LANG",
    "LANGUAGE",
    "LINES",
    "LOCALAPPDATA",
    "LOGNAME",
    "NO_COLOR",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "PWD",
    "SHELL",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
];

fn is_minimal(key: &[u8]) -> bool {
    key.starts_with(b"LC_") || MINIMAL.binary_search_by(|known| known.as_bytes().cmp(key)).is_ok()
}

/// The name as the tables have it: Windows ignores the case of names, other systems don't.
fn fold(name: &[u8]) -> Cow<'_, [u8]> {
    if cfg!(windows) { Cow::Owned(name.to_ascii_uppercase()) } else { Cow::Borrowed(name) }
}

fn contains(names: &BTreeSet<String>, name: &[u8]) -> bool {
    if names.is_empty() {
        return false;
    }
    if cfg!(windows) {
        return names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
    }
    std::str::from_utf8(name).is_ok_and(|name| names.contains(name))
}

fn names_only<S: Serializer>(set: &BTreeMap<Vec<u8>, Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(set.keys().map(|name| String::from_utf8_lossy(name)))
}

#[cfg(test)]
mod tests;
