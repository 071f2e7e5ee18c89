//! A report for people: one HTML page, nothing loaded from anywhere.

use std::fmt::Write as _;
use std::path::Path;

use crate::clock::{format_ms, parse_ms};
use crate::read::{ReadError, ReadOptions, records};
use crate::stats::{Brief, Tally, sessions, stats};

/// Columns of the timeline.
const COLUMNS: usize = 60;

/// The report as HTML: numbers, a timeline of what was allowed and refused, what was refused most, and the sessions.
pub fn report(path: &Path, options: ReadOptions) -> Result<String, ReadError> {
    let stats = stats(path, options.clone())?;
    let first = stats.first.as_deref().and_then(parse_ms).unwrap_or(0);
    let last = stats.last.as_deref().and_then(parse_ms).unwrap_or(first);
    let width = ((last - first) / COLUMNS as i64 + 1).max(1);
    let mut columns = vec![(0u64, 0u64); COLUMNS];
    let mut denied = Tally::default();
    let mut lines = records(path, options.clone())?;
    while let Some(line) = lines.next_line()? {
        let Ok(brief) = serde_json::from_str::<Brief>(line) else {
            continue;
        };
        if brief.event.starts_with("log.") || brief.event.starts_with("session.") {
            continue;
        }
        let at =
            parse_ms(&brief.time).map_or(0, |ms| usize::try_from((ms - first) / width).unwrap_or(0)).min(COLUMNS - 1);
        if brief.is_denied() {
            columns[at].1 += 1;
            denied.add(brief.thing());
        } else {
            columns[at].0 += 1;
        }
    }
    let mut html = String::from(HEAD);
    let mut put = |text: std::fmt::Arguments| html.write_fmt(text).unwrap_or_default();
    put(format_args!(
        "<p>{} records, {} to {}</p>",
        stats.records,
        escape(stats.first.as_deref().unwrap_or("-")),
        escape(stats.last.as_deref().unwrap_or("-"))
    ));
    put(format_args!(
        "<p>{} runs succeeded, {} failed; {} places redacted</p>",
        stats.succeeded, stats.failed, stats.redacted
    ));
    put(format_args!("<h2>Timeline</h2><svg viewBox='0 0 720 160' role='img' aria-label='records over time'>"));
    let most = columns.iter().map(|(a, d)| a + d).max().unwrap_or(0).max(1);
    for (at, (allowed, refused)) in columns.iter().enumerate() {
        let (a, d) = (allowed * 130 / most, refused * 130 / most);
        let start = format_ms(first + width * at as i64);
        let title = format!("{}: {allowed} allowed, {refused} refused", String::from_utf8_lossy(&start));
        put(format_args!(
            "<g><title>{title}</title><rect class='a' x='{x}' y='{y}' width='10' height='{a}'/><rect class='d' x='{x}' y='{z}' width='10' height='{d}'/></g>",
            x = at * 12 + 1,
            y = 135 - a,
            z = 135 - a - d
        ));
    }
    put(format_args!(
        "<text x='0' y='155'>{}</text><text x='720' y='155' text-anchor='end'>{}</text></svg>",
        escape(stats.first.as_deref().unwrap_or("")),
        escape(stats.last.as_deref().unwrap_or(""))
    ));
    put(format_args!("<h2>Refused most</h2><table>"));
    let top = denied.top(20);
    let most = top.first().map_or(1, |(_, count)| *count).max(1);
    for (thing, count) in &top {
        put(format_args!(
            "<tr><td class='n'>{count}</td><td class='b'><div style='width:{}%'></div></td><td><code>{}</code></td></tr>",
            count * 100 / most,
            escape(thing)
        ));
    }
    if top.is_empty() {
        put(format_args!("<tr><td>nothing</td></tr>"));
    }
    put(format_args!(
        "</table><h2>Sessions</h2><table><tr><th>session</th><th>start</th><th>last</th><th>records</th><th>runs</th><th>refused</th></tr>"
    ));
    let all = sessions(path, options)?;
    for session in all.iter().rev().take(200) {
        put(format_args!(
            "<tr><td><code>{}</code></td><td>{}</td><td>{}{}</td><td class='n'>{}</td><td class='n'>{}</td><td class='n'>{}</td></tr>",
            escape(&session.session),
            escape(&session.start),
            escape(&session.last),
            if session.ended { "" } else { " (open)" },
            session.records,
            session.runs,
            session.denied
        ));
    }
    put(format_args!("</table>"));
    if all.len() > 200 {
        put(format_args!("<p>{} earlier sessions are not shown.</p>", all.len() - 200));
    }
    html.push_str("</main></html>\n");
    Ok(html)
}

const HEAD: &str = "<!doctype html><html lang='en'><meta charset='utf-8'><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>Audit report</title><style>\
:root{color-scheme:light dark;--a:#3b7dd8;--d:#d8453b}body{font:14px/1.5 system-ui,sans-serif;margin:2rem}main{max-width:60rem;margin:auto}svg{width:100%}text{font-size:9px;fill:currentColor}.a{fill:var(--a)}.d{fill:var(--d)}\
table{border-collapse:collapse;width:100%}td,th{padding:.15rem .6rem .15rem 0;text-align:left}.n{text-align:right;width:4rem}.b{width:30%}.b div{background:var(--d);height:.8rem}code{overflow-wrap:anywhere}\
</style><main><h1>Audit report</h1>";

/// Text that is only text in HTML, and shows what would hide.
fn escape(text: &str) -> String {
    crate::escape::display_safe(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
