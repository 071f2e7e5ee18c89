//! Which lines of a git configuration can't make git run a program.
//!
//! A list of what is known to be harmless, because git gains new settings that run something with each version. A line
//! that isn't understood counts as one that runs something.

use std::collections::BTreeSet;

/// A configuration without what isn't known to be harmless; `None` when nothing had to go. What stands in `before`, under
/// the same header, stays as well.
pub fn harmless_part(text: &[u8], before: &[u8]) -> Option<Vec<u8>> {
    let mut stood_before = BTreeSet::new();
    stood_before.extend(under_headers(before));
    let mut kept = Vec::with_capacity(text.len());
    let mut section = None;
    for (header, line) in under_headers(text) {
        let harmless = std::str::from_utf8(line).is_ok_and(|line| is_harmless(line, &mut section));
        if harmless || (!line.trim_ascii().starts_with(b"[") && stood_before.contains(&(header, line))) {
            kept.extend_from_slice(line);
        }
    }
    (kept.len() != text.len()).then_some(kept)
}

/// Each line with the last line before it that begins a section.
fn under_headers(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut header: &[u8] = b"";
    text.split_inclusive(|&byte| byte == b'\n').map(move |line| {
        if line.trim_ascii().starts_with(b"[") {
            header = line;
        }
        (header, line)
    })
}

fn is_harmless(line: &str, section: &mut Option<String>) -> bool {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', ';']) {
        return true;
    }
    if let Some(header) = line.strip_prefix('[') {
        *section = header.strip_suffix(']').and_then(section_name);
        return section.is_some();
    }
    let (key, value) = line.split_once('=').map_or((line, ""), |(key, value)| (key.trim(), value.trim()));
    // A value that goes on in the next line would hide that line's own meaning.
    if line.ends_with('\\') || value.matches('"').count() % 2 != 0 {
        return false;
    }
    section.as_deref().is_some_and(|section| is_known(section, &key.to_ascii_lowercase(), value))
}

/// The section of a header such as `remote "origin"`, in lower case and without what stands in quotes.
fn section_name(header: &str) -> Option<String> {
    let name = match header.split_once(char::is_whitespace) {
        None => header,
        Some((name, subsection)) => {
            let inner = subsection.trim().strip_prefix('"')?.strip_suffix('"')?;
            if inner.contains(['"', '\\', '\n']) {
                return None;
            }
            name
        }
    };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    plain.then(|| name.to_ascii_lowercase())
}

fn is_known(section: &str, key: &str, value: &str) -> bool {
    match (section, key) {
        ("remote", "url" | "pushurl") | ("submodule", "url") => is_plain_url(value),
        ("submodule", "update") => !value.trim_start_matches('"').starts_with('!'),
        _ => KNOWN.iter().any(|(known, keys)| *known == section && keys.contains(&key)),
    }
}

/// No transport that is a program (`ext::…`), and nothing that looks like an option.
fn is_plain_url(value: &str) -> bool {
    let value = value.trim_start_matches('"');
    !value.starts_with('-') && !value.contains("::") && !value.contains("://-") && !value.contains('\\')
}

const KNOWN: &[(&str, &[&str])] = &[
    (
        "core",
        &[
            "repositoryformatversion",
            "filemode",
            "bare",
            "logallrefupdates",
            "ignorecase",
            "precomposeunicode",
            "symlinks",
            "worktree",
            "autocrlf",
            "eol",
            "safecrlf",
            "abbrev",
            "quotepath",
            "compression",
            "sharedrepository",
            "longpaths",
            "trustctime",
            "checkstat",
            "preloadindex",
            "untrackedcache",
            "splitindex",
            "sparsecheckout",
            "sparsecheckoutcone",
            "commentchar",
            "whitespace",
            "protecthfs",
            "protectntfs",
        ],
    ),
    (
        "remote",
        &[
            "fetch",
            "push",
            "tagopt",
            "prune",
            "prunetags",
            "mirror",
            "promisor",
            "partialclonefilter",
            "followremotehead",
            "skipfetchall",
            "gh-resolved",
        ],
    ),
    ("branch", &["remote", "merge", "rebase", "description", "pushremote", "autosetupmerge", "autosetuprebase"]),
    ("submodule", &["active", "branch", "ignore", "path", "fetchrecursesubmodules", "recurse", "shallow"]),
    ("user", &["name", "email"]),
    ("author", &["name", "email"]),
    ("committer", &["name", "email"]),
    (
        "extensions",
        &[
            "objectformat",
            "compatobjectformat",
            "refstorage",
            "worktreeconfig",
            "partialclone",
            "relativeworktrees",
            "noop",
            "preciousobjects",
        ],
    ),
    ("init", &["defaultbranch"]),
    ("pull", &["rebase", "ff"]),
    ("push", &["default", "autosetupremote", "followtags"]),
    ("fetch", &["prune", "prunetags", "parallel", "recursesubmodules"]),
    ("merge", &["conflictstyle", "ff", "renames", "stat"]),
    ("rebase", &["autostash", "autosquash", "updaterefs"]),
    ("diff", &["renames", "algorithm", "colormoved", "mnemonicprefix", "noprefix"]),
    ("commit", &["cleanup", "verbose", "status"]),
    ("gc", &["auto", "autodetach", "pruneexpire"]),
    ("index", &["version", "threads", "sparse"]),
    ("status", &["short", "branch", "showuntrackedfiles"]),
    ("color", &["ui"]),
    ("lfs", &["repositoryformatversion"]),
    ("maintenance", &["auto", "strategy"]),
    ("receive", &["denycurrentbranch", "denydeletes", "denynonfastforwards"]),
    ("rerere", &["enabled", "autoupdate"]),
];

#[cfg(test)]
mod tests {
    use super::harmless_part;

    const CLONED: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\
        [remote \"origin\"]\n\turl = https://example.com/a.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
        [branch \"main\"]\n\tremote = origin\n\tmerge = refs/heads/main\n# a remark\n";

    #[test]
    fn what_git_itself_writes_stays() {
        assert_eq!(harmless_part(CLONED.as_bytes(), b""), None);
        assert_eq!(harmless_part(b"", b""), None);
        assert_eq!(harmless_part(b"[submodule \"a\"]\n\tactive = true\n\turl = ../a\n", b""), None);
        let shared = b"[core]\n\tsharedrepository = 1\n[receive]\n\tdenyNonFastforwards = true\n";
        assert_eq!(harmless_part(shared, b""), None);
    }

    #[test]
    fn what_stood_there_before_stays_and_only_that() {
        let before = b"[filter \"lfs\"]\n\tclean = git-lfs clean\n";
        assert_eq!(harmless_part(before, before), None);
        let moved = b"[core]\n\tclean = git-lfs clean\n[filter \"lfs\"]\n\tclean = git-lfs clean\n\tclean = evil\n";
        let kept = harmless_part(moved, before).unwrap();
        assert_eq!(kept, b"[core]\n[filter \"lfs\"]\n\tclean = git-lfs clean\n");
    }

    #[test]
    fn what_runs_a_program_goes_and_the_rest_stays() {
        for line in [
            "[core]\n\tfsmonitor = touch x\n",
            "[CORE]\n\thooksPath = /x\n",
            "[core]\n\tsshCommand = x\n",
            "[filter \"x\"]\n\tclean = x\n",
            "[alias]\n\tst = !x\n",
            "[include]\n\tpath = x\n",
            "[includeIf \"gitdir:/\"]\n\tpath = x\n",
            "[remote \"x\"]\n\turl = ext::sh -c x\n",
            "[remote \"x\"]\n\tuploadpack = x\n",
            "[diff]\n\texternal = x\n",
            "[submodule \"x\"]\n\tupdate = !x\n",
            "[core] fsmonitor = x\n",
            "[core]\n\tabbrev = \\\nfsmonitor = x\n",
            "[core \"x\\\"]\n\tfsmonitor = x\n",
            "\u{feff}[core]\n\tfsmonitor = x\n",
        ] {
            let kept = harmless_part(format!("{CLONED}{line}").as_bytes(), b"").unwrap();
            let kept = String::from_utf8(kept).unwrap();
            assert!(kept.starts_with(CLONED), "{kept}");
            for word in ["fsmonitor", "hooks", "ssh", "clean", "path", "ext::", "pack", "external", "!x"] {
                assert!(!kept.contains(word), "{line} left {kept}");
            }
        }
    }
}
