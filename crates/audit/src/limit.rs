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

/// Bytes of one string that are looked at. What is private is found by looking at all of a text, and some of it by what
/// stands around it, so it is more than is kept; but a command can be megabytes, and be made to take long.
const LOOKED_AT: usize = 16 * 1024;
/// Bytes of all arguments together that are looked at.
const ALL_LOOKED_AT: usize = 2 * LOOKED_AT;

/// What was left out before anything was looked at.
#[derive(Default)]
pub(crate) struct LeftOut {
    arguments: usize,
    /// Bytes of the command as one line, which may be made from the arguments.
    command: usize,
    /// Bytes of each other text, in the order of [`texts`]; empty where nothing was left out.
    bytes: Vec<usize>,
}

/// Leaves out what is far beyond what is kept.
pub(crate) fn leave_out(event: &mut Event) -> LeftOut {
    let mut left_out = LeftOut::default();
    let mut room = ALL_LOOKED_AT;
    let fits = |argument: &&String| {
        let fits = room > 0;
        room = room.saturating_sub(argument.len().min(LOOKED_AT));
        fits
    };
    let kept = event.argv.iter().take_while(fits).count();
    left_out.arguments = event.argv.len() - kept;
    event.argv.truncate(kept);
    if let Some(command) = &mut event.command {
        left_out.command = cut(command, LOOKED_AT);
    }
    if texts(event).any(|text| text.len() > LOOKED_AT) {
        left_out.bytes = texts(event).map(|text| cut(text, LOOKED_AT)).collect();
    }
    left_out
}

/// The arguments as one line, as far as that is looked at.
pub(crate) fn command_of(argv: &[String], left_out: &mut LeftOut) -> String {
    let mut line = command_line(argv);
    left_out.command = cut(&mut line, LOOKED_AT);
    line
}

/// Shortens what is too long and says so in its place; returns how many places were shortened.
pub(crate) fn shorten(event: &mut Event, left_out: &LeftOut) -> u32 {
    let mut places = event.command.as_mut().map_or(0, |command| shorten_text(command, left_out.command));
    let more = left_out.bytes.iter().copied().chain(std::iter::repeat(0));
    for (text, more) in texts(event).zip(more) {
        places += shorten_text(text, more);
    }
    let mut room = ALL_ARGUMENTS;
    let given = event.argv.len() + left_out.arguments;
    let fits = |argument: &&String| {
        let fits = argument.len() <= room;
        room = room.saturating_sub(argument.len());
        fits
    };
    let kept = event.argv.iter().take(MOST_ARGUMENTS).take_while(fits).count();
    if kept < given {
        event.argv.truncate(kept);
        event.argv.push(format!("…[+{} arguments]", given - kept));
        places += 1;
    }
    for map in [&mut event.env, &mut event.labels] {
        while map.len() > MOST_ENTRIES {
            map.pop_last();
            places += 1;
        }
    }
    for list in [&mut event.enforcement, &mut event.not_enforced] {
        if list.len() > MOST_ENTRIES {
            list.truncate(MOST_ENTRIES);
            places += 1;
        }
    }
    places
}

/// All texts of an event but the command.
fn texts(event: &mut Event) -> impl Iterator<Item = &mut String> {
    let single = [
        &mut event.run,
        &mut event.parent,
        &mut event.agent,
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
    let lists = event.argv.iter_mut().chain(&mut event.enforcement).chain(&mut event.not_enforced);
    lists.chain(event.env.values_mut()).chain(event.labels.values_mut()).chain(single.into_iter().flatten())
}

/// Cuts a text; returns the bytes that are gone.
fn cut(text: &mut String, limit: usize) -> usize {
    if text.len() <= limit {
        return 0;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let gone = text.len() - end;
    text.truncate(end);
    gone
}

/// `more` bytes were left out before.
fn shorten_text(text: &mut String, more: usize) -> u32 {
    let gone = cut(text, LONGEST_TEXT);
    if gone + more == 0 {
        return 0;
    }
    text.push_str(&format!("…[+{} bytes]", gone + more));
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
