//! Redaction of a whole event: every string in it, and each secret wherever it stands again.

use std::sync::PoisonError;

use crate::event::Event;

use super::keys::is_secret_name;
use super::{Recent, Redactor};

/// How many paths are remembered, and how long one may be.
const MOST_RECENT: usize = 8;
const LONGEST_RECENT: usize = 512;

/// What a secret must have to be hidden wherever it stands again: short or plain words would take half the record along.
pub(super) fn is_worth_repeating(secret: &str) -> bool {
    secret.len() >= 6 && (super::bytes::is_mixed(secret) || secret.len() >= 12) && !secret.contains("[SECRET]")
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
                *text = text.replace(secret.as_str(), "[SECRET]");
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
        let mut count = 0;
        if !event.argv.is_empty() {
            let (argv, hidden) = self.argv_with(&event.argv, &mut secrets);
            event.argv = argv;
            count += hidden;
        }
        for (name, value) in &mut event.env {
            if is_secret_name(name) && !value.is_empty() {
                secrets.extend(is_worth_repeating(value).then(|| value.clone()));
                *value = "[SECRET]".to_owned();
                count += 1;
            } else {
                count += self.hide(value, &mut secrets, false);
            }
        }
        // A path or a host is no command line: `-p` in it is a name, not an option.
        for text in paths(event).into_iter().flatten() {
            count += self.hide_path(text, &mut secrets);
        }
        for text in messages(event).into_iter().flatten() {
            count += self.hide(text, &mut secrets, true);
        }
        for text in event.labels.values_mut() {
            count += self.hide(text, &mut secrets, true);
        }
        if !secrets.is_empty() {
            secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
            count += hide_repeats(
                event.argv.iter_mut().chain(event.env.values_mut()).chain(event.labels.values_mut()),
                &secrets,
            );
            count += hide_repeats(paths(event).into_iter().flatten(), &secrets);
            count += hide_repeats(messages(event).into_iter().flatten(), &secrets);
        }
        count
    }

    /// [`Self::hide`] for a path, which is often one of a few.
    fn hide_path(&self, text: &mut String, secrets: &mut Vec<String>) -> u32 {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = recent.iter().find(|known| known.given == *text) {
            text.clone_from(&known.hidden);
            return known.count;
        }
        drop(recent);
        let before = secrets.len();
        let given = text.clone();
        let count = self.hide(text, secrets, false);
        // A path with a secret in it is not remembered: the secret has to be hidden elsewhere, too.
        if given.len() <= LONGEST_RECENT && secrets.len() == before {
            recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.truncate(MOST_RECENT - 1);
            let hidden = text.clone();
            recent.push_front(Recent { given, hidden, count });
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
