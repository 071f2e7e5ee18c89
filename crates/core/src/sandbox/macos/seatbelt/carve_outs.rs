//! Carve-outs as regular expressions: at their places below each writable root, existing or not.

use std::path::Path;

use super::spelling::{any_of, beginning, folded};
use crate::policy::carve_outs::{CarveOut, DOT_GIT, GIT, TOP, is_git_directory};

/// The directories of git directories in a git directory.
const INNER: [&str; 2] = ["modules", "worktrees"];
/// What git makes directories in, in a git directory of a submodule or a worktree.
const GROWING: [&str; 6] = ["objects", "refs", "logs", "lfs", "rebase-merge", "rebase-apply"];

/// The expressions of one place that may be written.
#[derive(Debug)]
pub struct Expressions {
    /// What may not be made, changed, renamed or removed, with all below it.
    pub kept: Vec<String>,
    /// What may not be made, renamed or removed itself: what is put in its place could bring a carve-out along.
    pub fixed: Vec<String>,
    /// Where no directory may be made, because it could be a git directory that is moved there whole.
    pub closed: Vec<String>,
    /// Where one may all the same.
    pub growing: Vec<String>,
}

/// The carve-outs of a writable `root`; `None` for a root that is no text.
pub fn of_root(root: &Path) -> Option<Expressions> {
    let mut expressions = of_repositories(root)?;
    let root_expression = beginning(root)?;
    expressions.kept.push(format!("^{root_expression}/{}(/|$)", names(TOP)));
    if is_git_directory(root) {
        expressions.add_git_directory(&root_expression);
    }
    Some(expressions)
}

/// The carve-outs of repositories below `place`: one that is made there could be moved into a writable root whole.
pub fn of_repositories(place: &Path) -> Option<Expressions> {
    let mut expressions = Expressions { kept: Vec::new(), fixed: Vec::new(), closed: Vec::new(), growing: Vec::new() };
    let dot_git = format!("{}(/.*)?/{}", beginning(place)?, folded(DOT_GIT));
    expressions.fixed.push(format!("^{dot_git}$"));
    expressions.add_git_directory(&dot_git);
    Some(expressions)
}

impl Expressions {
    fn add_git_directory(&mut self, directory: &str) {
        let inner = any_of(INNER.map(folded));
        // The names of submodules may have slashes in them.
        let nested = format!("{directory}((/.*)?/{inner}/.+)?");
        self.kept.push(format!("^{nested}/{}(/|$)", names(GIT)));
        self.fixed.push(format!("^{nested}/({}|{inner})$", folded("info")));
        self.closed.push(format!("^{directory}(/.*)?/{inner}/"));
        self.growing.push(format!("^{directory}(/.*)?/{inner}/.+/{}(/|$)", any_of(GROWING.map(folded))));
    }
}

fn names(table: &[CarveOut]) -> String {
    any_of(table.iter().map(|carve_out| folded(carve_out.name)))
}
