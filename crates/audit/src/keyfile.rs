//! The signing key on disk: made on first use, mode 0600, the same for all writers that race for it.

use std::io::{self, Read, Write};
use std::path::Path;

use crate::note::{Key, NoteError};
use crate::store::{Access, Dir, Store};

/// Why the signing key could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file can't be read or made.
    #[error("the signing key {path} can't be read or made: {source}")]
    Io {
        /// The key file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("the signing key {path} is unusable: {source}; move it away to have a new one made")]
    Unusable {
        /// The key file.
        path: String,
        /// What is wrong with it.
        source: NoteError,
    },
}

/// Reads the key `name` in `dir`, or makes it. With it, a warning if others could read it until now.
pub(crate) fn load_or_create(dir: &Dir, name: &str) -> Result<(Key, Option<String>), KeyError> {
    let io = |source| KeyError::Io { path: name.to_owned(), source };
    let unusable = |source| KeyError::Unusable { path: name.to_owned(), source };
    if let Some(key) = read(dir, name)? {
        let exposed = dir.close_to_others(name).map_err(io)?;
        let warning = exposed.then(|| {
            format!(
                "others could read the signing key {name}, and with it sign what they like; move it away to have a new \
                 one made, and keep its file at mode 0600"
            )
        });
        return Ok((key, warning));
    }
    let key = Key::generate().map_err(unusable)?;
    let draft = format!(".{name}.{}", &key.public().name()[12..]);
    let mut file = dir.file(&draft, Access::New).map_err(io)?;
    let written = file.write_all(format!("{}\n", key.to_private_text()).as_bytes()).and_then(|()| file.sync_all());
    // A link never replaces what another writer made meanwhile; then that one is the key.
    let linked = written.and_then(|()| match dir.link(&draft, name) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = dir.remove(&draft);
    linked.and(removed).map_err(io)?;
    let missing = || io(io::Error::new(io::ErrorKind::NotFound, "there is no such file"));
    Ok((read(dir, name)?.ok_or_else(missing)?, None))
}

/// Reads or makes the key at a path of the user's choice.
pub(crate) fn load_or_create_at(path: &Path) -> Result<(Key, Option<String>), KeyError> {
    let io = |source| KeyError::Io { path: path.display().to_string(), source };
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| io(io::ErrorKind::InvalidInput.into()))?;
    let dir = Dir::open(path.parent().unwrap_or(Path::new(".")), true, true).map_err(io)?;
    load_or_create(&dir, name)
}

/// The key that lies beside a log, if there is one; nothing is made.
pub fn key_beside(log: &Path) -> Result<Option<Key>, KeyError> {
    let store = Store::open(log, false).map_err(|source| KeyError::Io { path: log.display().to_string(), source })?;
    read(&store.dir, &store.key_name())
}

fn read(dir: &Dir, name: &str) -> Result<Option<Key>, KeyError> {
    let io = |source| KeyError::Io { path: name.to_owned(), source };
    if dir.stat(name).map_err(io)?.is_none() {
        return Ok(None);
    }
    let mut text = String::new();
    dir.file(name, Access::Read).map_err(io)?.take(4096).read_to_string(&mut text).map_err(io)?;
    Key::parse(&text).map(Some).map_err(|source| KeyError::Unusable { path: name.to_owned(), source })
}
