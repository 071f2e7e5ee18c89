//! From what clap matched to what it means.

use std::{any::Any, ffi::OsString, path::PathBuf};

use clap::ArgMatches;
use codex_core::sandbox::DenialReports;

use super::{
    AccessArguments, Arguments, AuditAction, AuditChoice, AuditLogArgument, Check, ColorChoice, EnforcementChoice,
    Explain, Global, PolicyAction, ProfileAction, Run, Selection, ShellChoice, Subcommand, command,
};

impl Arguments {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// What clap says of a line that isn't in the tree; help and version are errors to it, too.
    pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut found = Found(command().try_get_matches_from(behind(words.into_iter().collect()))?);
        let global = Global {
            verbose: found.flag("verbose"),
            color: match found.text("color").as_deref() {
                Some("always") => ColorChoice::Always,
                Some("never") => ColorChoice::Never,
                _ => ColorChoice::Auto,
            },
        };
        let command = found.subcommand().map(|(name, mut found)| Subcommand::read(&name, &mut found));
        Ok(Self { global, run: Run::read(&mut found), command })
    }
}

/// Options of every command may stand in front of it: they are put behind it, where they are looked for.
fn behind(mut words: Vec<OsString>) -> Vec<OsString> {
    let mut at = 1;
    while let Some(word) = words.get(at).and_then(|word| word.to_str()) {
        match word {
            "-v" | "--verbose" => at += 1,
            "--color" => at += 2,
            _ if word.starts_with("--color=") => at += 1,
            _ => break,
        }
    }
    let named = words.get(at).and_then(|word| word.to_str());
    if named.is_some_and(|word| command().get_subcommands().any(|known| known.get_name() == word)) {
        // The program's name stays in front.
        words.get_mut(1..=at).unwrap_or_default().rotate_right(1);
    }
    words
}

impl Subcommand {
    fn read(name: &str, found: &mut Found) -> Self {
        match name {
            "exec" => Self::Exec(Run::read(found)),
            "profile" => Self::Profile { action: found.action(ProfileAction::read) },
            "policy" => Self::Policy { action: found.action(PolicyAction::read) },
            "audit" => Self::Audit { action: found.action(AuditAction::read) },
            "doctor" => Self::Doctor { json: found.flag("json") },
            _ => Self::Completions { shell: found.one("shell").unwrap_or(clap_complete::Shell::Bash) },
        }
    }
}

impl Run {
    fn read(found: &mut Found) -> Self {
        Self {
            profile: found.one("profile"),
            sandbox_mode: found.one("sandbox-mode"),
            workspace: found.one("workspace"),
            writable: found.all("writable"),
            readable: found.all("readable"),
            deny_read: found.all("deny-read"),
            unix_socket: found.all("unix-socket"),
            policy: found.all("policy"),
            audit_log: found.one("audit-log"),
            audit: found.text("audit").map(|level| match level.as_str() {
                "standard" => AuditChoice::Standard,
                "strict" => AuditChoice::Strict,
                _ => AuditChoice::Off,
            }),
            audit_max_bytes: found.one("audit-max-bytes"),
            audit_max_files: found.one::<u64>("audit-max-files").and_then(|files| u32::try_from(files).ok()),
            timeout: found.one("timeout"),
            limit: found.all("limit"),
            env: found.all("env"),
            enforcement: match found.text("enforcement").as_deref() {
                Some("best-effort") => EnforcementChoice::BestEffort,
                _ => EnforcementChoice::Required,
            },
            denials: match found.text("denials").as_deref() {
                Some("network") => DenialReports::Network,
                Some("off") => DenialReports::Off,
                _ => DenialReports::Full,
            },
            json: found.flag("json"),
            command: found.all("command"),
        }
    }
}

impl ProfileAction {
    fn read(name: &str, found: &mut Found) -> Self {
        let json = found.flag("json");
        match name {
            "list" => Self::List { json },
            "show" => Self::Show { profile: found.one("profile").unwrap_or_default(), json },
            _ => Self::Explain(Explain {
                profile: found.one("profile").unwrap_or_default(),
                access: AccessArguments {
                    write: found.one("write"),
                    read: found.one("read"),
                    connect: found.text("connect"),
                },
                workspace: found.one("workspace"),
                json,
            }),
        }
    }
}

impl PolicyAction {
    fn read(name: &str, found: &mut Found) -> Self {
        match name {
            "check" => Self::Check(Check::read(found)),
            "explain" => Self::Explain(Check::read(found)),
            "test" => Self::Test { file: found.one::<PathBuf>("file").unwrap_or_default(), json: found.flag("json") },
            _ => Self::Builtin,
        }
    }
}

impl Check {
    fn read(found: &mut Found) -> Self {
        Self {
            policy: found.all("policy"),
            line: found.text("line"),
            shell: match found.text("shell").as_deref() {
                Some("powershell") => ShellChoice::Powershell,
                Some("cmd") => ShellChoice::Cmd,
                _ => ShellChoice::Bash,
            },
            profile: found.one("profile"),
            workspace: found.one("workspace"),
            quiet: found.flag("quiet"),
            json: found.flag("json"),
            command: found.all("command"),
        }
    }
}

impl AuditAction {
    fn read(name: &str, found: &mut Found) -> Self {
        let log = AuditLogArgument { audit_log: found.one("audit-log") };
        match name {
            "tail" => {
                let count = found.one::<u64>("count").and_then(|count| usize::try_from(count).ok());
                let (count, follow) = (count.unwrap_or(usize::MAX), found.flag("follow"));
                Self::Tail { count, follow, selection: Selection::read(found), json: found.flag("json"), log }
            }
            "query" => {
                let expression = found.text("expression").unwrap_or_default();
                Self::Query { expression, selection: Selection::read(found), json: found.flag("json"), log }
            }
            "stats" => Self::Stats { selection: Selection::read(found), json: found.flag("json"), log },
            "sessions" => Self::Sessions { selection: Selection::read(found), json: found.flag("json"), log },
            "verify" => {
                let (checkpoint, public_key) = (found.one("checkpoint"), found.one("public-key"));
                Self::Verify { checkpoint, public_key, json: found.flag("json"), log }
            }
            "checkpoint" => Self::Checkpoint { log },
            "export" => {
                let format = found.text("format").unwrap_or_default();
                Self::Export { format, selection: Selection::read(found), log }
            }
            _ => Self::Report { selection: Selection::read(found), log },
        }
    }
}

impl Selection {
    fn read(found: &mut Found) -> Self {
        Self { since: found.text("since") }
    }
}

/// What clap matched at one level. To ask for what the level doesn't have is a panic, never an option that is passed over.
struct Found(ArgMatches);

impl Found {
    fn subcommand(&mut self) -> Option<(String, Self)> {
        self.0.remove_subcommand().map(|(name, found)| (name, Self(found)))
    }

    /// The action below a command, which the tree demands.
    fn action<T>(&mut self, read: fn(&str, &mut Self) -> T) -> T {
        match self.subcommand() {
            Some((name, mut found)) => read(&name, &mut found),
            None => read("", self),
        }
    }

    #[inline(never)]
    fn one<T: Any + Clone + Send + Sync>(&mut self, name: &str) -> Option<T> {
        self.0.remove_one(name)
    }

    #[inline(never)]
    fn all<T: Any + Clone + Send + Sync>(&mut self, name: &str) -> Vec<T> {
        self.0.remove_many(name).map(Iterator::collect).unwrap_or_default()
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.one(name)
    }

    fn flag(&mut self, name: &str) -> bool {
        self.one(name).unwrap_or_default()
    }
}
