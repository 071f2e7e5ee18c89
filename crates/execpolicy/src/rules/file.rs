//! The form of a rules file.

use codex_document::{Format, Mistake, Node, Position, Value};

use crate::error::PolicyError;
use crate::verdict::Decision;

/// Rules that judge commands before they run.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the form of a file, for the published schema")]
pub(crate) struct RulesFile {
    /// The rules; their order doesn't matter, the strictest that matches wins.
    #[schemars(default)]
    pub rule: Vec<RawRule>,
}

/// One rule.
#[derive(Debug)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct RawRule {
    /// A name for verdicts and logs; made from the command when absent.
    pub id: Option<String>,
    /// The words that the command begins with: a word, a list of alternatives, or "*" for any word.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub command: Vec<Element>,
    /// What becomes of the command.
    pub decision: Decision,
    /// Why, for the one who reads the verdict.
    pub reason: Option<String>,
    /// Options that must all be present, anywhere and in any spelling; an element may be a list of alternatives.
    #[cfg_attr(test, schemars(default))]
    pub flags: Vec<Element>,
    /// Variables that must all be set in front of the command. An `allow` rule vouches for them.
    #[cfg_attr(test, schemars(default))]
    pub env: Vec<String>,
    /// Command lines that the rule must match.
    #[cfg_attr(test, schemars(rename = "match", length(min = 1)))]
    pub matches: Vec<String>,
    /// Command lines that the rule must not match.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub not_match: Vec<String>,
}

/// One word of a command, or several to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element(pub Vec<String>);

#[cfg(test)]
impl schemars::JsonSchema for Element {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Element".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A word, or a list of words to choose from.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
        })
    }
}

/// A rule that was found to be well formed.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub id: String,
    pub command: Vec<Element>,
    pub decision: Decision,
    pub reason: String,
    pub flags: Vec<Element>,
    pub env: Vec<String>,
    pub matches: Vec<String>,
    pub not_match: Vec<String>,
    pub origin: Origin,
    /// Part of the product: an `allow` of the user outweighs its questions.
    pub builtin: bool,
}

/// Where a rule stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub source: String,
    pub line: usize,
}

impl Rule {
    pub fn error(&self, cause: impl Into<String>) -> PolicyError {
        PolicyError::Rule {
            origin: self.origin.source.clone(),
            line: self.origin.line,
            rule: self.id.clone(),
            cause: cause.into(),
        }
    }
}

/// Reads rules from the text of a file.
pub(crate) fn parse_document(format: Format, text: &str, source: &str) -> Result<Vec<Rule>, PolicyError> {
    let syntax = |line, cause| PolicyError::Syntax { origin: source.to_owned(), line, cause };
    let document = Node::parse(format, text).map_err(|error| syntax(error.at.line, error.message))?;
    let line_of = |at| Position::of(text, at).line;
    let rules = read(&document).map_err(|mistake| syntax(line_of(mistake.at), mistake.to_string()))?;
    let origin = |at| Origin { source: source.to_owned(), line: line_of(at) };
    rules.into_iter().map(|(raw, at)| build(raw, origin(at))).collect()
}

/// Reads rules from the same structure as an object, in JSON.
pub(crate) fn parse_json(json: &str) -> Result<Vec<Rule>, PolicyError> {
    let document = Node::parse(Format::Json, json).map_err(|error| PolicyError::Object(error.message))?;
    let rules = read(&document).map_err(|mistake| PolicyError::Object(mistake.to_string()))?;
    let origin = || Origin { source: "policy object".into(), line: 0 };
    rules.into_iter().map(|(raw, _)| build(raw, origin())).collect()
}

/// The rules of a document, each with where it stands.
fn read(document: &Node) -> Result<Vec<(RawRule, usize)>, Mistake> {
    let mut rules = Vec::new();
    document.table(&["rule"], &mut |_, node| {
        rules = node.list(|node| Ok((RawRule::read(node)?, node.at)))?;
        Ok(())
    })?;
    Ok(rules)
}

impl RawRule {
    fn read(node: &Node) -> Result<Self, Mistake> {
        let (mut id, mut reason, mut decision) = (None, None, None);
        let (mut command, mut matches, mut not_match) = (None, None, None);
        let (mut flags, mut env) = (Vec::new(), Vec::new());
        let known = ["id", "command", "decision", "reason", "flags", "env", "match", "not_match"];
        node.table(&known, &mut |key, node| {
            match key {
                "id" => id = Some(word(node)?),
                "command" => command = Some(node.list(Element::read)?),
                "decision" => decision = Some(read_decision(node)?),
                "reason" => reason = Some(word(node)?),
                "flags" => flags = node.list(Element::read)?,
                "env" => env = node.list(word)?,
                "match" => matches = Some(node.list(word)?),
                _ => not_match = Some(node.list(word)?),
            }
            Ok(())
        })?;
        let missing = |key| move || node.mistake(format!("missing field `{key}`"));
        Ok(Self {
            id,
            command: command.ok_or_else(missing("command"))?,
            decision: decision.ok_or_else(missing("decision"))?,
            reason,
            flags,
            env,
            matches: matches.ok_or_else(missing("match"))?,
            not_match: not_match.ok_or_else(missing("not_match"))?,
        })
    }
}

impl Element {
    fn read(node: &Node) -> Result<Self, Mistake> {
        match &node.value {
            Value::Text(word) => Ok(Self(vec![word.clone()])),
            Value::List(_) => node.list(word).map(Self),
            _ => Err(node.mistake("a word or a list of words is expected")),
        }
    }
}

fn word(node: &Node) -> Result<String, Mistake> {
    node.text().map(str::to_owned)
}

fn read_decision(node: &Node) -> Result<Decision, Mistake> {
    match node.text()? {
        "allow" => Ok(Decision::Allow),
        "prompt" => Ok(Decision::Prompt),
        "forbid" => Ok(Decision::Forbid),
        other => Err(node.mistake(format!("unknown decision {other:?}; use allow, prompt or forbid"))),
    }
}

fn build(raw: RawRule, origin: Origin) -> Result<Rule, PolicyError> {
    let words: Vec<&str> = raw.command.iter().map(|e| e.0.first().map_or("", String::as_str)).collect();
    let flags = raw.flags.iter().filter_map(|f| f.0.first().map(String::as_str));
    let named: Vec<&str> = words.iter().copied().chain(flags).collect();
    let rule = Rule {
        id: raw.id.unwrap_or_else(|| format!("{}: {}", raw.decision, named.join(" "))),
        reason: raw.reason.unwrap_or_else(|| format!("a rule says {} for `{}`", raw.decision, named.join(" "))),
        command: raw.command,
        decision: raw.decision,
        flags: raw.flags,
        env: raw.env,
        matches: raw.matches,
        not_match: raw.not_match,
        origin,
        builtin: false,
    };
    let cause = if rule.command.is_empty() {
        "`command` is empty; name at least the program"
    } else if rule.command.iter().chain(&rule.flags).any(|e| e.0.is_empty() || e.0.iter().any(String::is_empty)) {
        "a word or a list of alternatives is empty"
    } else if rule.command.first().is_some_and(|e| e.0.iter().any(|w| w == "*")) && rule.decision == Decision::Allow {
        "an `allow` rule must name its program"
    } else if rule.matches.is_empty() || rule.not_match.is_empty() {
        "`match` and `not_match` need at least one example each"
    } else if rule.id.is_empty() || rule.id.starts_with("builtin:") {
        "`id` is empty or begins with `builtin:`, which names the rules of the product"
    } else if rule.flags.iter().flat_map(|e| &e.0).any(|f| !f.starts_with('-') || f == "-" || f == "--") {
        "a flag must begin with a dash"
    } else {
        return Ok(rule);
    };
    Err(rule.error(cause))
}
