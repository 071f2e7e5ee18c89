//! What a log says in numbers.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::read::{ReadError, ReadOptions, records};

/// Different refused things that are counted one by one; what comes after is counted together.
const MOST_THINGS: usize = 10_000;

/// Counts over the records of a log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Records that were counted.
    pub records: u64,
    /// The time of the first and of the last.
    pub first: Option<String>,
    /// The time of the last.
    pub last: Option<String>,
    /// Records by event.
    pub events: BTreeMap<String, u64>,
    /// Records by decision.
    pub decisions: BTreeMap<String, u64>,
    /// Runs that ended, by whether they failed.
    pub succeeded: u64,
    /// Runs that ended with another exit code than 0, by a signal or by a time limit.
    pub failed: u64,
    /// Places that redaction hid.
    pub redacted: u64,
    /// What was refused most often, with its count; at most 20.
    pub top_denied: Vec<(String, u64)>,
}

/// One writer's session.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// Its id.
    pub session: String,
    /// The time of its first record.
    pub start: String,
    /// The time of its last record.
    pub last: String,
    /// Whether it has a `session.end`.
    pub ended: bool,
    /// Its records.
    pub records: u64,
    /// Its runs that were started.
    pub runs: u64,
    /// Operations and commands that were refused.
    pub denied: u64,
}

/// The fields that counting needs; the rest of a line is skipped.
#[derive(Deserialize)]
pub(crate) struct Brief<'a> {
    #[serde(borrow)]
    pub(crate) session: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) time: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) event: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) decision: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    command: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    path: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    host: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    access: Option<Cow<'a, str>>,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    timed_out: Option<bool>,
    #[serde(default)]
    redacted: u64,
}

impl Brief<'_> {
    pub(crate) fn is_denied(&self) -> bool {
        self.event == "denial" || matches!(self.decision.as_deref(), Some("deny" | "forbid"))
    }

    /// What was refused, in a few words.
    pub(crate) fn thing(&self) -> String {
        let access = self.access.as_deref().unwrap_or(match &*self.event {
            "file.read" => "read",
            "file.write" => "write",
            "network.connect" => "connect",
            _ => "",
        });
        let what = match (&self.path, &self.host, &self.command) {
            (Some(path), ..) => path.to_string(),
            (None, Some(host), _) => self.port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}")),
            (None, None, command) => command.as_deref().unwrap_or("?").to_owned(),
        };
        if access.is_empty() { what } else { format!("{access} {what}") }
    }
}

/// Counts the records that `options` selects.
pub fn stats(path: &Path, options: ReadOptions) -> Result<Stats, ReadError> {
    let mut stats = Stats::default();
    let mut denied = Tally::default();
    let mut records = records(path, options)?;
    while let Some(line) = records.next_line()? {
        let Ok(brief) = serde_json::from_str::<Brief>(line) else {
            continue;
        };
        stats.records += 1;
        if stats.first.as_deref().is_none_or(|first| *brief.time < *first) {
            stats.first = Some(brief.time.to_string());
        }
        if stats.last.as_deref().is_none_or(|last| *brief.time > *last) {
            stats.last = Some(brief.time.to_string());
        }
        bump(&mut stats.events, &brief.event);
        if let Some(decision) = &brief.decision {
            bump(&mut stats.decisions, decision);
        }
        if brief.event == "exec.exit" {
            let failed = brief.exit_code != Some(0) || brief.timed_out == Some(true);
            stats.failed += u64::from(failed);
            stats.succeeded += u64::from(!failed);
        }
        stats.redacted += brief.redacted;
        if brief.is_denied() {
            denied.add(brief.thing());
        }
    }
    stats.top_denied = denied.top(20);
    Ok(stats)
}

/// Lists the sessions of a log in the order of their first records.
pub fn sessions(path: &Path, options: ReadOptions) -> Result<Vec<SessionSummary>, ReadError> {
    let mut order: Vec<SessionSummary> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut records = records(path, options)?;
    while let Some(line) = records.next_line()? {
        let Ok(brief) = serde_json::from_str::<Brief>(line) else {
            continue;
        };
        let at = match index.get(&*brief.session) {
            Some(at) => *at,
            None => {
                index.insert(brief.session.to_string(), order.len());
                order.push(SessionSummary {
                    session: brief.session.to_string(),
                    start: brief.time.to_string(),
                    ..SessionSummary::default()
                });
                order.len() - 1
            }
        };
        let summary = &mut order[at];
        summary.records += 1;
        summary.last = brief.time.to_string();
        summary.ended |= brief.event == "session.end";
        summary.runs += u64::from(brief.event == "exec.start");
        summary.denied += u64::from(brief.is_denied());
    }
    Ok(order)
}

fn bump(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else if counts.len() < 100 {
        counts.insert(name.to_owned(), 1);
    }
}

/// Counts things with bounded memory.
#[derive(Default)]
pub(crate) struct Tally(HashMap<String, u64>);

impl Tally {
    pub(crate) fn add(&mut self, thing: String) {
        let thing =
            if self.0.len() < MOST_THINGS || self.0.contains_key(&thing) { thing } else { "(others)".to_owned() };
        *self.0.entry(thing).or_default() += 1;
    }

    pub(crate) fn top(self, count: usize) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> = self.0.into_iter().collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(count);
        all
    }
}
