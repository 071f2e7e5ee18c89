//! Appends the events in a file, one a line, and prints how many and how much CPU time of this process that took: the
//! same work as `scripts/bench-audit.mjs` gives to other loggers. Arguments: the events, the log to write.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and reports by printing")]

use std::path::Path;

use codex_audit::{AuditLog, Event, Options};
use cpu_time::ProcessTime;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // `cargo bench` without arguments runs this, too.
    let [events, path] = &*arguments else { return };
    let text = std::fs::read_to_string(events).unwrap();
    // Making an event is the caller's part, as it is for the other loggers.
    let events: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let records = events.len();
    let log = AuditLog::open(Path::new(path), Options::default()).unwrap();
    let before = ProcessTime::now();
    for event in events {
        log.append(event).unwrap();
    }
    log.close().unwrap();
    println!("{}", serde_json::json!({ "records": records, "cpuMicros": before.elapsed().as_secs_f64() * 1e6 }));
}
