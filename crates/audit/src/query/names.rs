//! The names that a query may use: one that no record has would fit nothing, and pass for an answer.

use strsim::osa_distance;

use crate::event::{Decision, Event, EventKind};
use crate::record::ENVELOPE;

/// The fields that have members; those of `labels` and `env` are named by whoever logs.
const WITH_MEMBERS: [&str; 3] = ["labels", "env", "log"];

/// Why a query can't ask for this field; nothing if it can.
pub(super) fn why_no_field(name: &str) -> Option<String> {
    let (top, member) = name.split_once('.').map_or((name, None), |(top, member)| (top, Some(member)));
    let mut all = ENVELOPE.iter().chain(Event::FIELDS).copied();
    if !all.clone().any(|field| field == top) {
        let snake = snake(top);
        let near = all.find(|field| osa_distance(field, &snake) <= 2);
        let tip = near.map_or_else(
            || "what callers add stands in labels".to_owned(),
            |field| format!("a similar one is {field}"),
        );
        return Some(format!("no record has a field {top}: {tip}"));
    }
    (member.is_some() && !WITH_MEMBERS.contains(&top)).then(|| format!("{top} has no members"))
}

/// Why that field never has this value; nothing if it may.
pub(super) fn why_no_value(field: &str, value: &str) -> Option<String> {
    let names = match field {
        "event" => EventKind::ALL.map(EventKind::name).to_vec(),
        "decision" => Decision::ALL.map(Decision::name).to_vec(),
        _ => return None,
    };
    (!names.contains(&value))
        .then(|| format!("{value} is never the {field} of a record: it is one of {}", names.join(", ")))
}

/// `exitCode` as records spell it.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
