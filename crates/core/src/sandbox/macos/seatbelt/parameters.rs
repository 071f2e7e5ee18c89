//! What a profile is told beside its text.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    path::Path,
};

/// Values that the text of a profile names and doesn't hold: no path can so become a part of its language.
#[derive(Debug, Default)]
pub struct Parameters {
    values: Vec<OsString>,
    known: HashMap<OsString, usize>,
}

impl Parameters {
    /// The filter for exactly this path.
    pub fn literal(&mut self, path: &Path) -> String {
        format!("(literal {})", self.named(path.as_os_str()))
    }

    /// The same within a filter for sockets.
    pub fn path_literal(&mut self, path: &Path) -> String {
        format!("(path-literal {})", self.named(path.as_os_str()))
    }

    /// The filter for this path and all below it.
    pub fn subpath(&mut self, path: &Path) -> String {
        format!("(subpath {})", self.named(path.as_os_str()))
    }

    /// The filter for a regular expression.
    pub fn regex(&mut self, expression: &str) -> String {
        format!("(regex {})", self.named(OsStr::new(expression)))
    }

    /// The values, each with its name.
    pub fn into_values(self) -> Vec<(String, OsString)> {
        self.values.into_iter().enumerate().map(|(number, value)| (name(number), value)).collect()
    }

    fn named(&mut self, value: &OsStr) -> String {
        let number = *self.known.entry(value.to_owned()).or_insert_with(|| {
            self.values.push(value.to_owned());
            self.values.len() - 1
        });
        format!("(param \"{}\")", name(number))
    }
}

fn name(number: usize) -> String {
    format!("P{number}")
}
