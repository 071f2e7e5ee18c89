//! git reads without a question only where nothing is configured to run.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;

use codex_execpolicy::Decision::{self, Allow, Prompt};
use codex_execpolicy::{CheckContext, ExecPolicy, GitConfig};

/// The verdict on a line in a repository with this configuration.
fn verdict(config: &str, hook: Option<&str>, line: &str) -> Decision {
    let folder = tempfile::tempdir().unwrap();
    let git = folder.path().join(".git");
    fs::create_dir_all(git.join("hooks")).unwrap();
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(git.join("config"), config).unwrap();
    if let Some(hook) = hook {
        fs::write(git.join("hooks").join(hook), "").unwrap();
    }
    let policy = common::hermetic(ExecPolicy::builtin()).with_git_config(GitConfig::with_global(Vec::new()));
    let context = CheckContext { workspace: Some(folder.path().to_owned()), ..CheckContext::default() };
    policy.check_line(line, &context).decision
}

#[test]
fn helpers_of_a_repository_are_found() {
    const PLAIN: &str = "[core]\n\trepositoryformatversion = 0\n[remote \"origin\"]\n\turl = x\n";
    assert_eq!(verdict(PLAIN, None, "git status"), Allow);
    assert_eq!(verdict(PLAIN, Some("pre-commit"), "git status"), Allow);
    assert_eq!(verdict(PLAIN, Some("post-index-change"), "git status"), Prompt);
    for config in [
        "[core]\n\tfsmonitor = ./evil\n",
        "[CORE] FSMonitor=./evil\n",
        "[core]\n\tfsmon\\\nitor = ./evil\n",
        "[diff]\n\texternal = ./evil\n",
        "[diff \"x\"]\n\ttextconv = ./evil\n",
        "[filter \"x\"]\n\tclean = ./evil\n",
        "[core]\n\tpager = ./evil\n",
        "[gpg]\n\tprogram = ./evil\n",
        "[log]\n\tshowSignature\n",
        "[remote \"x\"]\n\tpromisor = true\n",
    ] {
        assert_eq!(verdict(config, None, "git status"), Prompt, "{config}");
    }
    assert_eq!(verdict("[core]\n\tfsmonitor = false\n", None, "git status"), Allow);
}

#[test]
fn helpers_of_a_repository_in_a_folder_below_are_found() {
    let outer = tempfile::tempdir().unwrap();
    let place = outer.path().join("place");
    // Files that anyone can check in are a repository without a work tree, and so is what a link leads to.
    for repository in [place.join("sub"), place.join("a/b"), outer.path().join("other")] {
        for folder in ["objects", "refs"] {
            fs::create_dir_all(repository.join(folder)).unwrap();
        }
        fs::write(repository.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(repository.join("config"), "[core]\n\tfsmonitor = ./evil\n").unwrap();
    }
    fs::create_dir(place.join("plain")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outer.path().join("other"), place.join("lead")).unwrap();
    let policy = common::hermetic(ExecPolicy::builtin()).with_git_config(GitConfig::with_global(Vec::new()));
    let context = CheckContext { workspace: Some(place), ..CheckContext::default() };
    let verdict = |line: &str| policy.check_line(line, &context).decision;
    for line in
        ["git status", "cd plain && git status", "git -C plain status", "cd a; git status", "cd gone; git status"]
    {
        assert_eq!(verdict(line), Allow, "{line}");
    }
    for line in [
        "cd sub && git status",
        "git -C sub status",
        "git -C ./sub/ status",
        "(cd sub; ls) && git status",
        "cd a && cd b && git status",
        "cd a/b; git status",
        "cd gone; cd sub; git status",
        "cd plain/../sub && git status",
        "pushd sub; git status",
        "env -C sub git status",
        "git -C a/b log",
        "cd a && git -C b log",
    ] {
        assert_eq!(verdict(line), Prompt, "{line}");
    }
    #[cfg(unix)]
    for line in ["cd lead && git status", "git -C lead status"] {
        assert_eq!(verdict(line), Prompt, "{line}");
    }
}
