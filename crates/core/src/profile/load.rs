//! Profiles from text and files.

use std::{fs::File, io::Read, ops::Range, path::Path};

use toml::de::{DeTable, DeValue};

use super::{ProfileError, ProfileInit, SecurityProfile, init::object};

/// The largest profile file that is read: 1 MiB.
pub const MAX_PROFILE_BYTES: u64 = 1 << 20;

impl SecurityProfile {
    /// The profile that a TOML text describes.
    ///
    /// # Errors
    /// Names the key, the line and the column, whether the text isn't TOML, a key is unknown or a value is refused.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let syntax = |key: Option<String>, error: &toml::de::Error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            ProfileError::Syntax { format: "TOML", line, column, key, message: error.message().to_owned() }
        };
        let deserializer = toml::Deserializer::parse(text).map_err(|error| syntax(None, &error))?;
        let init: ProfileInit = serde_path_to_error::deserialize(deserializer)
            .map_err(|error| syntax(known_key(error.path()), error.inner()))?;
        Self::from_init(init).map_err(|error| match error.key().and_then(|key| toml_span(text, key)) {
            Some(span) => {
                let (line, column) = position(text, span.start);
                ProfileError::At { line, column, source: Box::new(error) }
            }
            None => error,
        })
    }

    /// The profile that a JSON text describes.
    ///
    /// # Errors
    /// Names the key; for text that isn't JSON, an unknown key or a value of the wrong type, the line and column too.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        Self::from_init(ProfileInit::from_json(text)?)
    }

    /// The profile in a file whose name ends in `.toml` or `.json`.
    ///
    /// # Errors
    /// For another ending, a file that can't be read, one over [`MAX_PROFILE_BYTES`], and text that is refused; each
    /// names the file.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let parse = match path.extension().and_then(|extension| extension.to_str()) {
            Some(extension) if extension.eq_ignore_ascii_case("toml") => Self::from_toml,
            Some(extension) if extension.eq_ignore_ascii_case("json") => Self::from_json,
            _ => {
                return Err(ProfileError::Extension { path: path.to_path_buf() });
            }
        };
        let io = |source| ProfileError::Io { path: path.to_path_buf(), source };
        let mut text = String::new();
        // The limit is on what is read, not on what the file claims: a FIFO or /dev/zero claims nothing.
        let read =
            File::open(path).and_then(|file| file.take(MAX_PROFILE_BYTES + 1).read_to_string(&mut text)).map_err(io)?;
        if read as u64 > MAX_PROFILE_BYTES {
            return Err(ProfileError::TooLarge { path: path.to_path_buf(), limit: MAX_PROFILE_BYTES });
        }
        parse(&text).map_err(|source| ProfileError::InFile { path: path.to_path_buf(), source: Box::new(source) })
    }
}

impl ProfileInit {
    /// The overrides that a JSON text describes, not yet held against a profile.
    ///
    /// # Errors
    /// Names the key, the line and the column of what is not JSON, unknown, or of the wrong type.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        let syntax = |key: Option<String>, error: &serde_json::Error| {
            let whole = error.to_string();
            // The position is given in its own fields.
            let message = whole.rfind(" at line ").map_or(whole.as_str(), |end| &whole[..end]).to_owned();
            ProfileError::Syntax { format: "JSON", line: error.line(), column: error.column(), key, message }
        };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let mut track = serde_path_to_error::Track::new();
        let init = object(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track))
            .map_err(|error| syntax(known_key(&track.path()), &error))?;
        deserializer.end().map_err(|error| syntax(None, &error))?;
        Ok(init)
    }
}

fn known_key(path: &serde_path_to_error::Path) -> Option<String> {
    let key = path.to_string();
    (key != ".").then_some(key)
}

/// Where the value of `key` (such as `environment.deny[1]`) stands in a TOML text.
fn toml_span(text: &str, key: &str) -> Option<Range<usize>> {
    let table = DeTable::parse(text).ok()?;
    let mut table = table.get_ref();
    let (path, index) = match key.split_once('[') {
        Some((path, index)) => (path, index.trim_end_matches(']').parse::<usize>().ok()),
        None => (key, None),
    };
    let mut span = None;
    let mut value = None;
    for part in path.split('.') {
        let found = table.get(part)?;
        span = Some(found.span());
        value = Some(found.get_ref());
        if let DeValue::Table(inner) = found.get_ref() {
            table = inner;
        }
    }
    if let (Some(DeValue::Array(items)), Some(index)) = (value, index) {
        span = items.get(index).map(|item| item.span()).or(span);
    }
    span
}

/// The line and the column, both from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
