//! The tree of a document, and how it is read.

use crate::{DocumentError, Mistake, json, toml};

/// What a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.0.
    Toml,
    /// JSON. A key that stands twice in one object is refused.
    Json,
}

impl Format {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Toml => "TOML",
            Self::Json => "JSON",
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The offset of its first byte in the text.
    pub at: usize,
}

/// A value. What no reader takes is kept as what it is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, which TOML doesn't have.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number from 0.
    Number(u64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// A table of keys, in the order of the text in JSON and of the alphabet in TOML. No key stands twice.
    Table(Vec<Entry>),
    /// Anything else, such as `a date`.
    Other(&'static str),
}

/// A key of a table with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub name: String,
    /// The offset of its first byte in a TOML text. In JSON that of the value.
    pub at: usize,
    /// The value.
    pub node: Node,
}

impl Node {
    /// The document that `text` is.
    ///
    /// # Errors
    /// Names the place where the text stops being one.
    pub fn parse(format: Format, text: &str) -> Result<Self, DocumentError> {
        match format {
            Format::Toml => toml::parse(text),
            Format::Json => json::parse(text),
        }
    }

    /// The value of `key`, such as `environment.deny[1]`.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Self> {
        key.split('.').try_fold(self, |node, part| {
            let (name, index) = match part.split_once('[') {
                Some((name, index)) => (name, Some(index.trim_end_matches(']').parse::<usize>().ok()?)),
                None => (part, None),
            };
            let Value::Table(entries) = &node.value else { return None };
            let found = &entries.iter().find(|entry| entry.name == name)?.node;
            match (index, &found.value) {
                (None, _) => Some(found),
                (Some(index), Value::List(items)) => items.get(index),
                (Some(_), _) => None,
            }
        })
    }

    /// Hands each key of a table, all of which must be among `known`, to `read`.
    ///
    /// # Errors
    /// For anything but a table, an unknown key, and what `read` refuses.
    pub fn table(
        &self,
        known: &[&str],
        read: &mut dyn FnMut(&str, &Self) -> Result<(), Mistake>,
    ) -> Result<(), Mistake> {
        for entry in self.entries()? {
            if !known.contains(&entry.name.as_str()) {
                let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("unknown field `{}`, expected one of {}", entry.name, known.join(", "));
                return Err(Mistake { key: entry.name.clone(), at: entry.at, message });
            }
            read(&entry.name, &entry.node).map_err(|mistake| mistake.below(&entry.name))?;
        }
        Ok(())
    }

    /// The keys of a table, whatever they are.
    ///
    /// # Errors
    /// For anything but a table.
    pub fn entries(&self) -> Result<&[Entry], Mistake> {
        match &self.value {
            Value::Table(entries) => Ok(entries),
            _ => Err(self.unexpected("a table of keys")),
        }
    }

    /// The items of a list, each read by `read`.
    ///
    /// # Errors
    /// For anything but a list, and what `read` refuses.
    pub fn list<T>(&self, mut read: impl FnMut(&Self) -> Result<T, Mistake>) -> Result<Vec<T>, Mistake> {
        let Value::List(items) = &self.value else { return Err(self.unexpected("a list")) };
        let mut all = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            all.push(read(item).map_err(|mistake| mistake.below(&format!("[{index}]")))?);
        }
        Ok(all)
    }

    /// A string.
    ///
    /// # Errors
    /// For anything else.
    pub fn text(&self) -> Result<&str, Mistake> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.unexpected("a string")),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// For anything else.
    pub fn flag(&self) -> Result<bool, Mistake> {
        match self.value {
            Value::Flag(flag) => Ok(flag),
            _ => Err(self.unexpected("true or false")),
        }
    }

    /// A whole number from 0.
    ///
    /// # Errors
    /// For anything else.
    pub fn number(&self) -> Result<u64, Mistake> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => Err(self.unexpected("a whole number")),
        }
    }

    /// Whether it is `null`, which most readers take for a key that isn't there.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// Refuses this value.
    #[must_use]
    pub fn mistake(&self, message: impl Into<String>) -> Mistake {
        Mistake { key: String::new(), at: self.at, message: message.into() }
    }

    fn unexpected(&self, wanted: &str) -> Mistake {
        let found = match &self.value {
            Value::Null => "null",
            Value::Flag(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(what) => what,
        };
        self.mistake(format!("{found} where {wanted} is expected"))
    }
}
