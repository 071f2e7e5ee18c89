//! Redaction of a whole event: every string in it, and each secret wherever it stands again.

use std::ops::RangeInclusive;
use std::sync::PoisonError;

use crate::event::Event;

use super::keys::{is_likely_secret, is_secret_name};
use super::spans::SECRET;
use super::{MOST_ROUNDS, Redactor, hide_all};

/// The paths that were redacted lately, each in the place that its hash gives it: records of one run name the same few
/// again and again.
#[derive(Debug, Default)]
pub(super) struct Recent([Known; 32]);

#[derive(Debug, Default)]
struct Known {
    given: String,
    /// Nothing when nothing is to be hidden.
    hidden: Option<String>,
    count: u32,
}

/// How long a path must be that looking it up pays, and how long one may be.
const RECENT_LENGTHS: RangeInclusive<usize> = 16..=512;

impl Recent {
    /// The place of a path.
    fn place(text: &str) -> usize {
        let mut hash = text.len() as u64;
        for chunk in text.as_bytes().chunks(8) {
            let word = chunk.iter().fold(0, |word, b| word << 8 | u64::from(*b));
            hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        (hash >> 59) as usize
    }
}

/// What a secret must have to be hidden wherever it stands again: short or plain words would take half the record along,
/// and so would the name of a header that stands where the value of another is due.
pub(super) fn is_worth_repeating(secret: &str) -> bool {
    let announces = secret.strip_suffix([':', '=']).is_some_and(is_secret_name);
    secret.len() >= 6
        && (super::bytes::is_mixed(secret) || secret.len() >= 12)
        && !secret.contains(SECRET)
        && !announces
}

/// Hides `secrets` wherever they stand in `texts`; returns how often.
pub(super) fn hide_repeats<'a>(texts: impl Iterator<Item = &'a mut String>, secrets: &[String]) -> u32 {
    let mut count = 0;
    if secrets.is_empty() {
        return 0;
    }
    for text in texts {
        for secret in secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), SECRET);
                count += 1;
            }
        }
    }
    count
}

impl Redactor {
    /// Redacts every string of an event in place; returns how many places were hidden.
    pub(crate) fn event(&self, event: &mut Event) -> u32 {
        let mut secrets = Vec::new();
        let mut count = self.fields(event, &mut secrets);
        for _ in 0..MOST_ROUNDS {
            secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
            let repeats = hide_repeats(lists(event), &secrets)
                + hide_repeats(paths(event).into_iter().flatten(), &secrets)
                + hide_repeats(messages(event).into_iter().flatten(), &secrets);
            if repeats == 0 {
                return count;
            }
            // What stood joined to a secret may now stand alone.
            count += repeats + self.fields(event, &mut secrets);
        }
        hide_all(lists(event));
        hide_all(paths(event).into_iter().flatten());
        hide_all(messages(event).into_iter().flatten());
        count
    }

    /// Redacts each field by itself.
    fn fields(&self, event: &mut Event, secrets: &mut Vec<String>) -> u32 {
        let mut count = 0;
        if !event.argv.is_empty() {
            count += self.argv_with(&mut event.argv, secrets);
        }
        for (name, value) in &mut event.env {
            let secret = is_secret_name(name) || is_likely_secret(name, value);
            if !secret || value.is_empty() {
                count += self.hide(value, secrets, false);
            } else if value != SECRET {
                secrets.extend(is_worth_repeating(value).then(|| value.clone()));
                SECRET.clone_into(value);
                count += 1;
            }
        }
        // A path or a host is no command line: `-p` in it is a name, not an option.
        for text in paths(event).into_iter().flatten() {
            count += self.hide_path(text, secrets);
        }
        for text in messages(event).into_iter().flatten() {
            count += self.hide(text, secrets, true);
        }
        for text in event.labels.values_mut() {
            count += self.hide(text, secrets, true);
        }
        count
    }

    /// [`Self::hide`] for a path, which is often one of a few.
    fn hide_path(&self, text: &mut String, secrets: &mut Vec<String>) -> u32 {
        if !RECENT_LENGTHS.contains(&text.len()) {
            return self.hide(text, secrets, false);
        }
        let place = Recent::place(text);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &recent.0[place];
        if known.given == *text {
            if let Some(hidden) = &known.hidden {
                text.clone_from(hidden);
            }
            return known.count;
        }
        drop(recent);
        let before = secrets.len();
        let given = text.clone();
        let count = self.hide(text, secrets, false);
        // A path with a secret in it is not remembered: the secret has to be hidden elsewhere, too.
        if secrets.len() == before {
            let hidden = (count > 0).then(|| text.clone());
            recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.0[place] = Known { given, hidden, count };
        }
        count
    }

    fn hide(&self, text: &mut String, secrets: &mut Vec<String>, command: bool) -> u32 {
        let redacted = self.stable(text, secrets, command);
        let count = redacted.count;
        if count > 0 {
            *text = redacted.text.into_owned();
        }
        count
    }
}

fn lists(event: &mut Event) -> impl Iterator<Item = &mut String> {
    event.argv.iter_mut().chain(event.env.values_mut()).chain(event.labels.values_mut())
}

fn paths(event: &mut Event) -> [Option<&mut String>; 11] {
    [
        event.cwd.as_mut(),
        event.workspace.as_mut(),
        event.program.as_mut(),
        event.path.as_mut(),
        event.host.as_mut(),
        event.address.as_mut(),
        event.run.as_mut(),
        event.parent.as_mut(),
        event.agent.as_mut(),
        event.profile.as_mut(),
        event.access.as_mut(),
    ]
}

fn messages(event: &mut Event) -> [Option<&mut String>; 8] {
    [
        event.command.as_mut(),
        event.rule.as_mut(),
        event.reason.as_mut(),
        event.error.as_mut(),
        event.suggestion.as_mut(),
        event.signal.as_mut(),
        event.code.as_mut(),
        event.syscall.as_mut(),
    ]
}
