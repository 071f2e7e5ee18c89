//! The form of a rules file.

use std::borrow::Cow;

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::error::PolicyError;
use crate::verdict::Decision;

/// Rules that judge commands before they run.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RulesFile {
    /// The rules; their order doesn't matter, the strictest that matches wins.
    #[serde(default)]
    pub rule: Vec<RawRule>,
}

/// One rule.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
    #[serde(default)]
    pub flags: Vec<Element>,
    /// Variables that must all be set in front of the command. An `allow` rule vouches for them.
    #[serde(default)]
    pub env: Vec<String>,
    /// Command lines that the rule must match.
    #[serde(rename = "match")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub matches: Vec<String>,
    /// Command lines that the rule must not match.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub not_match: Vec<String>,
}

/// One word of a command, or several to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element(pub Vec<String>);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Element;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a word or a list of words")
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Element, E> {
                Ok(Element(vec![word.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Element, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(Element(words))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

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

/// Reads rules from TOML.
pub(crate) fn parse_toml(text: &str, source: &str) -> Result<Vec<Rule>, PolicyError> {
    let line_of = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let refused = |e: toml::de::Error| PolicyError::Syntax {
        origin: source.to_owned(),
        line: e.span().map_or(1, |s| line_of(s.start)),
        cause: e.message().to_owned(),
    };
    let table = DeTable::parse(text).map_err(refused)?;
    read(table, &refused, &|start| Origin { source: source.to_owned(), line: line_of(start) })
}

/// Reads rules from the same structure as an object.
pub(crate) fn parse_value(value: &serde_json::Value) -> Result<Vec<Rule>, PolicyError> {
    let refused = |cause: &str| PolicyError::Object(cause.to_owned());
    let DeValue::Table(table) = as_toml(value).map_err(refused)? else {
        return Err(refused("the rules are no object; write { rule: [...] }"));
    };
    let origin = |_| Origin { source: "policy object".into(), line: 0 };
    read(nowhere(table), &|e| refused(e.message()), &origin)
}

/// The rules of a table; `refused` says what is wrong with it, `origin` where a rule is that begins at an offset.
fn read(
    table: Spanned<DeTable<'_>>,
    refused: &dyn Fn(toml::de::Error) -> PolicyError,
    origin: &dyn Fn(usize) -> Origin,
) -> Result<Vec<Rule>, PolicyError> {
    let starts: Vec<usize> = match table.get_ref().get("rule").map(Spanned::get_ref) {
        Some(DeValue::Array(rules)) => rules.iter().map(|rule| rule.span().start).collect(),
        _ => Vec::new(),
    };
    let file = RulesFile::deserialize(toml::Deserializer::from(table)).map_err(refused)?;
    file.rule.into_iter().zip(starts).map(|(raw, start)| build(raw, origin(start))).collect()
}

/// An object as the table that it would be in a file, so that there is one reader for both.
fn as_toml(value: &serde_json::Value) -> Result<DeValue<'_>, &'static str> {
    use serde_json::Value;
    Ok(match value {
        Value::String(text) => DeValue::String(text.into()),
        Value::Bool(value) => DeValue::Boolean(*value),
        Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| as_toml(item).map(nowhere)).collect();
            DeValue::Array(items?.into_iter().collect())
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| Ok((nowhere(Cow::from(key)), nowhere(as_toml(value)?))));
            DeValue::Table(fields.collect::<Result<_, _>>()?)
        }
        Value::Number(_) | Value::Null => return Err("it holds a number or null, which no key of a rule takes"),
    })
}

fn nowhere<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
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
