//! What a judgement may look at.

use std::path::Path;

use super::args::Arg;
use crate::git_config::GitConfig;
use crate::programs::Programs;
use crate::verdict::{Decision, ProfileKind};

/// Everything around a line.
pub(crate) struct Context<'a> {
    pub profile: Option<ProfileKind>,
    pub workspace: Option<&'a Path>,
    pub programs: &'a Programs,
    pub git: &'a GitConfig,
    pub rules: &'a dyn Rules,
}

/// A command as it stands at one layer of wrappers.
pub(crate) struct Layer<'a> {
    pub argv: &'a [Arg],
    /// The last part of the program's name.
    pub name: &'a str,
    /// Whether the name leads to a trusted program.
    pub trusted: bool,
    /// Variables that are set in front of it.
    pub assignments: &'a [(String, Arg)],
}

/// What the rules say about a layer.
pub(crate) struct Ruled {
    pub decision: Decision,
    pub reason: String,
    pub rule: String,
    /// How many words of the command the rule names.
    pub words: usize,
    /// Variables that the rule vouches for.
    pub env: Vec<String>,
}

/// The rules, as the judgement sees them.
pub(crate) trait Rules: Sync {
    /// The strictest rule that matches, if any.
    fn strictest(&self, layer: &Layer<'_>, least: Decision) -> Option<Ruled>;
    /// The rule that allows the command word by word.
    fn allows(&self, layer: &Layer<'_>) -> Option<Ruled>;
}

impl Context<'_> {
    /// A refusal that holds under every profile with a sandbox; without one it is a question.
    pub fn forbid(&self) -> Decision {
        if self.profile == Some(ProfileKind::Trusted) { Decision::Prompt } else { Decision::Forbid }
    }

    pub fn offline(&self) -> bool {
        self.profile.is_some_and(|p| !p.network())
    }
}
