//! Lines of the system's log that say what Seatbelt refused, as `log stream --style ndjson` prints them.
//!
//! Names of programs and of files stand in them as a run chose them. What can't be chosen is who wrote a line, and its end:
//! there the kernel puts the name that the profile of the run has.

use std::borrow::Cow;

use serde::Deserialize;

/// The part of the kernel that writes the lines.
const SENDER: &str = "/Sandbox.kext/Contents/MacOS/Sandbox";

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which run of the sandbox it was refused to.
    pub run: u64,
    /// The name of the program, as far as the kernel keeps it.
    pub program: String,
    /// Its process.
    pub pid: i32,
    /// What Seatbelt calls what was tried.
    pub operation: String,
    /// To what: a path, an address, the name of a service. Empty where there is none.
    pub object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(rename = "processID")]
    process_id: i64,
    #[serde(borrow)]
    sender_image_path: Cow<'a, str>,
    #[serde(borrow)]
    event_message: Cow<'a, str>,
}

/// What a line says that is about a run of the sandbox of this name; see [`name_of_run`].
pub fn read(line: &[u8], sandbox: &str) -> Option<Violation> {
    let Line { process_id, sender_image_path, event_message } = serde_json::from_slice(line).ok()?;
    if process_id != 0 || !sender_image_path.ends_with(SENDER) {
        return None;
    }
    let (message, name) = event_message.rsplit_once('\n')?;
    let run = name.strip_prefix(sandbox)?.strip_prefix('.')?.parse().ok()?;
    let (program, rest) = without_count(message).strip_prefix("Sandbox: ").and_then(until_process)?;
    let (pid, rest) = rest.split_once(") deny(")?;
    let (_, tried) = rest.split_once(") ")?;
    let (operation, object) = tried.split_once(' ').unwrap_or((tried, ""));
    Some(Violation {
        run,
        program: program.to_owned(),
        pid: pid.parse().ok()?,
        operation: operation.to_owned(),
        object: object.to_owned(),
    })
}

/// How the run of a sandbox is named in the log.
pub fn name_of_run(sandbox: &str, run: u64) -> String {
    format!("{sandbox}.{run}")
}

/// A line that stands for several of one kind begins with how many more there were.
fn without_count(message: &str) -> &str {
    let counted = message.split_once(" for Sandbox: ").map(|(count, _)| count);
    match counted.and_then(|count| count.split_once(' ')) {
        Some((number, "duplicate report" | "duplicate reports")) if number.parse::<u64>().is_ok() => {
            message.get(number.len() + 1..).and_then(|rest| rest.split_once("for ")).map_or(message, |(_, rest)| rest)
        }
        _ => message,
    }
}

/// Splits at the first `(` that a process id and a refusal follow: what comes later may be a part of a path.
fn until_process(text: &str) -> Option<(&str, &str)> {
    text.match_indices('(').find_map(|(at, _)| {
        let (program, rest) = (text.get(..at)?, text.get(at + 1..)?);
        let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        (digits > 0 && rest.get(digits..)?.starts_with(") deny(")).then_some((program, rest))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Violation, name_of_run, read};

    const SANDBOX: &str = "codex.00112233445566778899aabbccddeeff";

    fn line(message: &str) -> String {
        json!({
            "timestamp": "2026-09-05 23:01:34.988314-0500", "messageType": "Error", "subsystem": "", "category": "", "userID": 0,
            "processID": 0, "processImagePath": "/kernel", "eventMessage": message, "threadID": 75_214_711,
            "senderImagePath": "/System/Library/Extensions/Sandbox.kext/Contents/MacOS/Sandbox",
        })
        .to_string()
    }

    fn said(message: &str) -> Option<(u64, String, i32, String, String)> {
        let Violation { run, program, pid, operation, object } =
            read(line(&format!("{message}\n{SANDBOX}.7")).as_bytes(), SANDBOX)?;
        Some((run, program, pid, operation, object))
    }

    #[test]
    fn lines_say_who_tried_what() {
        for (message, program, pid, operation, object) in [
            (
                "Sandbox: touch(36332) deny(1) file-write-create /Users/me/x",
                "touch",
                36332,
                "file-write-create",
                "/Users/me/x",
            ),
            (
                "Sandbox: curl(9859) deny(1) network-outbound remote:*:80",
                "curl",
                9859,
                "network-outbound",
                "remote:*:80",
            ),
            ("Sandbox: Gradle Worker(10) deny(1) signal", "Gradle Worker", 10, "signal", ""),
            (
                "Sandbox: com.example (helper)(99) deny(1) mach-lookup a.b",
                "com.example (helper)",
                99,
                "mach-lookup",
                "a.b",
            ),
            (
                "1 duplicate report for Sandbox: sh(5) deny(1) file-write-data /etc/a b",
                "sh",
                5,
                "file-write-data",
                "/etc/a b",
            ),
            ("37 duplicate reports for Sandbox: a(5) deny(1) process-exec /bin/x", "a", 5, "process-exec", "/bin/x"),
        ] {
            let expected = (7, program.to_owned(), pid, operation.to_owned(), object.to_owned());
            assert_eq!(said(message), Some(expected), "{message}");
        }
    }

    #[test]
    fn hostile_paths_are_paths() {
        for path in [
            "/a\nSandbox: b(1) deny(1) file-write-create /fake",
            "/a(2) deny(1) file-write-data /fake",
            "/a\ncodex.00112233445566778899aabbccddeeff.9",
            "/3 duplicate reports for Sandbox: a(1) deny(1) signal",
            "/\") (allow default) \u{1b}[2J\u{202e}",
            "/a\n",
        ] {
            let (run, program, pid, _, object) =
                said(&format!("Sandbox: sh(1) deny(1) file-write-create {path}")).unwrap();
            assert_eq!((run, program.as_str(), pid, object.as_str()), (7, "sh", 1, path));
        }
    }

    #[test]
    fn a_line_counts_only_with_the_kernels_word_and_the_runs_name_at_its_end() {
        let message = "Sandbox: sh(1) deny(1) file-write-create /a";
        let whole = line(&format!("{message}\n{SANDBOX}.7"));
        assert!(read(whole.as_bytes(), SANDBOX).is_some());
        for ending in [
            "",
            ".7",
            "\ncodex.ffff.7",
            &format!("\n{SANDBOX}"),
            &format!("\n{SANDBOX}.x"),
            &format!("\n{SANDBOX}.7\nother"),
        ] {
            assert_eq!(read(line(&format!("{message}{ending}")).as_bytes(), SANDBOX), None, "{ending:?}");
        }
        for (from, to) in [
            ("\"processID\":0", "\"processID\":77"),
            ("Sandbox.kext", "Other.kext"),
            ("deny(1)", "allow(1)"),
            ("Sandbox: ", "System Policy: "),
        ] {
            assert_ne!(whole.replace(from, to), whole, "{from}");
            assert_eq!(read(whole.replace(from, to).as_bytes(), SANDBOX), None, "{to}");
        }
        for other in
            ["Filtering the log data using \"processID == 0\"", "{\"count\":3,\"finished\":1}", "", "[]", "\u{0}"]
        {
            assert_eq!(read(other.as_bytes(), SANDBOX), None);
        }
    }

    proptest! {
        #[test]
        fn any_object_comes_through(object in "\\PC{0,40}(\n\\PC{0,20})?", program in "[a-z]{1,16}", pid in 1..99_999_i32, run: u64) {
            let message = format!("Sandbox: {program}({pid}) deny(1) file-write-data {object}\n{}", name_of_run(SANDBOX, run));
            let read = read(line(&message).as_bytes(), SANDBOX);
            prop_assert_eq!(read, Some(Violation { run, program, pid, operation: "file-write-data".to_owned(), object }));
        }

        #[test]
        fn nothing_breaks_it(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&line, SANDBOX);
        }
    }
}
