//! The command line from arguments to text and exit code, where no sandbox is needed.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::ffi::OsString;

use codex_cli::{Context, ExitCode, Invocation, Output};

fn codex(arguments: &[&str]) -> Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let context = Context {
        launcher: "/nowhere/codex-launcher".into(),
        runtime: runtime.handle().clone(),
        terminal: false,
        environment: Vec::new(),
    };
    let arguments = arguments.iter().map(OsString::from).collect();
    runtime.block_on(Invocation::new(arguments, context).0.run())
}

#[test]
fn version_and_help_go_to_standard_output() {
    let version = codex(&["--version"]);
    assert_eq!((version.exit_code, version.stdout.as_str()), (0, concat!("codex ", env!("CARGO_PKG_VERSION"), "\n")));
    let help = codex(&["exec", "--help"]);
    assert!(
        help.exit_code == 0 && help.stdout.contains("--sandbox-mode") && help.stdout.contains("124 after a timeout")
    );
}

#[test]
fn what_is_not_understood_is_an_error_that_names_it() {
    for (arguments, named) in [
        (vec!["exec", "--sandbx", "x"], "--sandbx"),
        (vec!["exec", "--profile", "everything", "--", "true"], "workspace-write"),
        (vec!["exec", "--timeout", "-1", "--", "true"], "--timeout"),
        (vec!["exec", "--profile", "offline", "--sandbox-mode", "read-only", "--", "true"], "--sandbox-mode"),
        (vec!["profile", "explain", "offline"], "--write"),
        (vec!["exec"], "no command"),
        (vec![], "Usage"),
    ] {
        let output = codex(&arguments);
        assert_eq!(output.exit_code, ExitCode::USAGE, "{arguments:?}");
        assert!(output.stderr.contains(named) && output.stdout.is_empty(), "{arguments:?}: {}", output.stderr);
    }
}

#[test]
fn profiles_are_listed_shown_and_explained() {
    let list = codex(&["profile", "list"]);
    assert_eq!(list.stdout.lines().count(), 5);
    assert!(list.stdout.contains("offline          ") && list.stdout.matches("(default)").count() == 1);
    let json: serde_json::Value = serde_json::from_str(&codex(&["profile", "list", "--json"]).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 5);
    assert!(codex(&["profile", "show", "workspace"]).stdout.contains("workspace-write"));
    let denied = codex(&["profile", "explain", "offline", "--write", "/etc/passwd"]);
    assert!(denied.exit_code == 1 && denied.stdout.starts_with("denied"), "{}", denied.stdout);
    let allowed = codex(&["profile", "explain", "offline", "--read", "/etc/passwd", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&allowed.stdout).unwrap();
    assert!(allowed.exit_code == 0 && json["allowed"] == true);
}

#[test]
fn a_missing_launcher_is_named_and_nothing_runs() {
    let output = codex(&["exec", "--", "true"]);
    assert_eq!(output.exit_code, ExitCode::REFUSED);
    assert!(output.stderr.contains("/nowhere/codex-launcher"), "{}", output.stderr);
    let json = codex(&["exec", "--json", "--", "true"]);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["error"]["code"], "SandboxUnavailable");
}

#[test]
fn a_wrong_workspace_is_named() {
    let missing = codex(&["exec", "--workspace", "/no/such/folder", "--", "true"]);
    assert!(missing.exit_code == ExitCode::REFUSED && missing.stderr.contains("/no/such/folder"), "{}", missing.stderr);
    let file = codex(&["exec", "--workspace", "/etc/passwd", "--", "true"]);
    assert!(file.exit_code == ExitCode::REFUSED && file.stderr.contains("/etc/passwd"), "{}", file.stderr);
}

#[test]
fn completions_are_a_script() {
    assert!(codex(&["completions", "bash"]).stdout.contains("_codex()"));
}
