//! TOML as a tree.

use ::toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use crate::{DocumentError, Node, Position, Value, node::Entry};

pub(crate) fn parse(text: &str) -> Result<Node, DocumentError> {
    let table = DeTable::parse(text).map_err(|error| DocumentError {
        at: Position::of(text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    Ok(Node { at: 0, value: of_table(table.get_ref()) })
}

/// As deep as the parser lets a document be.
fn node(value: &Spanned<DeValue<'_>>) -> Node {
    let at = value.span().start;
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Integer(integer) => number(integer),
        DeValue::Array(items) => Value::List(items.iter().map(node).collect()),
        DeValue::Table(table) => of_table(table),
        DeValue::Float(_) => Value::Other("a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
    };
    Node { value, at }
}

fn number(integer: &DeInteger<'_>) -> Value {
    match u64::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(number) => Value::Number(number),
        Err(_) if integer.as_str().starts_with('-') => Value::Other("a negative number"),
        Err(_) => Value::Other("a number that is too large"),
    }
}

fn of_table(table: &DeTable<'_>) -> Value {
    let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| Entry {
        name: name.get_ref().to_string(),
        at: name.span().start,
        node: node(value),
    };
    Value::Table(table.iter().map(entry).collect())
}
