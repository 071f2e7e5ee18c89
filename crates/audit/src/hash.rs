//! SHA-256 and lower-case hex.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// The hash in front of a session's first record.
pub(crate) const GENESIS: Hash = [0; 32];

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The SHA-256 of all that `reader` gives, in lower-case hex.
pub fn sha256_of(mut reader: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            count => hasher.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Appends 64 hex digits.
pub(crate) fn push_hash(out: &mut Vec<u8>, hash: &Hash) {
    let digits = hash.map(|byte| DIGITS[usize::from(byte)]);
    out.extend_from_slice(digits.as_flattened());
}

/// Two hex digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| DIGITS[usize::from(*byte)]).map(char::from).collect()
}

/// The two digits of each byte.
static DIGITS: [[u8; 2]; 256] = {
    let mut digits = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        digits[byte] = [HEX[byte >> 4], HEX[byte & 15]];
        byte += 1;
    }
    digits
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Reads exactly 64 lower-case hex digits.
pub(crate) fn from_hex(digits: &[u8]) -> Option<Hash> {
    let mut hash = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    let mut all = 0;
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        *byte = high << 4 | low;
        all |= high | low;
    }
    (all < 16).then_some(hash)
}

/// Whether these are 64 lower-case hex digits.
pub(crate) fn is_hex(digits: &[u8]) -> bool {
    digits.len() == 64 && digits.iter().fold(true, |all, b| all & (b.is_ascii_digit() | (*b >= b'a' && *b <= b'f')))
}

/// The value of each lower-case hex digit; 255 for every other byte.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        values[HEX[value] as usize] = value as u8;
        value += 1;
    }
    values
};
