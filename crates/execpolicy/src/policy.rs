//! The policy: rules and knowledge, ready to answer.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use crate::error::PolicyError;
use crate::git_config::GitConfig;
use crate::judge::{Arg, Context, Judgement, judge_argv, judge_script};
use crate::programs::Programs;
use crate::rules::{self, PolicySource, Rule, RuleSet, TestReport};
use crate::verdict::{CheckContext, Decision, Explanation, Finding, Shell, Verdict};
use crate::windows;

/// The rules that the product brings.
const BUILTIN: &str = include_str!("builtin.toml");

/// Judges command lines. Cheap to clone, and safe to use from many threads.
#[derive(Debug, Clone)]
pub struct ExecPolicy {
    rules: Arc<RuleSet>,
    programs: Arc<Programs>,
    git: Arc<GitConfig>,
}

impl ExecPolicy {
    /// The policy without any rule of a user.
    #[must_use]
    pub fn builtin() -> Self {
        Self::with_rules(Vec::new())
    }

    /// The rules of the product as a file.
    #[must_use]
    pub fn builtin_toml() -> &'static str {
        BUILTIN
    }

    /// The product's rules and those of a text; `source` names it in errors.
    ///
    /// # Errors
    /// When the text is no rules file, or a rule doesn't do what its examples say.
    pub fn parse_toml(text: &str, source: &str) -> Result<Self, PolicyError> {
        let rules = rules::parse_text(text, source)?;
        rules::examine(&rules)?;
        Ok(Self::with_rules(rules))
    }

    /// The product's rules and those of an object of the same form as a rules file, in JSON.
    ///
    /// # Errors
    /// When the object has another form, or a rule doesn't do what its examples say.
    pub fn from_json(json: &str) -> Result<Self, PolicyError> {
        let rules = rules::parse_json(json)?;
        rules::examine(&rules)?;
        Ok(Self::with_rules(rules))
    }

    /// The product's rules and those of files. One broken file refuses all.
    ///
    /// # Errors
    /// When a file can't be read, isn't trusted for its tier, is no rules file, or a rule doesn't do what its examples say.
    pub fn load(sources: &[PolicySource]) -> Result<Self, PolicyError> {
        let mut all = Vec::new();
        for source in sources {
            let rules = rules::read(source)?;
            rules::examine(&rules)?;
            all.extend(rules);
        }
        Ok(Self::with_rules(all))
    }

    fn with_rules(mut rules: Vec<Rule>) -> Self {
        rules.extend(builtin_rules().iter().cloned());
        Self {
            rules: Arc::new(RuleSet::new(rules)),
            programs: Arc::new(Programs::from_env()),
            git: Arc::new(GitConfig::from_env()),
        }
    }

    /// Looks for programs elsewhere than on the search path of this process.
    #[must_use]
    pub fn with_programs(mut self, programs: Programs) -> Self {
        self.programs = Arc::new(programs);
        self
    }

    /// Looks for git's settings elsewhere than where the user's git does.
    #[must_use]
    pub fn with_git_config(mut self, git: GitConfig) -> Self {
        self.git = Arc::new(git);
        self
    }

    /// Judges a command line.
    #[must_use]
    pub fn check_line(&self, line: &str, context: &CheckContext) -> Verdict {
        self.explain_line(line, context).verdict
    }

    /// Judges a program with its words, as they are passed to the system.
    #[must_use]
    pub fn check_argv<S: AsRef<str>>(&self, argv: &[S], context: &CheckContext) -> Verdict {
        self.explain_argv(argv, context).verdict
    }

    /// Judges a command line and tells what each part led to.
    #[must_use]
    pub fn explain_line(&self, line: &str, context: &CheckContext) -> Explanation {
        let workspace = workspace(context);
        let inner = self.context(context, workspace.as_ref());
        let judgement = match context.shell {
            Shell::Bash => judge_script(line, &inner),
            Shell::PowerShell => windows::powershell::judge(line, &inner),
            Shell::Cmd => windows::cmd::judge(line, &inner),
        };
        conclude(judgement)
    }

    /// Judges a program with its words and tells what each part led to.
    #[must_use]
    pub fn explain_argv<S: AsRef<str>>(&self, argv: &[S], context: &CheckContext) -> Explanation {
        let workspace = workspace(context);
        let inner = self.context(context, workspace.as_ref());
        let words: Vec<Arg> = argv.iter().map(|a| Arg::literal(a.as_ref())).collect();
        let mut judgement = judge_argv(&words, &inner);
        if let Some(what) = argv.iter().find_map(|a| crate::text::refused(a.as_ref(), false)) {
            let shown = argv.iter().map(|a| a.as_ref().to_owned()).collect();
            judgement.add(Decision::Prompt, "builtin:characters", format!("it holds {what}"), shown);
        }
        conclude(judgement)
    }

    /// Tries the examples of all rules, those of the product too.
    #[must_use]
    pub fn test(&self) -> TestReport {
        rules::report(&self.rules)
    }

    fn context<'a>(&'a self, context: &'a CheckContext, workspace: Option<&'a PathBuf>) -> Context<'a> {
        Context {
            profile: context.profile,
            workspace: workspace.map(PathBuf::as_path),
            programs: &self.programs,
            git: &self.git,
            rules: self.rules.as_ref(),
        }
    }
}

/// The product's rules. Their examples are held to in the tests.
fn builtin_rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let mut rules = rules::parse_text(BUILTIN, "builtin.toml").unwrap_or_default();
        rules.iter_mut().for_each(|r| r.builtin = true);
        rules
    });
    &RULES
}

fn workspace(context: &CheckContext) -> Option<PathBuf> {
    context.workspace.clone().or_else(|| std::env::current_dir().ok())
}

/// The strictest finding decides; the first of equals.
fn conclude(judgement: Judgement) -> Explanation {
    let findings = judgement.findings;
    let mut best: Option<(usize, &Finding)> = None;
    for (i, finding) in findings.iter().enumerate() {
        if best.is_none_or(|(_, b)| finding.decision > b.decision) {
            best = Some((i, finding));
        }
    }
    let verdict = match best {
        Some((part, f)) => Verdict {
            decision: f.decision,
            reason: f.reason.clone(),
            rule: f.rule.clone(),
            argv: f.argv.clone(),
            part,
            parts: findings.len(),
            hint: hint(f),
        },
        None => Verdict {
            decision: Decision::Prompt,
            reason: "it runs nothing that can be judged".into(),
            rule: "builtin:empty".into(),
            argv: Vec::new(),
            part: 0,
            parts: 0,
            hint: None,
        },
    };
    Explanation { verdict, findings }
}

fn hint(finding: &Finding) -> Option<String> {
    if finding.decision != Decision::Prompt {
        return None;
    }
    let first = finding.argv.first().filter(|word| !word.is_empty())?;
    let words = match finding.argv.get(1) {
        Some(second) if !second.starts_with('-') => format!("{first:?}, {second:?}"),
        _ => format!("{first:?}"),
    };
    Some(format!("confirm it, or add a rule with decision = \"allow\" and command = [{words}]"))
}
