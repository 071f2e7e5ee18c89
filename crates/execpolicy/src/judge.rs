//! From a parsed line to findings.

use std::path::Path;

mod args;
mod chain;
mod command;
mod context;
mod engine;
mod options;
mod paths;
mod pipelines;
mod redirects;

pub(crate) use args::{Arg, ArgKind};
pub(crate) use context::{Context, Layer, Ruled, Rules};
pub(crate) use engine::{Judgement, judge_argv, judge_script};
pub(crate) use options::{Options, Parsed, Style, parse as parse_options};
pub(crate) use paths::{Base, Cwd, Place};

/// A program with its words, ready to be looked up.
pub(crate) struct Call<'a> {
    /// The last part of the program's name.
    pub name: &'a str,
    pub argv: &'a [Arg],
    pub cwd: &'a Cwd,
    pub context: &'a Context<'a>,
}

impl<'a> Call<'a> {
    /// The words behind the program.
    pub fn args(&self) -> &'a [Arg] {
        self.argv.get(1..).unwrap_or(&[])
    }

    pub fn options(&self, options: &Options) -> Result<Parsed<'a>, String> {
        parse_options(options, self.args())
    }

    pub fn place(&self, arg: &Arg) -> Place {
        paths::place(arg, self.cwd)
    }

    /// Why git may run a helper in the repository of a folder, the one that the line stands in by default.
    pub fn git_helper(&self, folder: Option<&Arg>, contents: bool) -> Option<String> {
        let cwd = folder.map_or_else(|| self.cwd.clone(), |f| self.cwd.enter(f));
        if cwd != Cwd::Workspace {
            return Some("the repository is outside of the workspace".into());
        }
        let below = folder.map_or("", |f| f.text.as_str());
        let start = self.context.workspace.map(|w| w.join(Path::new(below)));
        self.context.git.helper(start.as_deref(), contents)
    }
}

/// A path by its text alone, with nothing known about where it starts.
pub(crate) fn resolve_path(text: &str) -> Place {
    paths::resolve(text, text.starts_with('~'), &Cwd::Workspace)
}
