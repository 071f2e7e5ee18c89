//! Redaction: names of people and machines, and secrets, are taken out before anything is hashed or written.
//!
//! The rules are structural. A prefilter (over hint words, key prefixes and the names to hide) finds the few places worth
//! a look; small hand-written scanners then judge each place by its
//! surroundings. What they find becomes `[USER]`, `[HOST]` or `[SECRET]`. Redacting twice changes nothing.

mod across;
mod bytes;
mod event;
mod formats;
mod identity;
mod input;
mod keys;
mod mark;
mod named;
mod names;
mod options;
mod paths;
mod prefilter;
mod program_table;
mod programs;
mod spans;
mod tokens;
mod urls;
mod values;
mod words;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use event::Recent;
pub use identity::Identity;
use paths::Base;
use prefilter::Prefilter;
use spans::{Kind, SECRET, Spans};

/// Why a redactor could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedactorError {
    /// The names to hide are too many for one table.
    #[error("too many names to hide: pass fewer users, homes and hosts")]
    TooManyNames,
}

/// A redacted string and how many places were hidden in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted<'a> {
    /// The text to store; borrowed when nothing was hidden.
    pub text: Cow<'a, str>,
    /// The number of places that were hidden.
    pub count: u32,
}

/// What a hit of the prefilter calls for.
#[derive(Clone, Copy, Debug)]
enum Trigger {
    Base(Base),
    Encoded,
    Marked,
    Spool,
    Known(Kind),
    Home,
    Id,
    UserVariable,
    Url,
    Dsn,
    Thin,
    Key,
    Words,
    Bearer,
    Jwt,
    Pem,
    Bot,
    Azure,
    Format(u8),
}

/// Hides names and secrets in strings, argument lists and events. Cheap to share, safe to use from any thread.
#[derive(Clone, Debug)]
pub struct Redactor {
    prefilter: Arc<Prefilter<Trigger>>,
    pseudonyms: Option<[u8; 32]>,
    recent: Arc<Mutex<Recent>>,
}

impl Redactor {
    /// A redactor that hides `identity`, the homes of everyone else, mail addresses and secrets.
    pub fn new(identity: &Identity) -> Result<Self, RedactorError> {
        let mut patterns: Vec<(Box<[u8]>, Trigger)> = Vec::with_capacity(128);
        let mut add = |pattern: &str, trigger: Trigger| patterns.push((pattern.as_bytes().into(), trigger));
        for (name, base) in [
            ("home", Base::Home),
            ("homes", Base::Homes),
            ("users", Base::Users),
            ("documents and settings", Base::Documents),
            ("documents%20and%20settings", Base::Documents),
            ("docume~1", Base::Documents),
            ("media", Base::Media),
        ] {
            add(name, Trigger::Base(base));
        }
        add("-home-", Trigger::Encoded);
        add("-users-", Trigger::Encoded);
        for marked in named::MARKED {
            add(marked, Trigger::Marked);
        }
        for spool in named::SPOOLS {
            add(spool, Trigger::Spool);
        }
        add("uid=", Trigger::Id);
        add("gid=", Trigger::Id);
        add("groups=", Trigger::Id);
        add("user=", Trigger::UserVariable);
        add("username=", Trigger::UserVariable);
        add("logname=", Trigger::UserVariable);
        add("://", Trigger::Url);
        add("@tcp(", Trigger::Dsn);
        add("@unix(", Trigger::Dsn);
        add("oracle:thin:", Trigger::Thin);
        for hint in [
            "pass",
            "secret",
            "token",
            "key",
            "credential",
            "pwd",
            "pswd",
            "auth",
            "cookie",
            "jwt",
            "otp",
            "sig",
            "sessionid",
            "_pat",
            "-pat",
            "sid",
            "pw",
            "sess",
            "psk",
        ] {
            add(hint, Trigger::Key);
        }
        // SQL says it in words: `IDENTIFIED BY 'x'`.
        add("identified", Trigger::Words);
        for query in ["?code=", "&code="] {
            add(query, Trigger::Key);
        }
        add("bearer", Trigger::Bearer);
        add("eyj", Trigger::Jwt);
        add("-----begin", Trigger::Pem);
        add(":aa", Trigger::Bot);
        add("7q~", Trigger::Azure);
        add("8q~", Trigger::Azure);
        for (at, format) in (0u8..).zip(formats::FORMATS.iter()) {
            add(format.prefix, Trigger::Format(at));
        }
        for word in identity.host_words() {
            add(&word, Trigger::Known(Kind::Host));
        }
        for word in identity.user_words() {
            add(&word, Trigger::Known(Kind::User));
        }
        for home in identity.odd_homes() {
            add(&home, Trigger::Home);
        }
        let prefilter = Prefilter::new(patterns).ok_or(RedactorError::TooManyNames)?;
        Ok(Self { prefilter: Arc::new(prefilter), pseudonyms: None, recent: Arc::default() })
    }

    /// Writes `[USER:1a2b3c4d]` instead of `[USER]`, so that events of one user or host still correlate.
    ///
    /// The eight digits are a keyed hash: who does not have `key` can't test a guess against them.
    #[must_use]
    pub fn with_pseudonyms(mut self, key: [u8; 32]) -> Self {
        self.pseudonyms = Some(key);
        self.recent = Arc::default();
        self
    }

    /// Redacts one string: a path, a message, a URL, or a whole command line.
    pub fn text<'a>(&self, text: &'a str) -> Redacted<'a> {
        let mut secrets = Vec::new();
        settle(text, |text| {
            let (mut hidden, mut count) = self.once(text, Spans::default(), true, &mut secrets)?;
            count += event::hide_repeats(std::iter::once(&mut hidden), &secrets);
            Some((hidden, count))
        })
    }

    /// Redacts an argument list; what an option means depends on the program in front.
    pub fn argv(&self, argv: &[String]) -> (Vec<String>, u32) {
        let mut hidden = argv.to_vec();
        let mut secrets = Vec::new();
        let mut count = 0;
        for _ in 0..MOST_ROUNDS {
            count += self.argv_with(&mut hidden, &mut secrets);
            match event::hide_repeats(hidden.iter_mut(), &secrets) {
                0 => return (hidden, count),
                repeats => count += repeats,
            }
        }
        hide_all(hidden.iter_mut());
        (hidden, count)
    }

    /// Redacts an argument list in place, adding the secrets that were found to `secrets`.
    fn argv_with(&self, argv: &mut [String], secrets: &mut Vec<String>) -> u32 {
        let mut count = 0;
        // Which words the last look changed; empty before the first.
        let mut changed = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let before = std::mem::take(&mut changed);
            let count_of_words = argv.len();
            let mut found = Vec::new();
            programs::scan(&argv.iter().map(String::as_str).collect::<Vec<_>>(), &mut found);
            found.sort_unstable_by_key(|(at, ..)| *at);
            let mut found = found.into_iter().peekable();
            for (at, word) in argv.iter_mut().enumerate() {
                let mut spans = Spans::default();
                while let Some((_, range, kind)) = found.next_if(|(index, ..)| *index == at) {
                    spans.push(range, kind);
                }
                if spans.is_empty() && before.get(at) == Some(&false) {
                    continue;
                }
                // Only a word with a space in it can be a command line of its own.
                if let Some((hidden, more)) = self.once(word, spans, word.contains(' '), secrets) {
                    *word = hidden;
                    count += more;
                    changed.resize(count_of_words, false);
                    changed[at] = true;
                }
            }
            if changed.is_empty() {
                return count;
            }
        }
        hide_all(argv.iter_mut());
        count
    }

    /// Redacts one string that stands in an event, adding the secrets that were found to `secrets`.
    fn stable<'a>(&self, text: &'a str, secrets: &mut Vec<String>, command: bool) -> Redacted<'a> {
        settle(text, |text| self.once(text, Spans::default(), command, secrets))
    }

    /// Looks at `text` once and hides what is found, beginning with `spans`; nothing when that changes nothing.
    fn once(&self, text: &str, spans: Spans, command: bool, secrets: &mut Vec<String>) -> Option<(String, u32)> {
        let spans = self.scan(text, spans, command);
        if spans.is_empty() {
            return None;
        }
        let (hidden, count) = self.replace(text, spans, secrets);
        (hidden != text).then_some((hidden, count))
    }

    /// One look at `text`.
    fn scan(&self, text: &str, mut spans: Spans, command: bool) -> Spans {
        let mut by_words = false;
        let mut key_end = 0;
        self.prefilter.find(text, |range, trigger| match trigger {
            Trigger::Base(base) => paths::scan(text, range, base, &mut spans),
            Trigger::Encoded => named::scan_encoded(text, range, &mut spans),
            Trigger::Marked => named::scan_marked(text, range, &mut spans),
            Trigger::Spool => named::scan_spool(text, range.end, &mut spans),
            Trigger::Known(kind) => names::scan_known(text, range, kind, &mut spans),
            Trigger::Home => names::scan_home(text, range, &mut spans),
            Trigger::Id => names::scan_id(text, range, &mut spans),
            Trigger::UserVariable => names::scan_user_variable(text, range, &mut spans),
            Trigger::Url => urls::scan(text, range, &mut spans),
            Trigger::Dsn => urls::scan_dsn(text, range, &mut spans),
            Trigger::Thin => urls::scan_thin(text, range.end, &mut spans),
            Trigger::Words => by_words = true,
            Trigger::Key if range.end <= key_end => {}
            Trigger::Key => {
                key_end = keys::scan(text, trim_query(text, range), &mut spans);
                // The value may be the next word.
                by_words = true;
            }
            Trigger::Bearer => keys::scan_bearer(text, range, &mut spans),
            Trigger::Jwt => tokens::scan_jwt(text, range, &mut spans),
            Trigger::Pem => tokens::scan_pem(text, range, &mut spans),
            Trigger::Bot => tokens::scan_bot(text, range, &mut spans),
            Trigger::Azure => tokens::scan_azure(text, range, &mut spans),
            Trigger::Format(at) => tokens::scan(text, range, &formats::FORMATS[usize::from(at)], &mut spans),
        });
        if bytes::has_tilde_or_at(text.as_bytes()) {
            for (at, byte) in text.bytes().enumerate() {
                match byte {
                    b'~' => paths::scan_tilde(text, at, &mut spans),
                    b'@' => names::scan_mail(text, at, &mut spans),
                    _ => {}
                }
            }
        }
        if command && ((by_words && text.contains(' ')) || words::is_worth_a_look(text)) {
            words::scan(text, &mut spans);
        }
        if text.len() >= 32 && tokens::has_long_run(text) {
            tokens::scan_random(text, &mut spans);
        }
        tokens::scan_aws(text, &mut spans);
        spans
    }

    fn replace(&self, text: &str, spans: Spans, secrets: &mut Vec<String>) -> (String, u32) {
        let mut hidden = String::with_capacity(text.len());
        let (mut done, mut count) = (0, 0);
        for (range, kind) in spans.merged() {
            let part = &text[range.clone()];
            if kind == Kind::Secret && event::is_worth_repeating(part) {
                secrets.push(part.to_owned());
            }
            hidden.push_str(&text[done..range.start]);
            self.push_mark(&mut hidden, part, kind);
            done = range.end;
            count += 1;
        }
        hidden.push_str(&text[done..]);
        (hidden, count)
    }

    fn push_mark(&self, out: &mut String, part: &str, kind: Kind) {
        let name = match kind {
            Kind::User => "USER",
            Kind::Host => "HOST",
            Kind::Secret => return out.push_str(SECRET),
        };
        out.push('[');
        out.push_str(name);
        if let Some(tag) = self.pseudonyms.as_ref().and_then(|key| pseudonym(key, part)) {
            out.push(':');
            out.push_str(&tag);
        }
        out.push(']');
    }
}

/// How often a text is looked at again. What nests deeper than this is hidden as a whole.
const MOST_ROUNDS: usize = 16;

/// Repeats `once` until it changes nothing, so that the result is a fixed point and redacting twice changes nothing.
///
/// What was hidden can leave its neighbours with another meaning: a name that was joined to it now stands alone. Only a
/// text in which something was hidden is looked at again.
fn settle(text: &str, mut once: impl FnMut(&str) -> Option<(String, u32)>) -> Redacted<'_> {
    let Some((mut hidden, mut count)) = once(text) else {
        return Redacted { text: Cow::Borrowed(text), count: 0 };
    };
    for _ in 1..MOST_ROUNDS {
        let Some((again, more)) = once(&hidden) else {
            return Redacted { text: Cow::Owned(hidden), count };
        };
        hidden = again;
        count += more;
    }
    hide_all(std::iter::once(&mut hidden));
    Redacted { text: Cow::Owned(hidden), count }
}

/// Hides texts that do not settle. The mark alone is a fixed point.
fn hide_all<'a>(texts: impl Iterator<Item = &'a mut String>) {
    for text in texts.filter(|text| !text.is_empty()) {
        SECRET.clone_into(text);
    }
}

/// Hides the user in one path, whoever it is, and nothing that depends on this machine.
///
/// `C:\Users\john\file.txt` becomes `C:\Users\[USER]\file.txt`.
pub fn sanitize_path(path: &str) -> String {
    static ANYONE: OnceLock<Option<Redactor>> = OnceLock::new();
    match ANYONE.get_or_init(|| Redactor::new(&Identity::default()).ok()) {
        Some(redactor) => redactor.text(path).text.into_owned(),
        None => "[PATH]".to_owned(),
    }
}

/// A `?code=` hit covers the separators; the name is what is between them.
fn trim_query(text: &str, range: Range<usize>) -> Range<usize> {
    let name = &text[range.clone()];
    let front = name.len() - name.trim_start_matches(['?', '&', '_', '-']).len();
    let back = name.len() - name.trim_end_matches('=').len();
    range.start + front..range.end - back
}

fn pseudonym(key: &[u8; 32], part: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(part.to_lowercase().as_bytes());
    Some(mac.finalize().into_bytes().iter().take(4).map(|b| format!("{b:02x}")).collect())
}
