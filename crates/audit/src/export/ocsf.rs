//! Open Cybersecurity Schema Framework.

use serde_json::Value;

use super::{endpoint, is_refused, millis, object, record_id, text};
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
    let command = event.command.clone().or_else(|| line(record));
    // A process needs an id; the run's stands for it before there is one.
    let nameless = class == 1007 && event.pid.is_none() && event.run.is_none();
    let process = object([
        ("pid", event.pid.into()),
        ("uid", if nameless { record_id(record).into() } else { text(event.run.as_deref()) }),
        ("cmd_line", command.into()),
        ("working_directory", text(event.cwd.as_deref())),
        ("file", event.program.as_deref().map_or(Value::Null, file)),
    ]);
    let mut profiles = Value::Null;
    let (mut subject, mut object_of, mut exit_code, mut message) = (Value::Null, None, Value::Null, Value::Null);
    match class {
        1007 => {
            object_of = Some(("process", process));
            exit_code = event.exit_code.into();
        }
        1001 => {
            subject = process;
            object_of = Some(("file", file(event.path.as_deref().unwrap_or("unknown"))));
        }
        4001 => {
            // Who acted on which machine is of the host profile here.
            profiles = vec!["host"].into();
            subject = process;
            object_of = Some(("dst_endpoint", destination(record)));
        }
        _ => message = event.reason.as_deref().unwrap_or_else(|| event.event.name()).into(),
    }
    let acted = object_of.is_some();
    let (name, acted_on) = object_of.unwrap_or(("", Value::Null));
    object([
        ("activity_id", activity.into()),
        ("category_uid", category.into()),
        ("class_uid", class.into()),
        ("class_name", class_name.into()),
        ("type_uid", (class * 100 + activity).into()),
        ("time", millis(record).into()),
        ("severity_id", if refused { 3 } else { 1 }.into()),
        ("status_id", if refused || event.error.is_some() { 2 } else { 1 }.into()),
        ("status_code", event.exit_code.map(|code| code.to_string()).or_else(|| event.code.clone()).into()),
        ("status_detail", text(event.reason.as_deref().or(event.error.as_deref()))),
        ("duration", event.duration_ms.map(|ms| ms.round() as i64).into()),
        (
            "metadata",
            object([
                ("version", OCSF_VERSION.into()),
                ("uid", record_id(record).into()),
                ("correlation_uid", text(event.run.as_deref())),
                ("original_time", record.time.as_str().into()),
                (
                    "product",
                    object([
                        ("name", "codex".into()),
                        ("vendor_name", "OpenAI".into()),
                        ("version", env!("CARGO_PKG_VERSION").into()),
                    ]),
                ),
                ("profiles", profiles),
            ]),
        ),
        (
            "unmapped",
            object([
                ("event", event.event.name().into()),
                ("decision", text(event.decision.map(Decision::name))),
                ("rule", text(event.rule.as_deref())),
                ("profile", text(event.profile.as_deref())),
                ("policy_hash", text(event.policy_hash.as_deref())),
                ("agent", text(event.agent.as_deref())),
                ("signal", text(event.signal.as_deref())),
                ("session", record.session.as_str().into()),
                ("seq", record.seq.into()),
                ("hash", record.hash.as_str().into()),
                ("prev", record.prev.as_str().into()),
            ]),
        ),
        ("actor", if acted { object([("app_name", "codex".into()), ("process", subject)]) } else { Value::Null }),
        ("device", if acted { device() } else { Value::Null }),
        (name, acted_on),
        ("exit_code", exit_code),
        ("message", message),
    ])
}

fn destination(record: &Record) -> Value {
    let (name, ip) = endpoint(record);
    // One of the two has to be there.
    let hostname = name.or(record.event.address.as_deref()).or(ip.is_none().then_some("unknown"));
    object([
        ("hostname", text(hostname)),
        ("ip", ip.map(|ip| ip.to_string()).into()),
        ("port", record.event.port.into()),
    ])
}

/// The machine. Its name is known to the log only as hidden.
fn device() -> Value {
    object([("type_id", 0.into()), ("hostname", "[HOST]".into())])
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
    object([("name", name.into()), ("path", path.into()), ("type_id", 0.into())])
}
