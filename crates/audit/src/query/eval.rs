//! Whether a record fits: only the fields that a query names are read, the rest of the line is skipped over.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::parse::{Condition, Node, Order};
use crate::clock::parse_ms;

pub(super) fn matches(node: &Node, wanted: &[String], line: &str) -> bool {
    let mut reader = serde_json::Deserializer::from_str(line);
    match (Wanted(wanted)).deserialize(&mut reader) {
        Ok(found) => fits(node, &Fields { wanted, found: &found }),
        Err(_) => false,
    }
}

/// The top-level names that a query looks at.
pub(super) fn fields(node: &Node, wanted: &mut Vec<String>) {
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
            if !wanted.iter().any(|wanted| wanted == top) {
                wanted.push(top.to_owned());
            }
        }
    }
}

/// `labels` of `labels.team`.
fn top(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

/// A JSON value; its text stays in the line where it can.
enum Value<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members.iter().rfind(|(member, _)| member == name).map(|(_, value)| value),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Value::Map(members))
    }
}

/// The name of a field. (`Cow` itself is always read as owned.)
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(AnyValue)? {
            Value::Text(name) => Ok(Self(name)),
            _ => Err(D::Error::custom("a name is expected")),
        }
    }
}

/// Reads the fields of these names.
struct Wanted<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Vec<Option<Value<'de>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<Option<Value<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Vec<Option<Value>> = self.0.iter().map(|_| None).collect();
        while let Some(Name(name)) = map.next_key()? {
            match self.0.iter().position(|wanted| *wanted == name) {
                Some(at) => found[at] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

struct Fields<'a> {
    wanted: &'a [String],
    found: &'a [Option<Value<'a>>],
}

impl Fields<'_> {
    fn get(&self, field: &str) -> Option<&Value<'_>> {
        let at = self.wanted.iter().position(|wanted| wanted == top(field))?;
        let value = self.found[at].as_ref()?;
        match field.split_once('.') {
            None => Some(value),
            // A label's own name may hold dots.
            Some((_, rest)) => value.member(rest).or_else(|| rest.split('.').try_fold(value, Value::member)),
        }
    }
}

fn fits(node: &Node, fields: &Fields) -> bool {
    match node {
        Node::And(all) => all.iter().all(|node| fits(node, fields)),
        Node::Or(any) => any.iter().any(|node| fits(node, fields)),
        Node::Not(node) => !fits(node, fields),
        Node::Test(Condition::Present { field }) => {
            fields.get(field).is_some_and(|value| !matches!(value, Value::Bool(false)))
        }
        Node::Test(Condition::Equal { field, value, negated }) => {
            fields.get(field).is_some_and(|found| equals(found, value)) != *negated
        }
        Node::Test(Condition::OneOf { field, values }) => {
            fields.get(field).is_some_and(|found| values.iter().any(|value| equals(found, value)))
        }
        Node::Test(Condition::Contains { field, lower, negated }) => {
            fields.get(field).is_some_and(|found| contains(&text(found), lower)) != *negated
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
        Value::Text(found) => found == value,
        Value::Number(found) => crate::number::parse(value).is_some_and(|value| *found == value),
        Value::Bool(found) => value == if *found { "true" } else { "false" },
        Value::List(entries) => text(found) == value || entries.iter().any(|entry| equals(entry, value)),
        Value::Null | Value::Map(_) => false,
    }
}

/// Whether `lower` stands in the text, in any case.
fn contains(text: &str, lower: &str) -> bool {
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        return lower.is_empty() || text.windows(lower.len()).any(|part| part.eq_ignore_ascii_case(lower));
    }
    text.to_lowercase().contains(lower)
}

fn text<'a>(found: &'a Value) -> Cow<'a, str> {
    match found {
        Value::Null => "null".into(),
        Value::Bool(found) => if *found { "true" } else { "false" }.into(),
        Value::Number(found) => crate::number::display(*found).into(),
        Value::Text(found) => found.as_ref().into(),
        Value::List(entries) => entries.iter().map(text).collect::<Vec<_>>().join(" ").into(),
        Value::Map(members) => {
            members.iter().map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(" ").into()
        }
    }
}

fn number(field: &str, found: &Value) -> Option<f64> {
    match found {
        Value::Text(text) if field == "time" => parse_ms(text).map(|ms| ms as f64),
        Value::Number(found) => Some(*found),
        _ => None,
    }
}
