//! Names that say that the value is a secret.
//!
//! A name is split into words at everything but letters and digits, and where a small letter meets a capital; digits at
//! the end of a word don't count. So `KEYBOARD_LAYOUT` has no word `KEY` and `TOKENIZERS_PARALLELISM` no word `TOKEN`.

/// Why `name` says that its value is a secret. The case of letters doesn't matter.
pub(super) fn why(name: &[u8]) -> Option<&'static str> {
    let mut buffer = [0_u8; LONGEST];
    let Some(upper) = buffer.get_mut(..name.len()) else {
        // Not judged word by word, so judged as a whole: no program that matters has a name of this length.
        return Some("a name too long to judge");
    };
    upper.copy_from_slice(name);
    upper.make_ascii_uppercase();
    let upper: &[u8] = upper;

    if let Some((_, detail)) = EXACT.iter().find(|(known, _)| known.as_bytes() == upper) {
        return Some(detail);
    }
    if KNOWN_HARMLESS.iter().any(|known| known.as_bytes() == upper) {
        return None;
    }
    if let Some((_, detail)) = PREFIXES.iter().find(|(prefix, _)| upper.starts_with(prefix.as_bytes())) {
        return Some(detail);
    }
    by_words(name, upper)
}

/// Longer than any name in use.
const LONGEST: usize = 256;

/// Secrets, and ways to one, that no rule over words finds.
static EXACT: [(&str, &str); 13] = [
    ("BW_SESSION", "unlocks a password store"),
    ("DOCKER_AUTH_CONFIG", "holds registry passwords"),
    ("GNOME_KEYRING_CONTROL", "the way to an unlocked keyring"),
    ("GNOME_KEYRING_PID", "the way to an unlocked keyring"),
    ("GPG_AGENT_INFO", "the way to an agent that signs"),
    ("ICEAUTHORITY", "the way to the desktop session"),
    ("KRB5CCNAME", "the way to Kerberos tickets"),
    ("MYSQL_PWD", "a password"),
    ("OP_SESSION", "unlocks a password store"),
    ("SSHPASS", "a password"),
    ("SSH_AGENT_PID", "the way to an agent that holds keys"),
    ("SSH_AUTH_SOCK", "the way to an agent that holds keys"),
    ("XAUTHORITY", "the way to the desktop session"),
];

/// Names that a rule below would take, and that hold nothing secret.
const KNOWN_HARMLESS: [&str; 5] = [
    "AWS_DEFAULT_OUTPUT",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    // The public key that signs a release; base images of Python set it.
    "GPG_KEY",
    "GPG_KEYS",
];

/// Families of names that hold secrets under many names.
const PREFIXES: [(&str, &str); 2] =
    [("AWS_", "AWS credentials and where they lie"), ("OP_SESSION_", "unlocks a password store")];

/// Words that mean a secret wherever they stand, also glued to the end of another word (`PGPASSWORD`); by their last
/// letter, because that rules out most words at once.
const ENDINGS: [(u8, &[&str]); 7] = [
    (b'D', &["PASSWORD", "PASSWD"]),
    (b'E', &["PASSPHRASE"]),
    (b'L', &["CREDENTIAL"]),
    (b'N', &["TOKEN"]),
    (b'S', &["PASSWORDS", "SECRETS", "CREDENTIALS"]),
    (b'T', &["SECRET"]),
    (b'Y', &["APIKEY", "AUTHKEY"]),
];

/// Words that mean a secret wherever they stand.
const WORDS: [&str; 9] =
    ["BEARER", "COOKIE", "COOKIES", "CREDS", "JWT", "MNEMONIC", "PASSCODE", "PRIVKEY", "PRIVATEKEY"];

/// Words that mean a secret at the end of a name of several words.
const LAST_WORDS: [&str; 10] = ["AUTH", "KEY", "KEYS", "OTP", "PASS", "PAT", "PSK", "PWD", "SALT", "TOTP"];

/// Words before `KEY` or `TOKENS` that make it a secret wherever it stands (`API_KEY_STAGING`).
const BEFORE_KEY: [&str; 11] =
    ["ACCESS", "API", "AUTH", "DEPLOY", "ENCRYPTION", "LICENSE", "MASTER", "PRIVATE", "SECRET", "SIGNING", "SSH"];

/// Words before a last `KEY` that make it something else: a place, an index, a key on a keyboard.
const HARMLESS_BEFORE_KEY: [&str; 14] = [
    "CACHE",
    "COMPOSE",
    "FOREIGN",
    "HOT",
    "INDEX",
    "LEADER",
    "META",
    "MODIFIER",
    "PARTITION",
    "PREFIX",
    "PRIMARY",
    "PUB",
    "PUBLIC",
    "SORT",
];

/// Last words that make a name speak *about* a secret: where it lies, how long it lives.
/// The form of the value is still looked at.
const ABOUT: [&str; 37] = [
    "AGE",
    "ALGORITHM",
    "AUDIENCE",
    "BUDGET",
    "CMD",
    "COMMAND",
    "COUNT",
    "DIR",
    "DIRECTORY",
    "DOMAIN",
    "DURATION",
    "ENABLED",
    "ENDPOINT",
    "EXPIRY",
    "FILE",
    "FORMAT",
    "HEADER",
    "HELPER",
    "HOST",
    "ISSUER",
    "LENGTH",
    "LIMIT",
    "MODE",
    "NAME",
    "PATH",
    "POLICY",
    "PORT",
    "PROVIDER",
    "REGION",
    "REQUIRED",
    "SIZE",
    "SOCK",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "URI",
    "URL",
];

/// First words that make a name a switch or a bound.
const SWITCHES: [&str; 11] =
    ["ALLOW", "DISABLE", "ENABLE", "HAS", "MAX", "MIN", "NO", "REQUIRE", "SKIP", "USE", "WITHOUT"];

const BY_NAME: &str = "named like a secret";

fn by_words(name: &[u8], upper: &[u8]) -> Option<&'static str> {
    let mut words = Words { name, upper, at: 0 };
    let first = words.next()?;
    let (mut before, mut last) = (&b""[..], first);
    let (mut secret, mut count) = (is_secret_word(first), 1);
    for word in words {
        (before, last) = (last, word);
        count += 1;
        secret = secret || is_secret_word(word) || ((is_key(word) || word == b"TOKENS") && is_in(&BEFORE_KEY, before));
    }
    let ends_secret = count > 1 && is_in(&LAST_WORDS, last) && !(is_key(last) && is_in(&HARMLESS_BEFORE_KEY, before));
    if !secret && !ends_secret {
        return None;
    }
    // A name of one word speaks about nothing but itself.
    let about = count > 1 && (is_in(&ABOUT, last) || is_in(&SWITCHES, first));
    (!about).then_some(BY_NAME)
}

fn is_secret_word(word: &[u8]) -> bool {
    let endings =
        ENDINGS.iter().find(|(letter, _)| word.last() == Some(letter)).map_or(&[][..], |(_, endings)| endings);
    endings.iter().any(|ending| word.ends_with(ending.as_bytes())) || is_in(&WORDS, word)
}

fn is_key(word: &[u8]) -> bool {
    matches!(word, b"KEY" | b"KEYS")
}

fn is_in(table: &[&str], word: &[u8]) -> bool {
    table.iter().any(|known| known.as_bytes() == word)
}

/// The words of a name, in capitals, without digits at their end.
struct Words<'a> {
    name: &'a [u8],
    upper: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let start = self.at + self.name.get(self.at..)?.iter().position(u8::is_ascii_alphanumeric)?;
            let mut end = start + 1;
            while let Some(byte) = self.name.get(end) {
                let hump = byte.is_ascii_uppercase() && self.name[end - 1].is_ascii_lowercase();
                if !byte.is_ascii_alphanumeric() || hump {
                    break;
                }
                end += 1;
            }
            self.at = end;
            let word = &self.upper[start..end];
            let letters = word.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |last| last + 1);
            // A word of digits alone (`API_KEY_2`) says nothing.
            if letters > 0 {
                return Some(&word[..letters]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_tables_is_secret_alone() {
        let endings = ENDINGS.iter().flat_map(|(_, endings)| *endings);
        for word in endings.chain(&WORDS) {
            assert!(is_secret_word(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn words_are_split_at_marks_and_humps() {
        let words = |name: &'static str| -> Vec<String> {
            let upper = name.to_ascii_uppercase();
            let words = Words { name: name.as_bytes(), upper: upper.as_bytes(), at: 0 };
            words.map(|word| String::from_utf8(word.to_vec()).unwrap()).collect()
        };
        assert_eq!(words("npm_config_//x.org/:_authToken"), ["NPM", "CONFIG", "X", "ORG", "AUTH", "TOKEN"]);
        assert_eq!(words("API_KEY_2"), ["API", "KEY"]);
        assert_eq!(words("TOKEN12__"), ["TOKEN"]);
        assert!(words("__").is_empty());
        assert!(words("42").is_empty());
    }
}
