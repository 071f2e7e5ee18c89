//! Comma-separated values.

use std::io::{self, Write};

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
    write_row(out, &COLUMNS)?;
    let mut count = 0;
    for record in records {
        let record = record?;
        let event = record.event;
        let command = event.command.or_else(|| (!event.argv.is_empty()).then(|| command_line(&event.argv)));
        let text = |value: Option<String>| value.as_deref().map(inert).unwrap_or_default();
        let row = [
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
        ];
        write_row(out, &row)?;
        count += 1;
    }
    Ok(count)
}

/// One row as RFC 4180 has it, ended by a newline.
fn write_row<T: AsRef<str>>(out: &mut dyn Write, cells: &[T]) -> io::Result<()> {
    let mut row = String::new();
    for (at, cell) in cells.iter().map(AsRef::as_ref).enumerate() {
        if at > 0 {
            row.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            row.extend(["\"", &cell.replace('"', "\"\""), "\""]);
        } else {
            row.push_str(cell);
        }
    }
    row.push('\n');
    out.write_all(row.as_bytes())
}

/// A cell that a spreadsheet does not take for a formula, nor a terminal for a command.
fn inert(text: &str) -> String {
    let safe = crate::escape::display_safe(text);
    if safe.starts_with(['=', '+', '-', '@']) { format!("'{safe}") } else { safe }
}
