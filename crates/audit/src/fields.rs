//! The fields of an event as JSON, both ways.
//!
//! By hand: what serde derives for an event of forty fields is compiled for each reader, at fifty times the size.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::escape::{push_string, to_json};

/// Why a JSON object is no event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FieldError {
    /// A field that every event has is not there.
    #[error("missing field `{0}`")]
    Missing(&'static str),
    /// A field has a value that it can't have.
    #[error("invalid value for field `{0}`; the type AuditEvent says what it takes")]
    Invalid(&'static str),
    /// A field stands there in both spellings.
    #[error("duplicate field `{0}`; write it in one of its spellings")]
    Duplicate(&'static str),
    /// No such field.
    #[error("unknown field `{0}`; the type AuditEvent has those that there are, and labels take the rest")]
    Unknown(String),
}

/// The fields of an object that nobody has taken yet.
pub(crate) struct Fields(pub(crate) Map<String, Value>);

impl Fields {
    /// Takes a field; `null` is as good as absent.
    #[inline(never)]
    pub(crate) fn take<T: FromField>(&mut self, name: &'static str) -> Result<Option<T>, FieldError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::of(value).map(Some).ok_or(FieldError::Invalid(name)),
        }
    }

    /// Takes a field that may be spelled in camel case, too.
    pub(crate) fn either<T: FromField>(&mut self, name: &'static str) -> Result<Option<T>, FieldError> {
        self.respell(name)?;
        self.take(name)
    }

    #[inline(never)]
    fn respell(&mut self, name: &'static str) -> Result<(), FieldError> {
        if name.contains('_')
            && let Some(value) = self.0.remove(&camel(name))
            && self.0.insert(name.to_owned(), value).is_some()
        {
            return Err(FieldError::Duplicate(name));
        }
        Ok(())
    }

    /// Refuses what is left.
    pub(crate) fn finish(self) -> Result<(), FieldError> {
        self.0.into_iter().next().map_or(Ok(()), |(name, _)| Err(FieldError::Unknown(name)))
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (first, rest) = part.split_at(part.len().min(1));
        camel.extend([&first.to_ascii_uppercase(), rest]);
    }
    camel
}

/// What a field can be read as.
pub(crate) trait FromField: Sized {
    /// The value, if JSON has one of this kind.
    fn of(value: Value) -> Option<Self>;
}

/// What a field can be written from.
pub(crate) trait PushField {
    /// Appends it as JSON.
    fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()>;
}

impl FromField for String {
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl PushField for String {
    fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        push_string(out, self);
        Ok(())
    }
}

impl FromField for Vec<String> {
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Array(items) => items.into_iter().map(String::of).collect(),
            _ => None,
        }
    }
}

impl FromField for BTreeMap<String, String> {
    fn of(value: Value) -> Option<Self> {
        let Value::Object(members) = value else { return None };
        let mut map = Self::new();
        for (name, value) in members {
            map.insert(name, String::of(value)?);
        }
        Some(map)
    }
}

macro_rules! plain {
    ($($type:ty: $value:ident => $of:expr),* $(,)?) => {
        $(impl FromField for $type {
            fn of($value: Value) -> Option<Self> {
                $of
            }
        }

        impl PushField for $type {
            fn push(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                to_json(out, self)
            }
        })*
    };
}

plain! {
    bool: value => value.as_bool(),
    f64: value => value.as_f64(),
    u64: value => value.as_u64(),
    u32: value => value.as_u64()?.try_into().ok(),
    u16: value => value.as_u64()?.try_into().ok(),
    i32: value => value.as_i64()?.try_into().ok(),
}

pub(crate) fn push_list(out: &mut Vec<u8>, name: &str, list: &[String]) {
    if list.is_empty() {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    for (at, text) in list.iter().enumerate() {
        out.push(if at == 0 { b'[' } else { b',' });
        push_string(out, text);
    }
    out.push(b']');
}

pub(crate) fn push_map(out: &mut Vec<u8>, name: &str, map: &BTreeMap<String, String>) {
    if map.is_empty() {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    for (at, (key, value)) in map.iter().enumerate() {
        out.push(if at == 0 { b'{' } else { b',' });
        push_string(out, key);
        out.push(b':');
        push_string(out, value);
    }
    out.push(b'}');
}
