//! A command line, which on Windows is one text that the program takes apart itself.
//!
//! Text is UTF-16 here, since that is what the system takes; it needs not be well formed.

use super::wide::{is_any, wide};

/// The longest command line that `CreateProcessW` takes, its NUL included.
pub const MAX_COMMAND_LINE: usize = 32_767;

/// Why a command has no command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoCommandLine {
    /// The name that the program is told can't be written down: nothing escapes a quote there.
    #[error("the program's name holds a quote")]
    Name,
    /// A NUL would end it.
    #[error("an argument holds a NUL")]
    Nul,
    /// It is longer than [`MAX_COMMAND_LINE`].
    #[error("it is too long")]
    TooLong,
}

/// The command line from which the C runtime, and `CommandLineToArgvW`, get exactly `name` and `arguments`. It ends with a NUL.
pub fn command_line<'a>(
    name: &[u16],
    arguments: impl IntoIterator<Item = &'a [u16]>,
) -> Result<Vec<u16>, NoCommandLine> {
    if is_any(name, "\"") {
        return Err(NoCommandLine::Name);
    }
    let mut line = wide("\"");
    line.extend(name);
    line.extend(wide("\""));
    for argument in arguments {
        line.push(SPACE);
        quote(argument, &mut line);
    }
    finish(line)
}

/// Ends a command line.
pub fn finish(mut line: Vec<u16>) -> Result<Vec<u16>, NoCommandLine> {
    if line.contains(&0) {
        return Err(NoCommandLine::Nul);
    }
    line.push(0);
    if line.len() > MAX_COMMAND_LINE { Err(NoCommandLine::TooLong) } else { Ok(line) }
}

const SPACE: u16 = b' ' as u16;
const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// Backslashes stand for themselves, but before a quote, where each is doubled.
fn quote(argument: &[u16], line: &mut Vec<u16>) {
    if !argument.is_empty() && !is_any(argument, " \t\n\u{b}\"") {
        line.extend(argument);
        return;
    }
    line.push(QUOTE);
    let mut backslashes = 0;
    for &unit in argument {
        if unit == QUOTE {
            line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
        }
        backslashes = if unit == BACKSLASH { backslashes + 1 } else { 0 };
        line.push(unit);
    }
    line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    line.push(QUOTE);
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::{MAX_COMMAND_LINE, NoCommandLine, command_line};
    use crate::sandbox::windows::wide::wide;

    fn line(name: &str, arguments: &[&str]) -> Result<String, NoCommandLine> {
        let arguments: Vec<_> = arguments.iter().map(|argument| wide(argument)).collect();
        let line = command_line(&wide(name), arguments.iter().map(Vec::as_slice))?;
        Ok(String::from_utf16(&line[..line.len() - 1]).unwrap())
    }

    /// As the C runtime takes a command line apart: 2n backslashes and a quote are n backslashes and a delimiter, 2n+1 are
    /// n and a quote, a quote after a closing one is one.
    fn parsed(line: &[u16]) -> Vec<Vec<u16>> {
        let is = |at: usize, what: char| line.get(at).copied() == Some(what as u16);
        let end = line.iter().position(|&unit| unit == 0).unwrap();
        let mut at = if is(0, '"') { 1 } else { 0 };
        let closing = line[at..].iter().position(|&unit| unit == '"' as u16).unwrap() + at;
        let mut words = vec![line[at..closing].to_vec()];
        at = closing + 1;
        loop {
            while is(at, ' ') || is(at, '\t') {
                at += 1;
            }
            if at >= end {
                return words;
            }
            let (mut word, mut quoted) = (Vec::new(), false);
            while at < end && (quoted || !(is(at, ' ') || is(at, '\t'))) {
                let backslashes = line[at..].iter().take_while(|&&unit| unit == '\\' as u16).count();
                at += backslashes;
                if !is(at, '"') {
                    word.extend(std::iter::repeat_n('\\' as u16, backslashes));
                    if backslashes == 0 {
                        word.push(line[at]);
                        at += 1;
                    }
                    continue;
                }
                word.extend(std::iter::repeat_n('\\' as u16, backslashes / 2));
                at += 1;
                if backslashes % 2 == 1 {
                    word.push('"' as u16);
                } else if quoted && is(at, '"') {
                    word.push('"' as u16);
                    at += 1;
                } else {
                    quoted = !quoted;
                }
            }
            words.push(word);
        }
    }

    #[test]
    fn only_what_needs_quotes_has_them() {
        assert_eq!(
            line("node.exe", &["-e", "a b", "", r"c:\x", r"c:\x y\", "say \"hi\""]).unwrap(),
            r#""node.exe" -e "a b" "" c:\x "c:\x y\\" "say \"hi\"""#
        );
        assert_eq!(line("a", &["\u{1F600}", "tab\there"]).unwrap(), "\"a\" \u{1F600} \"tab\there\"");
    }

    #[test]
    fn what_can_not_be_written_down_is_refused() {
        assert_eq!(line("a\"b", &[]), Err(NoCommandLine::Name));
        assert_eq!(line("a", &["b\0c"]), Err(NoCommandLine::Nul));
        let longest = MAX_COMMAND_LINE - "\"a\" ".len() - 1;
        assert!(line("a", &[&"b".repeat(longest)]).is_ok());
        assert_eq!(line("a", &[&"b".repeat(longest + 1)]), Err(NoCommandLine::TooLong));
    }

    /// Quotes, backslashes and blanks are what matters, half a surrogate pair included.
    fn argument() -> impl Strategy<Value = Vec<u16>> {
        let unit = prop_oneof![
            Just('"' as u16),
            Just('\\' as u16),
            Just(' ' as u16),
            Just('\t' as u16),
            Just('a' as u16),
            1..=u16::MAX
        ];
        vec(unit, 0..12)
    }

    proptest! {
        #[test]
        fn the_c_runtime_gets_what_was_given(arguments in vec(argument(), 0..6)) {
            let line = command_line(&wide("a b.exe"), arguments.iter().map(Vec::as_slice)).unwrap();
            let parsed = parsed(&line);
            prop_assert_eq!(&parsed[0], &wide("a b.exe"));
            prop_assert_eq!(&parsed[1..], &arguments[..]);
        }
    }
}
