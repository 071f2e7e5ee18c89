//! Security profiles as their users meet them: names, files, resolution, explanations, the Codex form.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "clippy takes the helpers of an integration test for product code")]

mod security_profile {
    mod support;

    mod codex_form;
    mod explain;
    mod files;
    mod holding;
    mod properties;
    mod resolving;
    mod schema;
}
