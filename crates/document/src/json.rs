//! JSON as a tree.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{DocumentError, Node, Position, Value, node::Entry};

/// How deep a document may be. Each level is looked over again for the next.
const DEPTH: usize = 16;

pub(crate) fn parse(text: &str) -> Result<Node, DocumentError> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| refused(text, text, &error))?;
    node(text, text, DEPTH)
}

/// The value that `part`, which lies in `text`, is.
fn node(text: &str, part: &str, depth: usize) -> Result<Node, DocumentError> {
    let part = part.trim_ascii_start();
    let at = offset(text, part);
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(DocumentError { at: Position::of(text, at), message: format!("deeper than {DEPTH} levels") });
    };
    let of = |raw: &RawValue| node(text, raw.get(), deeper);
    let wrong = |error: serde_json::Error| refused(text, part, &error);
    let value = match part.as_bytes().first() {
        Some(b'{') => {
            let Pairs(pairs) = serde_json::from_str(part).map_err(wrong)?;
            let entry = |(name, raw)| of(raw).map(|node| Entry { name, at: node.at, node });
            Value::Table(pairs.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(part).map_err(wrong)?;
            Value::List(items.into_iter().map(of).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(part).map_err(wrong)?),
        Some(b't') => Value::Flag(true),
        Some(b'f') => Value::Flag(false),
        Some(b'n') => Value::Null,
        _ => number(part.trim_ascii_end()),
    };
    Ok(Node { value, at })
}

/// What JSON has for numbers is known to be one here.
fn number(text: &str) -> Value {
    match text.parse() {
        Ok(number) => Value::Number(number),
        Err(_) if text.contains(['.', 'e', 'E']) => Value::Other("a fraction"),
        Err(_) if text.starts_with('-') => Value::Other("a negative number"),
        Err(_) => Value::Other("a number that is too large"),
    }
}

/// Where `part`, a slice of `text`, begins.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

fn refused(text: &str, part: &str, error: &serde_json::Error) -> DocumentError {
    let start = Position::of(text, offset(text, part));
    let (line, column) = (error.line().max(1), error.column().max(1));
    let column = if line == 1 { start.column + column - 1 } else { column };
    let whole = error.to_string();
    // The position is given in its own field.
    let message = whole.rfind(" at line ").map_or(whole.as_str(), |end| &whole[..end]).to_owned();
    DocumentError { at: Position { line: start.line + line - 1, column }, message }
}

/// The pairs of an object, in their order.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs: Vec<(String, &RawValue)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            pairs.push((name, value));
        }
        let mut names: Vec<_> = pairs.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(A::Error::custom(format_args!("duplicate field `{}`", pair[0]))),
            None => Ok(Pairs(pairs)),
        }
    }
}
