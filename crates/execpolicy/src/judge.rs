//! From a parsed line to findings.

mod args;
mod chain;
mod command;
mod context;
mod engine;
mod options;
mod paths;
mod pipelines;
mod redirects;
mod values;

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
        let outside = || Some("the repository is outside of the workspace".to_owned());
        let Cwd::Workspace(below) = self.cwd else { return outside() };
        let folder = match folder {
            None => "",
            Some(f) if matches!(self.cwd.enter(f), Cwd::Workspace(_)) => f.text.as_str(),
            Some(_) => return outside(),
        };
        let Some(workspace) = self.context.workspace.filter(|_| self.context.git.looks()) else {
            return self.context.git.helper(None, contents);
        };
        let root = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
        for below in std::iter::once("").chain(below.iter().map(String::as_str)) {
            // A folder that isn't there can't be entered; a link leads to the repository around its target.
            let Ok(start) = root.join(below).join(folder).canonicalize() else { continue };
            if !start.starts_with(&root) {
                return outside();
            }
            let found = self.context.git.helper(Some(&start), contents);
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

/// A path by its text alone, with nothing known about where it starts.
pub(crate) fn resolve_path(text: &str) -> Place {
    paths::resolve(text, text.starts_with('~'), &Cwd::START)
}
