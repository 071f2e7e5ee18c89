#![no_main]
//! Any file: the verifier and the reader end with a verdict, never with a panic.

use codex_audit::{ReadOptions, VerifyOptions, records, stats, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), data).unwrap();
    let verdict = verify(file.path(), &VerifyOptions::default()).unwrap();
    assert_eq!(verdict.ok, verdict.first_bad.is_none());
    records(file.path(), ReadOptions::default()).unwrap().for_each(|record| drop(record.unwrap()));
    stats(file.path(), ReadOptions::default()).unwrap();
});
