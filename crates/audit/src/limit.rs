//! How much of an event is kept, so that no command line and no hostile path can fill the log.

use crate::event::Event;

/// Bytes kept of one string.
const LONGEST_TEXT: usize = 2048;
/// Arguments kept of one command.
const MOST_ARGUMENTS: usize = 256;
/// Bytes kept of all arguments together.
const ALL_ARGUMENTS: usize = 16 * 1024;
/// Entries kept of each list and map.
const MOST_ENTRIES: usize = 64;

/// Shortens what is too long and says so in its place; returns how many places were shortened.
pub(crate) fn shorten(event: &mut Event) -> u32 {
    let mut cut = 0;
    let mut room = ALL_ARGUMENTS;
    let given = event.argv.len();
    let mut kept = 0;
    for argument in event.argv.iter_mut().take(MOST_ARGUMENTS) {
        cut += shorten_text(argument, LONGEST_TEXT);
        if argument.len() > room {
            break;
        }
        room -= argument.len();
        kept += 1;
    }
    if kept < given {
        event.argv.truncate(kept);
        event.argv.push(format!("…[+{} arguments]", given - kept));
        cut += 1;
    }
    for map in [&mut event.env, &mut event.labels] {
        while map.len() > MOST_ENTRIES {
            map.pop_last();
            cut += 1;
        }
        for value in map.values_mut() {
            cut += shorten_text(value, LONGEST_TEXT);
        }
    }
    for list in [&mut event.enforcement, &mut event.not_enforced] {
        if list.len() > MOST_ENTRIES {
            list.truncate(MOST_ENTRIES);
            cut += 1;
        }
        for value in list {
            cut += shorten_text(value, LONGEST_TEXT);
        }
    }
    let texts = [
        &mut event.run,
        &mut event.parent,
        &mut event.agent,
        &mut event.command,
        &mut event.cwd,
        &mut event.workspace,
        &mut event.program,
        &mut event.program_sha256,
        &mut event.profile,
        &mut event.policy_hash,
        &mut event.rule,
        &mut event.reason,
        &mut event.signal,
        &mut event.error,
        &mut event.code,
        &mut event.path,
        &mut event.host,
        &mut event.address,
        &mut event.access,
        &mut event.syscall,
        &mut event.suggestion,
    ];
    cut + texts.into_iter().flatten().map(|text| shorten_text(text, LONGEST_TEXT)).sum::<u32>()
}

fn shorten_text(text: &mut String, limit: usize) -> u32 {
    if text.len() <= limit {
        return 0;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let dropped = text.len() - end;
    text.truncate(end);
    text.push_str(&format!("…[+{dropped} bytes]"));
    1
}

/// One line that shows a command: the words as a POSIX shell would need them.
pub(crate) fn command_line(argv: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:=@%+,~[]".contains(&b) || b >= 0x80)
    };
    let quoted: Vec<String> = argv
        .iter()
        .map(|word| if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) })
        .collect();
    quoted.join(" ")
}
