//! `codex doctor`.

use codex_core::sandbox::{Capabilities, Sandbox, SandboxOptions};

use crate::{Output, text};

/// Tries what the sandbox needs and says what came of it. Fails when no restricted profile can be had at all.
pub async fn run(json: bool, options: &SandboxOptions) -> Output {
    let capabilities = Sandbox::capabilities(options).await;
    Output {
        exit_code: i32::from(!capabilities.best_effort),
        stdout: if json { text::json(&capabilities) } else { report(&capabilities) },
        stderr: String::new(),
    }
}

fn report(capabilities: &Capabilities) -> String {
    let mut lines = String::new();
    for feature in &capabilities.features {
        let state = if feature.present { "present" } else { "absent" };
        lines.push_str(&format!("{:<12} {:<8} {}\n", feature.name, state, feature.detail));
        if let Some(remedy) = &feature.remedy {
            lines.push_str(&format!("{:<12} {:<8} {}\n", "", "to do:", remedy));
        }
    }
    lines.push_str(match (capabilities.required, capabilities.best_effort) {
        (true, _) => "every profile can be enforced on this machine\n",
        (false, true) => "only with `--enforcement best-effort`: the result says what is missing then\n",
        (false, false) => "no restricted profile can be had on this machine\n",
    });
    lines
}
