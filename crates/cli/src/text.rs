//! Text for people and for programs.

use codex_core::{exec::Denial, sandbox::Enforcement};
use serde::Serialize;

/// One JSON document and a line end.
pub fn json(value: &impl Serialize) -> String {
    // Every value here is a plain structure of strings and numbers.
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}

/// What kept a command from running, as a document.
pub fn failure(message: &str, name: &str, exit_code: i32) -> String {
    json(&serde_json::json!({ "error": { "code": name, "message": message, "exitCode": exit_code } }))
}

/// An error line.
pub fn error(message: &str, colored: bool) -> String {
    if colored { format!("\u{1b}[1;31mcodex:\u{1b}[0m {message}\n") } else { format!("codex: {message}\n") }
}

/// An error and what lies behind it, as one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        let next = current.to_string();
        // Many errors say what they wrap, at their end or in their middle.
        if !message.contains(&next) {
            message = format!("{message}: {next}");
        }
        cause = current.source();
    }
    message
}

/// What was enforced, line by line.
pub fn enforcement(enforcement: &Enforcement) -> String {
    let word = |value: &dyn erased::Word| value.word();
    let mut lines = format!(
        "codex: profile {}, files {}, network {}, processes {}\n",
        enforcement.profile,
        match enforcement.filesystem.as_slice() {
            [] => "unrestricted".to_owned(),
            layers => layers.iter().map(|layer| word(layer)).collect::<Vec<_>>().join(" and "),
        },
        word(&enforcement.network),
        word(&enforcement.processes),
    );
    for (limit, held) in &enforcement.limits {
        lines.push_str(&format!(
            "codex: limit {}: {}, by {} for each {}\n",
            word(limit),
            held.value,
            word(&held.by),
            word(&held.per)
        ));
    }
    for cache in &enforcement.caches {
        lines.push_str(&format!("codex: cache {}: read from the host, written to an overlay\n", cache.display()));
    }
    for missing in &enforcement.unenforced {
        lines.push_str(&format!("codex: not enforced: {}: {}\n", word(&missing.promise), missing.reason));
    }
    lines
}

/// One denial, as a line.
pub fn denial(denial: &Denial) -> String {
    let word = |value: &dyn erased::Word| value.word();
    // Debug form: what the run named must not speak to the terminal.
    let path = denial.path.as_ref().map(|path| format!(" {path:?}")).unwrap_or_default();
    let address = denial.address.as_ref().map(|address| format!(" {address}")).unwrap_or_default();
    let mut line = format!("codex: denied: {}{path}{address} ({}): {}", word(&denial.kind), denial.rule, denial.reason);
    if let Some(quarantine) = &denial.quarantine {
        line.push_str(&format!("; it is kept in {quarantine:?}"));
    }
    if let Some(grant) = &denial.grant {
        line.push_str(&format!("; to allow it: {grant}"));
    }
    line + "\n"
}

/// The serialised word of an enumeration, so that text and JSON say the same.
mod erased {
    use serde::Serialize;

    pub trait Word {
        fn word(&self) -> String;
    }

    impl<T: Serialize> Word for T {
        fn word(&self) -> String {
            match serde_json::to_value(self) {
                Ok(serde_json::Value::String(word)) => word,
                _ => String::new(),
            }
        }
    }
}
