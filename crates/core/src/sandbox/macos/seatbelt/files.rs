//! The rules for files. Of several that fit, the last decides: so grants come first, each denial after what it narrows.

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use super::{Denial, Places, carve_outs, parameters::Parameters, pattern, spelling};
use crate::{
    policy::{SandboxPolicy, deny_pattern, secrets::leads_to_device},
    sandbox::SandboxError,
};

/// What is denied of a hidden file.
const ALL: &str = "file-read* file-map-executable process-exec* file-write*";
/// What is denied of the contents of the host's temporary directories; that they are there may be seen.
const CONTENTS: &str = "file-read-data file-read-xattr file-map-executable process-exec*";

/// Everything of the policy that is about files.
pub struct FileRules<'a> {
    policy: &'a SandboxPolicy,
    places: &'a Places<'a>,
    denial: Denial,
    parameters: &'a mut Parameters,
    text: &'a mut String,
}

impl<'a> FileRules<'a> {
    pub fn new(
        policy: &'a SandboxPolicy,
        places: &'a Places<'a>,
        denial: Denial,
        parameters: &'a mut Parameters,
        text: &'a mut String,
    ) -> Self {
        Self { policy, places, denial, parameters, text }
    }

    /// Writes them.
    ///
    /// # Errors
    /// When what is hidden holds what the run needs, or a pattern matches too much.
    pub fn write(mut self) -> Result<(), SandboxError> {
        let matches = matches(self.policy)?;
        let secrets: Vec<PathBuf> = self.policy.secrets.keys().cloned().collect();
        let secrets = with_landings(self.policy, secrets)?;
        let denied = with_landings(self.policy, self.policy.deny_read.iter().cloned().collect())?;
        self.grants();
        self.host_tmp();
        self.secrets(&secrets);
        self.hide("denyRead", &denied);
        self.deny_patterns(&matches);
        self.carve_outs();
        let kept: Vec<_> = self.policy.kept.iter().cloned().collect();
        self.keep("the audit log", &kept);
        let pinned = secrets.iter().chain(&denied).chain(&matches).chain(&kept).chain(self.policy.writable_roots());
        self.pin(&pinned.cloned().collect::<Vec<_>>());
        self.line("; Nothing that is made runs as somebody else.");
        self.deny("file-write-setugid", &[]);
        Ok(())
    }

    fn grants(&mut self) {
        self.line("\n; Files: everything is read that no rule below hides.");
        self.line("(allow file-read* file-map-executable)");
        self.line("(when (defined? 'file-test-existence) (allow file-test-existence))");
        self.line("\n; Written are the private tmp and what the profile names.");
        let roots = self.policy.writable_roots().map(PathBuf::as_path).chain([self.places.tmp]);
        let filters: Vec<_> = roots.map(|root| self.parameters.subpath(root)).collect();
        self.allow("file-write*", &filters);
    }

    fn host_tmp(&mut self) {
        self.line("\n; The host's temporary directories are as good as empty, but for what the profile names in them.");
        let places: Vec<_> = self.places.host_tmp.iter().map(|place| self.parameters.subpath(place)).collect();
        let opened: BTreeSet<_> = self.policy.roots().map(PathBuf::as_path).chain([self.places.tmp]).collect();
        let opened: Vec<_> = opened.into_iter().map(|root| self.parameters.subpath(root)).collect();
        self.rule_except(CONTENTS, &places, &opened);
    }

    fn secrets(&mut self, secrets: &[PathBuf]) {
        let inside = |path: &Path| secrets.iter().any(|secret| path.starts_with(secret));
        let opened: BTreeSet<&PathBuf> = self.policy.roots().filter(|root| inside(root)).collect();
        let filters = self.spelled(secrets);
        if filters.is_empty() {
            return;
        }
        self.line("\n; Secrets of the user, but for what the profile opens of them.");
        let exceptions: Vec<_> = opened.iter().map(|root| self.parameters.subpath(root)).collect();
        self.rule_except(ALL, &filters, &exceptions);
        // To reach what is opened, programs look at the directories above it.
        let above: BTreeSet<_> =
            opened.iter().flat_map(|root| root.ancestors().skip(1).filter(|above| inside(above))).collect();
        if !above.is_empty() {
            let filters: Vec<_> = above.into_iter().map(|path| self.parameters.literal(path)).collect();
            self.allow("file-read-metadata", &filters);
        }
    }

    fn hide(&mut self, what: &str, places: &[PathBuf]) {
        let filters = self.spelled(places);
        if !filters.is_empty() {
            self.line(&format!("\n; {what}"));
            self.deny(ALL, &filters);
        }
    }

    /// What matches now is denied by its path, too.
    fn deny_patterns(&mut self, matches: &[PathBuf]) {
        self.hide("what denyRead matches", matches);
        let expressions = self.policy.deny_read_patterns.iter().filter_map(|denied| {
            let (base, glob) = denied.parts();
            pattern::expression(base, glob)
        });
        let filters: Vec<_> = expressions.map(|expression| self.parameters.regex(&expression)).collect();
        if !filters.is_empty() {
            self.line("\n; The patterns of denyRead");
            self.deny(ALL, &filters);
        }
    }

    fn carve_outs(&mut self) {
        let mut writes = false;
        for root in self.policy.writable_roots() {
            writes = true;
            self.line("\n; What makes a later command outside run code, in a writable directory");
            match carve_outs::of_root(root) {
                Some(expressions) => self.carve_out(&expressions),
                // There is no way to name what is in it.
                None => {
                    let filter = self.parameters.subpath(root);
                    self.deny("file-write*", &[filter]);
                }
            }
        }
        if writes && let Some(expressions) = carve_outs::of_repositories(self.places.tmp) {
            self.line("\n; A repository made in the private tmp could be moved from there");
            self.carve_out(&expressions);
        }
    }

    fn carve_out(&mut self, expressions: &carve_outs::Expressions) {
        let mut regexes = |list: &[String]| -> Vec<String> {
            list.iter().map(|expression| self.parameters.regex(expression)).collect()
        };
        let (kept, fixed) = (regexes(&expressions.kept), regexes(&expressions.fixed));
        let (closed, growing) = (regexes(&expressions.closed), regexes(&expressions.growing));
        let lifted: Vec<_> = self.policy.lifted.iter().map(|lifted| self.parameters.subpath(lifted)).collect();
        self.rule_except("file-write*", &kept, &lifted);
        self.rule_except("file-write*", &fixed, &lifted);
        let directories = format!("(require-all (vnode-type DIRECTORY) {})", any(&closed));
        self.rule_except("file-write-create", &[directories], &growing);
    }

    fn keep(&mut self, what: &str, places: &[PathBuf]) {
        let filters = self.spelled(places);
        if !filters.is_empty() {
            self.line(&format!("\n; {what}"));
            self.deny("file-write*", &filters);
        }
    }

    /// What a rule is about stays where it is, or the rule would be about something else.
    fn pin(&mut self, places: &[PathBuf]) {
        let roots: Vec<_> = self.policy.writable_roots().collect();
        let above: BTreeSet<&Path> = places
            .iter()
            .flat_map(|place| place.ancestors())
            .filter(|above| roots.iter().any(|root| above.starts_with(root)))
            .chain([self.places.tmp])
            .collect();
        self.line("\n; The directories that the rules are about, and those above them, stay where they are.");
        let filters: Vec<_> = above.into_iter().map(|path| self.parameters.literal(path)).collect();
        self.deny("file-write-unlink file-write-create", &filters);
    }

    /// Filters for places however they are written, and all below them.
    fn spelled(&mut self, places: &[PathBuf]) -> Vec<String> {
        let expression = spelling::places(places.iter().map(PathBuf::as_path));
        let mut filters: Vec<_> = places.iter().map(|place| self.parameters.subpath(place)).collect();
        filters.extend(expression.map(|expression| self.parameters.regex(&expression)));
        filters
    }

    fn allow(&mut self, operations: &str, filters: &[String]) {
        let _ = writeln!(self.text, "(allow {operations}\n  {})", filters.join("\n  "));
    }

    fn deny(&mut self, operations: &str, filters: &[String]) {
        let rule = self.denial.rule(operations, filters);
        self.line(&rule);
    }

    /// Denies what fits a filter, unless it fits an exception.
    fn rule_except(&mut self, operations: &str, filters: &[String], exceptions: &[String]) {
        if filters.is_empty() {
            return;
        }
        let filter = match exceptions {
            [] => any(filters),
            _ => {
                let exceptions: Vec<_> = exceptions.iter().map(|filter| format!("(require-not {filter})")).collect();
                format!("(require-all\n    {}\n    {})", any(filters), exceptions.join("\n    "))
            }
        };
        self.deny(operations, &[filter]);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

fn any(filters: &[String]) -> String {
    match filters {
        [one] => one.clone(),
        _ => format!("(require-any\n    {})", filters.join("\n    ")),
    }
}

/// What the patterns of `denyRead` match now.
fn matches(policy: &SandboxPolicy) -> Result<Vec<PathBuf>, SandboxError> {
    let matches = deny_pattern::expand(&policy.deny_read_patterns)
        .map_err(|error| SandboxError::DenyRead { reason: error.to_string() })?;
    for path in &matches {
        let needed = policy.writable_roots().chain([&policy.workspace]).find(|root| root.starts_with(path));
        if let Some(needed) = needed {
            let (path, needed) = (path.display(), needed.display());
            let reason =
                format!("denyRead matches {path}, which holds {needed}, and the run must read that; narrow it");
            return Err(SandboxError::DenyRead { reason });
        }
    }
    with_landings(policy, matches)
}

/// The places, and where they lead now: a link may have been put there since the policy was made.
fn with_landings(policy: &SandboxPolicy, places: Vec<PathBuf>) -> Result<Vec<PathBuf>, SandboxError> {
    let mut all = BTreeSet::new();
    for place in places {
        if let Some(landed) =
            fs::canonicalize(&place).ok().filter(|landed| *landed != place && !leads_to_device(landed))
        {
            if policy.roots().any(|root| root.starts_with(&landed)) {
                let reason = format!("holds what the run needs, and {}, which is hidden, leads there", place.display());
                return Err(SandboxError::Directory { path: landed, reason });
            }
            all.insert(landed);
        }
        all.insert(place);
    }
    Ok(all.into_iter().collect())
}
