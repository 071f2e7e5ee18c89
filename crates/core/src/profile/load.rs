//! Profiles from text and files.

use std::{fs::File, io::Read, path::Path};

use codex_document::{DocumentError, Format, Mistake, Node, Position};

use super::{ProfileError, ProfileInit, SecurityProfile};

/// The largest profile file that is read: 1 MiB.
pub const MAX_PROFILE_BYTES: u64 = 1 << 20;

impl SecurityProfile {
    /// The profile that a TOML text describes.
    ///
    /// # Errors
    /// Names the key, the line and the column, whether the text isn't TOML, a key is unknown or a value is refused.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        Self::parse(Format::Toml, text)
    }

    /// The profile that a JSON text describes.
    ///
    /// # Errors
    /// Names the key, the line and the column, whether the text isn't JSON, a key is unknown or a value is refused.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        Self::parse(Format::Json, text)
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
        // Editors of Windows put a mark in front.
        parse(text.strip_prefix('\u{feff}').unwrap_or(&text))
            .map_err(|source| ProfileError::InFile { path: path.to_path_buf(), source: Box::new(source) })
    }
}

impl SecurityProfile {
    fn parse(format: Format, text: &str) -> Result<Self, ProfileError> {
        let document = document(format, text)?;
        let init = ProfileInit::read(&document).map_err(|mistake| refused(format, text, mistake))?;
        Self::from_init(init).map_err(|error| match error.key().and_then(|key| document.find(key)) {
            Some(node) => ProfileError::At { format, at: Position::of(text, node.at), source: Box::new(error) },
            None => error,
        })
    }
}

impl ProfileInit {
    /// The overrides that a JSON text describes, not yet held against a profile.
    ///
    /// # Errors
    /// Names the key, the line and the column of what is not JSON, unknown, or of the wrong type.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        read_json(text, Self::read)
    }
}

/// What `read` makes of a JSON text.
pub(crate) fn read_json<T>(text: &str, read: fn(&Node) -> Result<T, Mistake>) -> Result<T, ProfileError> {
    read(&document(Format::Json, text)?).map_err(|mistake| refused(Format::Json, text, mistake))
}

fn document(format: Format, text: &str) -> Result<Node, ProfileError> {
    Node::parse(format, text).map_err(|DocumentError { at, message }| ProfileError::Syntax {
        format,
        at,
        key: None,
        message,
    })
}

fn refused(format: Format, text: &str, Mistake { key, at, message }: Mistake) -> ProfileError {
    let key = (!key.is_empty()).then_some(key);
    ProfileError::Syntax { format, at: Position::of(text, at), key, message }
}
