//! No rules file panics or hangs its reader, in any form; one that is taken does what its examples say.
#![no_main]

use codex_execpolicy::ExecPolicy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for policy in [ExecPolicy::parse_toml(text, "rules"), ExecPolicy::from_json(text)].into_iter().flatten() {
        assert!(policy.test().ok(), "{text:?}");
    }
});
