#![no_main]
//! Any query on any line.

use codex_audit::Query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8])| {
    if let Ok(query) = Query::parse(input.0) {
        query.matches(input.1);
    }
});
