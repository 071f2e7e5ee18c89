//! Open Cybersecurity Schema Framework.

use serde_json::Value;

use super::{Object, endpoint, is_refused, millis, record_id, sequence};
use crate::event::{Decision, EventKind};
use crate::record::Record;

/// The version of OCSF that is written.
pub const OCSF_VERSION: &str = "1.6.0";

/// What an event is in OCSF.
enum Class {
    Process(i64),
    File(i64),
    Network(i64),
    /// What has no class of its own: sessions, policy changes, the log itself.
    Base,
}

pub(super) fn event(record: &Record) -> Value {
    let event = &record.event;
    let refused = is_refused(record);
    let (class, category, activity, class_name) = match class(record) {
        Class::Process(activity) => (1007, 1, activity, "Process Activity"),
        Class::File(activity) => (1001, 1, activity, "File System Activity"),
        Class::Network(activity) => (4001, 4, activity, "Network Activity"),
        Class::Base => (0, 0, 99, "Base Event"),
    };
    let mut out = Object::default();
    out.number("activity_id", activity)
        .number("category_uid", category)
        .number("class_uid", class)
        .text("class_name", class_name)
        .number("type_uid", class * 100 + activity)
        .number("time", millis(record))
        .number("severity_id", if refused { 3 } else { 1 })
        .number("status_id", if refused || event.error.is_some() { 2 } else { 1 })
        .text("status_code", event.exit_code.map(|code| code.to_string()).or_else(|| event.code.clone()).as_deref())
        .text("status_detail", event.reason.as_deref().or(event.error.as_deref()))
        .number("duration", event.duration_ms.map(|ms| ms.round() as i64))
        .object("metadata", metadata(record, class == 4001))
        .object("unmapped", unmapped(record));
    if class == 0 {
        out.text("message", event.reason.as_deref().unwrap_or_else(|| event.event.name()));
        return out.into();
    }
    let (mut actor, mut device) = (Object::default(), Object::default());
    actor.text("app_name", "codex");
    let process = process(record, class == 1007);
    match class {
        1007 => {
            out.object("process", process).number("exit_code", event.exit_code.map(i64::from));
        }
        1001 => {
            actor.object("process", process);
            out.object("file", file(event.path.as_deref().unwrap_or("unknown")));
        }
        _ => {
            actor.object("process", process);
            out.object("dst_endpoint", destination(record));
        }
    }
    // The machine. Its name is known to the log only as hidden.
    device.number("type_id", 0).text("hostname", "[HOST]");
    out.object("actor", actor).object("device", device);
    out.into()
}

fn metadata(record: &Record, on_host: bool) -> Object {
    let (mut metadata, mut product) = (Object::default(), Object::default());
    product.text("name", "codex").text("vendor_name", "OpenAI").text("version", env!("CARGO_PKG_VERSION"));
    metadata
        .text("version", OCSF_VERSION)
        .text("uid", record_id(record).as_str())
        .text("correlation_uid", record.event.run.as_deref())
        .text("original_time", record.time.as_str())
        .object("product", product);
    if on_host {
        // Who acted on which machine is of the host profile in a network event.
        metadata.texts("profiles", ["host"]);
    }
    metadata
}

/// What OCSF has no place for.
fn unmapped(record: &Record) -> Object {
    let event = &record.event;
    let mut unmapped = Object::default();
    unmapped
        .text("event", event.event.name())
        .text("decision", event.decision.map(Decision::name))
        .text("rule", event.rule.as_deref())
        .text("profile", event.profile.as_deref())
        .text("policy_hash", event.policy_hash.as_deref())
        .text("agent", event.agent.as_deref())
        .text("signal", event.signal.as_deref())
        .text("session", record.session.as_str())
        .number("seq", sequence(record))
        .text("hash", record.hash.as_str())
        .text("prev", record.prev.as_str());
    unmapped
}

/// The process of a run. It needs an id where it `is_subject`; the run's stands for it before there is one.
fn process(record: &Record, is_subject: bool) -> Object {
    let event = &record.event;
    let nameless = is_subject && event.pid.is_none() && event.run.is_none();
    let uid = if nameless { Some(record_id(record)) } else { event.run.clone() };
    let mut process = Object::default();
    process
        .number("pid", event.pid.map(i64::from))
        .text("uid", uid.as_deref())
        .text("cmd_line", event.command.clone().or_else(|| line(record)).as_deref())
        .text("working_directory", event.cwd.as_deref());
    if let Some(program) = event.program.as_deref() {
        process.object("file", file(program));
    }
    process
}

fn destination(record: &Record) -> Object {
    let (name, ip) = endpoint(record);
    // One of the two has to be there.
    let hostname = name.or(record.event.address.as_deref()).or(ip.is_none().then_some("unknown"));
    let mut destination = Object::default();
    destination
        .text("hostname", hostname)
        .text("ip", ip.map(|ip| ip.to_string()).as_deref())
        .number("port", record.event.port.map(i64::from));
    destination
}

fn class(record: &Record) -> Class {
    let event = &record.event;
    match event.event {
        EventKind::ExecDecision | EventKind::ExecStart => Class::Process(1),
        EventKind::ExecExit => Class::Process(2),
        EventKind::FileRead => Class::File(2),
        EventKind::FileWrite => Class::File(3),
        EventKind::NetworkConnect => Class::Network(if is_refused(record) { 5 } else { 1 }),
        EventKind::Denial if event.host.is_some() || event.address.is_some() => Class::Network(5),
        EventKind::Denial if event.path.is_some() && event.access.as_deref() != Some("exec") => {
            Class::File(if event.access.as_deref() == Some("read") { 2 } else { 3 })
        }
        EventKind::Denial => Class::Process(1),
        _ => Class::Base,
    }
}

fn line(record: &Record) -> Option<String> {
    (!record.event.argv.is_empty()).then(|| crate::limit::command_line(&record.event.argv))
}

fn file(path: &str) -> Object {
    let name =
        path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(path);
    let mut file = Object::default();
    file.text("name", name).text("path", path).number("type_id", 0);
    file
}
