//! Whether a record fits: only the fields that a query names are read, the rest of the line is skipped over.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::parse::{Condition, Node, Order};
use crate::clock::parse_ms;

pub(super) fn matches(node: &Node, line: &[u8]) -> bool {
    let mut wanted = Vec::new();
    fields(node, &mut wanted);
    let mut reader = serde_json::Deserializer::from_slice(line);
    match (Wanted(&wanted)).deserialize(&mut reader) {
        Ok(found) => fits(node, &Fields { wanted: &wanted, found: &found }),
        Err(_) => false,
    }
}

/// The top-level names that a query looks at.
fn fields<'a>(node: &'a Node, wanted: &mut Vec<&'a str>) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| fields(node, wanted)),
        Node::Not(node) => fields(node, wanted),
        Node::Test(condition) => {
            let (Condition::Present { field }
            | Condition::Equal { field, .. }
            | Condition::Contains { field, .. }
            | Condition::Order { field, .. }
            | Condition::OneOf { field, .. }) = condition;
            let top = top(field);
            if !wanted.contains(&top) {
                wanted.push(top);
            }
        }
    }
}

/// `labels` of `labels.team`.
fn top(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

struct Wanted<'a>(&'a [&'a str]);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Vec<Option<Value>>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<Option<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = vec![None; self.0.len()];
        while let Some(name) = map.next_key::<std::borrow::Cow<str>>()? {
            match self.0.iter().position(|wanted| *wanted == name) {
                Some(at) => found[at] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

struct Fields<'a> {
    wanted: &'a [&'a str],
    found: &'a [Option<Value>],
}

impl Fields<'_> {
    fn get(&self, field: &str) -> Option<&Value> {
        let at = self.wanted.iter().position(|wanted| *wanted == top(field))?;
        let value = self.found[at].as_ref()?;
        match field.split_once('.') {
            None => Some(value),
            // A label's own name may hold dots.
            Some((_, rest)) => {
                value.get(rest).or_else(|| rest.split('.').try_fold(value, |value, name| value.get(name)))
            }
        }
    }
}

fn fits(node: &Node, fields: &Fields) -> bool {
    match node {
        Node::And(all) => all.iter().all(|node| fits(node, fields)),
        Node::Or(any) => any.iter().any(|node| fits(node, fields)),
        Node::Not(node) => !fits(node, fields),
        Node::Test(Condition::Present { field }) => fields.get(field).is_some_and(|value| *value != Value::Bool(false)),
        Node::Test(Condition::Equal { field, value, negated }) => {
            fields.get(field).is_some_and(|found| equals(found, value)) != *negated
        }
        Node::Test(Condition::OneOf { field, values }) => {
            fields.get(field).is_some_and(|found| values.iter().any(|value| equals(found, value)))
        }
        Node::Test(Condition::Contains { field, lower, negated }) => {
            fields.get(field).is_some_and(|found| text(found).to_lowercase().contains(lower.as_str())) != *negated
        }
        Node::Test(Condition::Order { field, op, value }) => {
            fields.get(field).and_then(|found| number(field, found)).is_some_and(|found| match op {
                Order::Less => found < *value,
                Order::LessEqual => found <= *value,
                Order::Greater => found > *value,
                Order::GreaterEqual => found >= *value,
            })
        }
    }
}

fn equals(found: &Value, value: &str) -> bool {
    match found {
        Value::String(found) => found == value,
        Value::Number(found) => value.parse().ok().is_some_and(|value: f64| found.as_f64() == Some(value)),
        Value::Bool(found) => value == if *found { "true" } else { "false" },
        Value::Array(entries) => text(found) == value || entries.iter().any(|entry| equals(entry, value)),
        _ => false,
    }
}

fn text(found: &Value) -> String {
    match found {
        Value::String(text) => text.clone(),
        Value::Array(entries) => entries.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn number(field: &str, found: &Value) -> Option<f64> {
    match found {
        Value::String(text) if field == "time" => parse_ms(text).map(|ms| ms as f64),
        other => other.as_f64(),
    }
}
