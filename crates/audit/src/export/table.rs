//! Comma-separated values.

use std::io::Write;

use super::ExportError;
use crate::event::Decision;
use crate::limit::command_line;
use crate::read::Records;

const COLUMNS: [&str; 24] = [
    "time",
    "session",
    "seq",
    "event",
    "run",
    "agent",
    "decision",
    "rule",
    "reason",
    "command",
    "cwd",
    "program",
    "profile",
    "path",
    "host",
    "port",
    "access",
    "exit_code",
    "signal",
    "duration_ms",
    "error",
    "redacted",
    "prev",
    "hash",
];

pub(super) fn write(records: &mut Records, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    let mut count = 0;
    for record in records {
        let record = record?;
        let event = record.event;
        let command = event.command.or_else(|| (!event.argv.is_empty()).then(|| command_line(&event.argv)));
        let text = |value: Option<String>| value.as_deref().map(inert).unwrap_or_default();
        table.write_record([
            record.time,
            record.session,
            record.seq.to_string(),
            event.event.name().to_owned(),
            text(event.run),
            text(event.agent),
            event.decision.map(Decision::name).unwrap_or_default().to_owned(),
            text(event.rule),
            text(event.reason),
            text(command),
            text(event.cwd),
            text(event.program),
            text(event.profile),
            text(event.path),
            text(event.host),
            event.port.map(|n| n.to_string()).unwrap_or_default(),
            text(event.access),
            event.exit_code.map(|n| n.to_string()).unwrap_or_default(),
            text(event.signal),
            event.duration_ms.map(|n| n.to_string()).unwrap_or_default(),
            text(event.error),
            record.redacted.to_string(),
            record.prev,
            record.hash,
        ])?;
        count += 1;
    }
    table.flush()?;
    Ok(count)
}

/// A cell that a spreadsheet does not take for a formula, nor a terminal for a command.
fn inert(text: &str) -> String {
    let safe = crate::escape::display_safe(text);
    if safe.starts_with(['=', '+', '-', '@']) { format!("'{safe}") } else { safe }
}
