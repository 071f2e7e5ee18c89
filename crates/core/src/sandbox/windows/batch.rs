//! Batch files, which `cmd.exe` runs by taking the command line apart in a way of its own, twice, and expanding variables
//! in it: an argument can become a command. They are run only with arguments that mean the same to everybody.

use super::{
    command_line::{NoCommandLine, finish},
    wide::{is_any, wide},
};

/// What `cmd.exe` is told before the batch file: no commands of the registry's before it, no expansion of `!`, and that the
/// outer quotes of the rest, and no others, are taken off.
const OPTIONS: &str = " /d /e:on /v:off /s /c \"";

/// What, in a quoted path, still means something to `cmd.exe`, or would where a batch file takes the quotes off.
const MEANT_IN_PATHS: &str = "\"%!^&|<>\r\n";

/// Whether a file is one that only `cmd.exe` runs. The system decides by its extension, blanks and dots at its end left out.
pub fn is_batch_file(path: &str) -> bool {
    let name = path.trim_end_matches([' ', '.']);
    // A stream of a file, and its kind: `a.cmd::$DATA`.
    let name = name.split_once("::").map_or(name, |(name, _)| name).trim_end_matches([' ', '.']);
    let bytes = name.as_bytes();
    let extension = bytes.len().checked_sub(4).and_then(|at| bytes.get(at..));
    extension.is_some_and(|end| end.eq_ignore_ascii_case(b".cmd") || end.eq_ignore_ascii_case(b".bat"))
}

/// The command line by which the `cmd.exe` at `interpreter` runs a batch file, ending with a NUL. `None`: an argument, or
/// the path, could mean something else to `cmd.exe` than to the caller.
pub fn batch_command_line(
    interpreter: &str,
    path: &str,
    arguments: &[&str],
) -> Option<Result<Vec<u16>, NoCommandLine>> {
    let (interpreter, path) = (wide(interpreter), wide(path));
    if is_any(&path, MEANT_IN_PATHS) || is_any(&interpreter, MEANT_IN_PATHS) {
        return None;
    }
    let quoted = |text: &[u16]| [&wide("\""), text, &wide("\"")].concat();
    let mut line = quoted(&interpreter);
    line.extend(wide(OPTIONS));
    line.extend(quoted(&path));
    for argument in arguments {
        line.extend(wide(" "));
        match form(argument)? {
            Form::Bare => line.extend(wide(argument)),
            Form::Quoted => line.extend(quoted(&wide(argument))),
        }
    }
    line.extend(wide("\""));
    Some(finish(line))
}

enum Form {
    Bare,
    Quoted,
}

/// How an argument is written so that none of it can be a command, once or twice taken apart; `None` if it can't be. What is
/// in quotes must not end with a backslash, which would be the C runtime's escape of the closing one.
fn form(argument: &str) -> Option<Form> {
    // The same with and without quotes.
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./\\:+@".contains(character);
    // Without quotes it parts words, or is read in the code page; it never begins a command.
    let is_harmless =
        |character: char| " =,;~#".contains(character) || !character.is_ascii() && character.is_alphanumeric();
    let ends_well = argument.chars().next_back().is_none_or(|last| last != '\\' && last != ' ');
    match argument {
        "" => Some(Form::Quoted),
        _ if argument.chars().all(is_plain) => Some(Form::Bare),
        _ if ends_well => {
            argument.chars().all(|character| is_plain(character) || is_harmless(character)).then_some(Form::Quoted)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{batch_command_line, is_batch_file};

    fn line(path: &str, arguments: &[&str]) -> Option<String> {
        let line = batch_command_line(r"C:\Windows\System32\cmd.exe", path, arguments)?.unwrap();
        Some(String::from_utf16(&line[..line.len() - 1]).unwrap())
    }

    #[test]
    fn a_batch_file_is_known_however_its_name_is_written() {
        for path in ["a.cmd", r"C:\x\A.BAT", "a.Bat. .", "a.cmd ", "a.cmd::$DATA", ".bat"] {
            assert!(is_batch_file(path), "{path}");
        }
        for path in ["a.exe", "cmd", "bat", "a.cmd.exe", "a.bats", "", "ü.c"] {
            assert!(!is_batch_file(path), "{path}");
        }
    }

    #[test]
    fn plain_arguments_reach_it() {
        assert_eq!(
            line(r"C:\Program Files (x86)\npm.cmd", &["run", "test:all", "a b", ""]).unwrap(),
            r#""C:\Windows\System32\cmd.exe" /d /e:on /v:off /s /c ""C:\Program Files (x86)\npm.cmd" run test:all "a b" """#
                .to_owned() + "\""
        );
    }

    #[test]
    fn what_parts_words_reaches_it_in_quotes() {
        for argument in ["--mode=production", "a,b", "a;b", "größe", "~/x", "issue #7", "C:\\Program Files"] {
            let expected = format!("\"a.cmd\" \"{argument}\"\"");
            assert!(line("a.cmd", &[argument]).unwrap().ends_with(&expected), "{argument}");
        }
    }

    #[test]
    fn what_could_be_a_command_does_not() {
        let bad = [
            "a&calc",
            "\"&calc.exe",
            "%PATH%",
            "!x!",
            "a^b",
            "a|b",
            "a>b",
            "(x)",
            "a\nb",
            "a\rb",
            "a\\ b\\",
            " ",
            "a ",
            "a*",
            "a?",
            "'a'",
            "`a`",
            "$x",
            "\u{ff02}a",
            "\u{a5}",
        ];
        for argument in bad {
            assert_eq!(line("a.cmd", &[argument]), None, "{argument:?}");
        }
        assert_eq!(line(r"C:\%x%\a.cmd", &[]), None);
        assert_eq!(line(r"C:\a&b\a.cmd", &[]), None);
    }

    proptest! {
        #[test]
        fn nothing_that_cmd_knows_gets_in(argument in ".{0,12}") {
            if let Some(line) = line("a.cmd", &[&argument]) {
                let rest = line.split_once("\"a.cmd\" ").unwrap().1;
                let inner = rest.strip_suffix('"').unwrap();
                let quoted = format!("\"{argument}\"");
                prop_assert!(inner == argument || inner == quoted);
                prop_assert!(!argument.contains(['"', '%', '!', '^', '&', '|', '<', '>', '(', ')', '\r', '\n', '\0']));
            }
        }
    }
}
