//! Checkpoints: signed tree heads in the C2SP `tlog-checkpoint` form, and the keys they are signed with.
//!
//! ```text
//! <origin>
//! <number of records>
//! <root hash, base64>
//!
//! — <key name> <key id and Ed25519 signature, base64>
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::hash::{Hash, hex, sha256};

/// The algorithm byte of Ed25519 in signed notes.
const ED25519: u8 = 1;
/// A longer note is not read.
const LONGEST_NOTE: usize = 4 << 20;

/// Why a note or a key could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The text is no checkpoint.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    /// The text is no key in note form.
    #[error("not a key: {0}")]
    Key(&'static str),
    /// No signature of the given key fits.
    #[error("no valid signature by {0}: the checkpoint was changed, or another key signed it")]
    Unsigned(String),
}

/// A tree head: how many records, and the hash over all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What the tree is over: the key name for a whole log, `<key name>/<session>` for one session.
    pub origin: String,
    /// The number of records.
    pub size: u64,
    /// The root of the RFC 6962 tree over the record hashes.
    pub root: [u8; 32],
    /// For a log folder, one line `<session> <records>` per session, in the order of the tree.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    fn body(&self) -> String {
        let mut body = format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root));
        for line in &self.extensions {
            body.push_str(line);
            body.push('\n');
        }
        body
    }
}

/// A signing key. Its name is derived from the public key.
#[derive(Clone)]
pub struct Key {
    signing: SigningKey,
    public: PublicKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.public.name)
    }
}

impl Key {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let verifying = signing.verifying_key();
        let name = format!("codex-audit/{}", &hex(&sha256(verifying.as_bytes()))[..16]);
        Self { signing, public: PublicKey { name, verifying } }
    }

    /// A new key from the system's random numbers.
    pub fn generate() -> Result<Self, NoteError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| NoteError::Key("the system gives no random numbers"))?;
        Ok(Self::from_seed(&seed))
    }

    /// Reads `PRIVATE+KEY+<name>+<id>+<base64>`.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let rest =
            text.trim().strip_prefix("PRIVATE+KEY+").ok_or(NoteError::Key("a private key starts with PRIVATE+KEY+"))?;
        let (name, _, seed) = split_key(rest)?;
        let mut key = Self::from_seed(&seed);
        name.clone_into(&mut key.public.name);
        Ok(key)
    }

    /// The private key in note form. Keep it where nothing that is audited can read it.
    pub fn to_private_text(&self) -> String {
        format!("PRIVATE+KEY+{}", key_text(&self.public.name, &self.public.id(), self.signing.as_bytes()))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a checkpoint.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let body = checkpoint.body();
        let signature = self.signing.sign(body.as_bytes());
        let mut bytes = self.public.id().to_vec();
        bytes.extend_from_slice(&signature.to_bytes());
        format!("{body}\n— {} {}\n", self.public.name, STANDARD.encode(bytes))
    }
}

/// The public key that checkpoints are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    verifying: VerifyingKey,
}

impl PublicKey {
    /// Reads `<name>+<id>+<base64>`.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, bytes) = split_key(text.trim())?;
        let verifying = VerifyingKey::from_bytes(&bytes).map_err(|_| NoteError::Key("the bytes are no Ed25519 key"))?;
        let key = Self { name: name.to_owned(), verifying };
        if hex(&key.id()) == id { Ok(key) } else { Err(NoteError::Key("name, id and bytes don't belong together")) }
    }

    /// The name, which is the origin of the log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> [u8; 4] {
        let mut bytes = self.name.clone().into_bytes();
        bytes.extend_from_slice(&[b'\n', ED25519]);
        bytes.extend_from_slice(self.verifying.as_bytes());
        let [a, b, c, d, ..] = sha256(&bytes);
        [a, b, c, d]
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&key_text(&self.name, &self.id(), self.verifying.as_bytes()))
    }
}

/// A checkpoint with its signatures, not yet checked.
#[derive(Clone, Debug)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    body: String,
    signatures: Vec<(String, Vec<u8>)>,
}

impl SignedCheckpoint {
    /// Reads a signed note.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > LONGEST_NOTE {
            return Err(NoteError::Malformed("longer than 4 MiB"));
        }
        let split = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (body, signatures) = (&note[..split + 1], &note[split + 2..]);
        let mut lines = body.lines();
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(NoteError::Malformed("no origin"))?.to_owned();
        let size_text = lines.next().ok_or(NoteError::Malformed("no size"))?;
        let size: u64 = size_text.parse().map_err(|_| NoteError::Malformed("the size is no number"))?;
        let root = lines
            .next()
            .and_then(|line| STANDARD.decode(line).ok())
            .and_then(|bytes| Hash::try_from(bytes).ok())
            .ok_or(NoteError::Malformed("no root hash of 32 bytes"))?;
        let extensions = lines.map(str::to_owned).collect();
        let checkpoint = Checkpoint { origin, size, root, extensions };
        if checkpoint.body() != body {
            return Err(NoteError::Malformed("not in canonical form"));
        }
        let signatures = signatures
            .lines()
            .filter_map(|line| line.strip_prefix("— ")?.rsplit_once(' '))
            .filter_map(|(name, bytes)| Some((name.to_owned(), STANDARD.decode(bytes).ok()?)))
            .collect();
        Ok(Self { checkpoint, body: body.to_owned(), signatures })
    }

    /// Whether `key` signed it.
    pub fn verify(&self, key: &PublicKey) -> Result<(), NoteError> {
        let signed = self.signatures.iter().filter(|(name, _)| *name == key.name).any(|(_, bytes)| {
            bytes.split_at_checked(4).is_some_and(|(id, signature)| {
                id == key.id()
                    && Signature::from_slice(signature)
                        .is_ok_and(|signature| key.verifying.verify_strict(self.body.as_bytes(), &signature).is_ok())
            })
        });
        if signed { Ok(()) } else { Err(NoteError::Unsigned(key.name.clone())) }
    }
}

fn key_text(name: &str, id: &[u8; 4], bytes: &[u8; 32]) -> String {
    let mut tagged = vec![ED25519];
    tagged.extend_from_slice(bytes);
    format!("{name}+{}+{}", hex(id), STANDARD.encode(tagged))
}

fn split_key(text: &str) -> Result<(&str, &str, [u8; 32]), NoteError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::Key("three parts joined by + are needed"));
    };
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(NoteError::Key("the name is empty or holds a space"));
    }
    let bytes = STANDARD.decode(bytes).map_err(|_| NoteError::Key("the last part is not base64"))?;
    match bytes.split_first() {
        Some((&ED25519, key)) => {
            Ok((name, id, key.try_into().map_err(|_| NoteError::Key("an Ed25519 key has 32 bytes"))?))
        }
        _ => Err(NoteError::Key("only Ed25519 is understood")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_survives_its_text_and_nothing_else() {
        let key = Key::from_seed(&[7; 32]);
        let note = key.sign(&Checkpoint { origin: "o".into(), size: 3, root: [9; 32], extensions: vec!["x 1".into()] });
        assert_eq!(note.lines().count(), 6);
        let public = PublicKey::parse(&key.public().to_string()).unwrap();
        SignedCheckpoint::parse(&note).unwrap().verify(&public).unwrap();
        let again = Key::parse(&key.to_private_text()).unwrap();
        assert_eq!(again.public(), key.public());
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            let held = SignedCheckpoint::parse(&text).is_ok_and(|note| note.verify(&public).is_ok());
            assert!(!held || text.trim_end() == note.trim_end(), "byte {at}");
        }
        let other = Key::from_seed(&[8; 32]);
        assert!(SignedCheckpoint::parse(&note).unwrap().verify(other.public()).is_err());
    }
}
