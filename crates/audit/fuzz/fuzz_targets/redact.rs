#![no_main]
//! Redacting any text twice changes nothing.

use std::sync::LazyLock;

use codex_audit::{Identity, Redactor};
use libfuzzer_sys::fuzz_target;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    Redactor::new(&Identity { users: vec!["alice".into()], homes: vec!["/home/alice".into()], hosts: vec!["alice-mbp".into()] }).unwrap()
});

fuzz_target!(|text: &str| {
    let once = REDACTOR.text(text).text.into_owned();
    assert_eq!(REDACTOR.text(&once).text, once);
});
