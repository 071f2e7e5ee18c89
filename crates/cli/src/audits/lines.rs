//! Records and counts as people read them.

use std::fmt::Write;

use codex_audit::{SessionSummary, Stats, Verdict, display_safe};
use serde_json::Value;

/// The widest bar of a chart, in characters.
const BAR: usize = 30;

/// One record on one line; nothing for a line that is no record.
pub fn record(line: &str, colored: bool) -> Option<String> {
    let shown: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| shown[name].as_str();
    let (time, event) = (text("time")?, text("event")?);
    let exit_code = shown["exit_code"].as_i64();
    let mut words = Vec::new();
    match (exit_code, text("signal")) {
        (Some(code), _) => words.push(format!("exit {code}")),
        (None, Some(signal)) => words.push(format!("signal {signal}")),
        (None, None) => {}
    }
    if let Some(duration) = shown["duration_ms"].as_f64() {
        let tenths = (duration * 10.0).round() as i64;
        words.push(format!("{}.{} ms", tenths / 10, tenths % 10));
    }
    words.extend(["command", "path", "host", "error"].into_iter().filter_map(text).map(display_safe));
    if words.is_empty() {
        words.extend(["program", "profile"].into_iter().filter_map(text).map(display_safe));
    }
    if let Some(reason) = text("reason") {
        words.push(format!("({})", display_safe(reason)));
    }
    let decision = text("decision").unwrap_or("");
    let bad = matches!(decision, "forbid" | "deny") || event == "denial" || exit_code.is_some_and(|code| code != 0);
    let (event, decision) = (display_safe(event), display_safe(decision));
    let (on, off) = match (colored, bad, decision.as_str()) {
        (false, ..) => ("", ""),
        (true, true, _) => ("\u{1b}[31m", "\u{1b}[0m"),
        (true, false, "prompt") => ("\u{1b}[33m", "\u{1b}[0m"),
        (true, false, _) => ("\u{1b}[32m", "\u{1b}[0m"),
    };
    Some(format!("{}  {on}{event:<15} {decision:<6}{off}  {}", display_safe(time), words.join("  ")))
}

/// Counts, and a chart of what was refused most.
pub fn stats(stats: &Stats, colored: bool) -> String {
    let mut text = format!(
        "{} records, {} to {}\n{} runs succeeded, {} failed; {} places redacted\n",
        stats.records,
        stats.first.as_deref().unwrap_or("-"),
        stats.last.as_deref().unwrap_or("-"),
        stats.succeeded,
        stats.failed,
        stats.redacted,
    );
    let mut put = |line: std::fmt::Arguments| text.write_fmt(line).unwrap_or_default();
    for (event, count) in &stats.events {
        put(format_args!("{count:>9}  {}\n", display_safe(event)));
    }
    if let Some((_, most)) = stats.top_denied.first() {
        put(format_args!("\nRefused most\n"));
        let (on, off) = if colored { ("\u{1b}[31m", "\u{1b}[0m") } else { ("", "") };
        for (thing, count) in &stats.top_denied {
            let length = usize::try_from(count * BAR as u64 / (*most).max(1)).unwrap_or(BAR).clamp(1, BAR);
            put(format_args!("{count:>9}  {on}{:<BAR$}{off}  {}\n", "█".repeat(length), display_safe(thing)));
        }
    }
    text
}

/// One session on one line, the newest last.
pub fn sessions(sessions: &[SessionSummary]) -> String {
    let mut text = format!(
        "{:<32}  {:<24}  {:<24}  {:>9}  {:>7}  {:>7}\n",
        "session", "start", "last", "records", "runs", "refused"
    );
    for session in sessions {
        let open = if session.ended { "" } else { "  open" };
        let line = format_args!(
            "{:<32}  {:<24}  {:<24}  {:>9}  {:>7}  {:>7}{open}\n",
            display_safe(&session.session),
            display_safe(&session.start),
            display_safe(&session.last),
            session.records,
            session.runs,
            session.denied,
        );
        text.write_fmt(line).unwrap_or_default();
    }
    text
}

/// Whether a log holds, in words.
pub fn verdict(found: &Verdict) -> String {
    match &found.first_bad {
        Some(bad) => format!(
            "the log does not hold: {}, line {}: {}\n{} records before it hold\n",
            display_safe(&bad.file),
            bad.line,
            display_safe(&bad.reason),
            found.records
        ),
        None => format!(
            "the log holds: {} records of {} sessions ({} without an end), {} torn, {} lost, {} removed by retention\n",
            found.records, found.sessions, found.open_sessions, found.torn, found.lost, found.removed
        ),
    }
}
