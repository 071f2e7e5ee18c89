//! Open Cybersecurity Schema Framework.

use serde_json::{Value, json};

use super::{compact, endpoint, is_refused, millis};
use crate::event::{Decision, EventKind};
use crate::record::Record;

/// The version of OCSF that is written.
pub const OCSF_VERSION: &str = "1.6.0";

/// What an event is in OCSF.
enum Class {
    Process(u32),
    File(u32),
    Network(u32),
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
    let process = json!({ "pid": event.pid, "uid": event.run, "cmd_line": event.command.clone().or_else(|| line(record)), "working_directory": event.cwd, "file": event.program.as_deref().map(file) });
    let mut out = json!({
        "activity_id": activity,
        "category_uid": category,
        "class_uid": class,
        "class_name": class_name,
        "type_uid": class * 100 + activity,
        "time": millis(record),
        "severity_id": if refused { 3 } else { 1 },
        "status_id": if refused || event.error.is_some() { 2 } else { 1 },
        "status_code": event.exit_code.map(|code| code.to_string()).or_else(|| event.code.clone()),
        "status_detail": event.reason.clone().or_else(|| event.error.clone()),
        "duration": event.duration_ms.map(|ms| ms.round() as i64),
        "metadata": {
            "version": OCSF_VERSION,
            "uid": format!("{}:{}", record.session, record.seq),
            "correlation_uid": event.run,
            "original_time": record.time,
            "product": { "name": "codex", "vendor_name": "OpenAI", "version": env!("CARGO_PKG_VERSION") },
        },
        "unmapped": {
            "event": event.event.name(), "decision": event.decision.map(Decision::name), "rule": event.rule, "profile": event.profile, "policy_hash": event.policy_hash,
            "agent": event.agent, "signal": event.signal, "session": record.session, "seq": record.seq, "hash": record.hash, "prev": record.prev,
        },
    });
    let members = match class {
        1007 => {
            // A process needs an id; the run's stands for it before there is one.
            let mut process = process;
            if event.pid.is_none() && event.run.is_none() {
                process["uid"] = format!("{}:{}", record.session, record.seq).into();
            }
            json!({ "actor": { "app_name": "codex" }, "device": device(), "process": process, "exit_code": event.exit_code })
        }
        1001 => {
            json!({ "actor": { "app_name": "codex", "process": process }, "device": device(), "file": file(event.path.as_deref().unwrap_or("unknown")) })
        }
        4001 => {
            // Who acted on which machine is of the host profile here.
            out["metadata"]["profiles"] = json!(["host"]);
            let (name, ip) = endpoint(record);
            // One of the two has to be there.
            let hostname = name.or(event.address.as_deref()).or(ip.is_none().then_some("unknown"));
            json!({ "actor": { "app_name": "codex", "process": process }, "device": device(), "dst_endpoint": { "hostname": hostname, "ip": ip, "port": event.port } })
        }
        _ => {
            json!({ "message": event.reason.clone().unwrap_or_else(|| event.event.name().to_owned()) })
        }
    };
    if let (Some(out), Value::Object(members)) = (out.as_object_mut(), members) {
        out.extend(members);
    }
    compact(&mut out);
    out
}

/// The machine. Its name is known to the log only as hidden.
fn device() -> Value {
    json!({ "type_id": 0, "hostname": "[HOST]" })
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

fn file(path: &str) -> Value {
    let name =
        path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(path);
    json!({ "name": name, "path": path, "type_id": 0 })
}
