//! Comma-separated values.

use std::fmt::Display;
use std::io::{self, Write};

use super::ExportError;
use crate::event::Decision;
use crate::limit::command_line;
use crate::read::Records;
use crate::record::Record;

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
    let mut header = Row::default();
    COLUMNS.iter().for_each(|column| header.cell(column));
    header.write(out)?;
    let mut count = 0;
    for record in records {
        row(&record?).write(out)?;
        count += 1;
    }
    Ok(count)
}

/// A record in the order of [`COLUMNS`].
fn row(record: &Record) -> Row {
    let event = &record.event;
    let command = match &event.command {
        None if !event.argv.is_empty() => Some(command_line(&event.argv)),
        command => command.clone(),
    };
    let mut row = Row::default();
    row.cell(&record.time);
    row.cell(&record.session);
    row.cell(&record.seq.to_string());
    row.cell(event.event.name());
    row.foreign(event.run.as_deref());
    row.foreign(event.agent.as_deref());
    row.cell(event.decision.map(Decision::name).unwrap_or_default());
    for text in [&event.rule, &event.reason, &command, &event.cwd, &event.program, &event.profile, &event.path] {
        row.foreign(text.as_deref());
    }
    row.foreign(event.host.as_deref());
    row.number(event.port.as_ref().map(|n| n as &dyn Display));
    row.foreign(event.access.as_deref());
    row.number(event.exit_code.as_ref().map(|n| n as &dyn Display));
    row.foreign(event.signal.as_deref());
    row.cell(&event.duration_ms.map(crate::number::display).unwrap_or_default());
    row.foreign(event.error.as_deref());
    row.number(Some(&record.redacted));
    row.cell(&record.prev);
    row.cell(&record.hash);
    row
}

/// A row in the making, as RFC 4180 has it.
#[derive(Default)]
struct Row(String);

impl Row {
    #[inline(never)]
    fn cell(&mut self, cell: &str) {
        if cell.contains([',', '"', '\n', '\r']) {
            self.0.extend(["\"", &cell.replace('"', "\"\""), "\""]);
        } else {
            self.0.push_str(cell);
        }
        self.0.push(',');
    }

    /// A cell whose text comes from elsewhere.
    #[inline(never)]
    fn foreign(&mut self, text: Option<&str>) {
        self.cell(&text.map(inert).unwrap_or_default());
    }

    #[inline(never)]
    fn number(&mut self, number: Option<&dyn Display>) {
        self.cell(&number.map(ToString::to_string).unwrap_or_default());
    }

    /// The last separator becomes the end of the line.
    fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.0.pop();
        self.0.push('\n');
        out.write_all(self.0.as_bytes())
    }
}

/// A cell that a spreadsheet does not take for a formula, nor a terminal for a command.
fn inert(text: &str) -> String {
    let safe = crate::escape::display_safe(text);
    if safe.starts_with(['=', '+', '-', '@']) { format!("'{safe}") } else { safe }
}
