//! What stays read-only inside a writable directory: files that make a later command outside the sandbox run code.

use std::{
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

/// A protected name, and what it does.
pub struct CarveOut {
    /// The path below the directory that the table is about.
    pub name: &'static str,
    /// What would run.
    pub reason: &'static str,
}

const fn entry(name: &'static str, reason: &'static str) -> CarveOut {
    CarveOut { name, reason }
}

const EDITOR: &str = "editors run tasks and programs that it names";
const AGENT: &str = "agents take commands, hooks and permissions from it";
const SHELL: &str = "a shell or a login runs it when it starts";
const TOOL: &str = "a program of the host runs what it says when it starts";

/// Names at the top of each writable directory.
pub const TOP: &[CarveOut] = &[
    entry(".vscode", EDITOR),
    entry(".idea", EDITOR),
    entry(".fleet", EDITOR),
    entry(".zed", EDITOR),
    entry(".devcontainer", EDITOR),
    entry(".exrc", EDITOR),
    entry(".nvimrc", EDITOR),
    entry(".nvim.lua", EDITOR),
    entry(".vimrc", EDITOR),
    entry(".vim", EDITOR),
    entry(".emacs", EDITOR),
    entry(".emacs.d", EDITOR),
    entry(".dir-locals.el", EDITOR),
    entry(".envrc", "direnv runs it in every shell that enters the directory"),
    entry(".mcp.json", AGENT),
    entry(".claude", AGENT),
    entry(".codex", AGENT),
    entry(".agents", AGENT),
    entry(".cursor", AGENT),
    entry(".gemini", AGENT),
    entry(".windsurf", AGENT),
    entry(".continue", AGENT),
    entry(".opencode", AGENT),
    entry(".aider.conf.yml", AGENT),
    entry(".bashrc", SHELL),
    entry(".bash_profile", SHELL),
    entry(".bash_login", SHELL),
    entry(".bash_logout", SHELL),
    entry(".bash_aliases", SHELL),
    entry(".profile", SHELL),
    entry(".zshrc", SHELL),
    entry(".zshenv", SHELL),
    entry(".zprofile", SHELL),
    entry(".zlogin", SHELL),
    entry(".zlogout", SHELL),
    entry(".kshrc", SHELL),
    entry(".cshrc", SHELL),
    entry(".tcshrc", SHELL),
    entry(".login", SHELL),
    entry(".inputrc", SHELL),
    entry(".xprofile", SHELL),
    entry(".xinitrc", SHELL),
    entry(".xsession", SHELL),
    entry(".xsessionrc", SHELL),
    entry(".pam_environment", SHELL),
    entry(".gitconfig", TOOL),
    entry(".gdbinit", TOOL),
    entry(".lldbinit", TOOL),
    entry(".tmux.conf", TOOL),
    entry(".screenrc", TOOL),
];

const GIT_RUNS: &str = "git runs programs that it names";
/// Why a pointer to a git directory is protected.
pub const GIT_POINTS: &str = "git takes its hooks and settings from where it points";

/// Names in a git directory.
pub const GIT: &[CarveOut] = &[
    entry("hooks", "git runs what is in it"),
    entry("config", GIT_RUNS),
    entry("config.worktree", GIT_RUNS),
    entry("info/attributes", "git runs the filters that it chooses"),
    entry("commondir", GIT_POINTS),
    entry("gitdir", GIT_POINTS),
];

/// The name of a git directory, or of the file that points to one.
pub const DOT_GIT: &str = ".git";

/// The carve-out that a path below the writable directory `root` is, or lies in, as it is on the disk: a repository without
/// a working tree has no name to know it by.
pub fn locate(root: &Path, below: &Path) -> Option<(PathBuf, &'static str)> {
    if let Some((found, reason)) = find(below, is_git_directory(root)) {
        return Some((root.join(found), reason));
    }
    let inner = below.ancestors().skip(1).filter(|inner| !inner.as_os_str().is_empty());
    inner.map(|inner| (root.join(inner), inner)).find(|(path, _)| is_git_directory(path)).and_then(|(path, inner)| {
        let rest = below.strip_prefix(inner).ok()?;
        let carve_out = GIT.iter().find(|carve_out| rest.starts_with(carve_out.name))?;
        Some((path.join(carve_out.name), carve_out.reason))
    })
}

/// Whether `below`, a path below a writable directory, is a carve-out or lies in one; and then which, and why.
///
/// `git_directory` says whether the writable directory is a git directory itself.
fn find(below: &Path, git_directory: bool) -> Option<(&Path, &'static str)> {
    let in_table = |table: &'static [CarveOut], start: &Path| {
        let rest = below.strip_prefix(start).ok()?;
        let found = table.iter().find(|carve_out| rest.starts_with(carve_out.name))?;
        let length = start.components().count() + Path::new(found.name).components().count();
        Some((prefix(below, length), found.reason))
    };
    if let Some(found) = in_table(TOP, Path::new("")) {
        return Some(found);
    }
    let names: Vec<&OsStr> = below.components().map(Component::as_os_str).collect();
    let dot_git = names.iter().position(|name| *name == DOT_GIT);
    let mut start = match dot_git {
        Some(position) => position + 1,
        None if git_directory => 0,
        None => return None,
    };
    loop {
        if let Some(found) = in_table(GIT, prefix(below, start)) {
            return Some(found);
        }
        // The git directories of submodules and worktrees lie in that of their repository.
        let inner = names.get(start..)?.iter().position(|name| *name == "modules" || *name == "worktrees")?;
        start += inner + 2;
        if start > names.len() {
            return None;
        }
    }
}

/// The first `length` components of a path.
fn prefix(path: &Path, length: usize) -> &Path {
    let surplus = path.components().count().saturating_sub(length);
    path.ancestors().nth(surplus).unwrap_or(path)
}

/// Whether a directory looks like a git directory, as git itself decides it; links count for what they may lead to later.
pub fn is_git_directory(path: &Path) -> bool {
    let found = |name: &str| path.join(name).symlink_metadata().map(|found| found.file_type());
    let leads_to_directory = |name: &str| found(name).is_ok_and(|kind| kind.is_dir() || kind.is_symlink());
    let leads_to_file = |name: &str| found(name).is_ok_and(|kind| kind.is_file() || kind.is_symlink());
    found("HEAD").is_ok() && (leads_to_directory("objects") && leads_to_directory("refs") || leads_to_file("commondir"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::find;

    #[test]
    fn what_runs_code_later_is_found_at_any_depth() {
        for (below, found) in [
            (".vscode/tasks.json", Some(".vscode")),
            (".envrc", Some(".envrc")),
            ("a/.envrc", None),
            (".git/hooks/pre-commit", Some(".git/hooks")),
            (".git/config", Some(".git/config")),
            (".git/config.worktree", Some(".git/config.worktree")),
            (".git/info/attributes", Some(".git/info/attributes")),
            (".git/info/exclude", None),
            (".git/index", None),
            (".git", None),
            (".gitignore", None),
            ("a/b/.git/hooks", Some("a/b/.git/hooks")),
            (".git/modules/sub/hooks/x", Some(".git/modules/sub/hooks")),
            (".git/modules/a/modules/b/config", Some(".git/modules/a/modules/b/config")),
            (".git/worktrees/w/commondir", Some(".git/worktrees/w/commondir")),
            (".git/worktrees/w/index", None),
            (".git/modules", None),
            ("hooks/x", None),
        ] {
            assert_eq!(find(Path::new(below), false).map(|(path, _)| path), found.map(Path::new), "{below}");
        }
        assert_eq!(find(Path::new("hooks/x"), true).map(|(path, _)| path), Some(Path::new("hooks")));
    }
}
