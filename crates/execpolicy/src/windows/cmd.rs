//! cmd: words, double quotes, carets and `&`. Percent signs and everything else are questions.

use super::paths::is_remote;
use super::powershell::refused;
use crate::judge::{Arg, Context, Judgement, judge_argv};
use crate::verdict::Decision;

/// Commands that only print.
const READS: &str =
    "dir type echo ver cd chdir where findstr find tree more vol whoami hostname fc comp sort help rem cls pushd popd";
/// Commands that only print with these words, or with none.
const WITH: &[(&str, &str)] =
    &[("date", "/t"), ("time", "/t"), ("ipconfig", "/all"), ("systeminfo", ""), ("tasklist", "/v /svc /m")];

pub(crate) fn judge(line: &str, context: &Context<'_>) -> Judgement {
    let mut out = Judgement::default();
    judge_nested(line, 0, context, &mut out);
    out
}

pub(super) fn judge_nested(line: &str, depth: usize, context: &Context<'_>, out: &mut Judgement) {
    if !super::admits(line, depth, out) {
        return;
    }
    let (parts, unknown) = split(line);
    if let Some(what) = unknown {
        out.add(Decision::Prompt, "builtin:syntax", format!("not understood: {what}"), Vec::new());
    }
    let (mut fetched, mut moved) = (false, false);
    for words in parts {
        let name = words.first().map_or("", String::as_str).trim_start_matches('@').to_ascii_lowercase();
        let rest = || words.iter().skip(1);
        if fetched && matches!(name.as_str(), "cmd" | "powershell" | "pwsh" | "bash" | "sh") {
            out.add(context.forbid(), "builtin:remote-code", "it runs what it fetches from the network", words.clone());
        }
        if moved && DELETES.contains(&name.as_str()) && rest().any(|w| matches!(w.as_str(), "*" | "." | "*.*")) {
            out.add(
                context.forbid(),
                "builtin:delete",
                "it deletes a drive, a home directory or the system",
                words.clone(),
            );
        }
        fetched |= matches!(name.as_str(), "curl" | "wget" | "bitsadmin");
        moved |= matches!(name.as_str(), "cd" | "chdir" | "pushd") && rest().any(|w| super::paths::is_vital(w));
        judge_part(&words, depth, context, out);
    }
}

fn judge_part(words: &[String], depth: usize, context: &Context<'_>, out: &mut Judgement) {
    let Some(first) = words.first() else { return };
    let lower = first.trim_start_matches('@').to_ascii_lowercase();
    let name = lower.strip_suffix(".exe").or_else(|| lower.strip_suffix(".com")).unwrap_or(&lower);
    let args = words.get(1..).unwrap_or(&[]);
    // These run what stands behind some word of theirs.
    let starts = matches!(name, "if" | "for" | "start" | "call" | "forfiles" | "%comspec%" | "do");
    let inner = (1..if starts { words.len().min(16) } else { 0 }).find_map(|at| {
        let name = words.get(at)?.to_ascii_lowercase();
        let args = words.get(at + 1..)?;
        let nested = matches!(name.as_str(), "cmd" | "cmd.exe" | "/c").then(|| words.get(at..)).flatten();
        if let Some(nested) = nested {
            super::inner("cmd", nested, depth, context, out);
        }
        delete(&name, args).or_else(|| refused(&name, args)).or((name == "format").then_some("it destroys a disk"))
    });
    if matches!(name, "wsl" | "bash" | "sh") {
        let argv: Vec<Arg> = words.iter().skip(usize::from(name == "wsl")).map(Arg::literal).collect();
        out.findings.extend(judge_argv(&argv, context).findings);
    }
    if let Some(why) = inner.or_else(|| delete(name, args)).or_else(|| refused(name, args)) {
        out.add(context.forbid(), format!("builtin:{name}"), why, words.to_vec());
        return;
    }
    if matches!(name, "cmd" | "powershell" | "pwsh") {
        super::inner(name, args, depth, context, out);
        out.add(Decision::Prompt, format!("builtin:{name}"), "it runs the text behind it", words.to_vec());
        return;
    }
    if name == "format" {
        out.add(context.forbid(), "builtin:format", "it destroys a disk", words.to_vec());
        return;
    }
    if let Some((_, flags)) = WITH.iter().find(|(n, _)| *n == name)
        && args.iter().all(|a| crate::knowledge::listed(flags, &a.to_ascii_lowercase()))
        && !(args.is_empty() && matches!(name, "date" | "time"))
    {
        out.add(Decision::Allow, format!("builtin:{name}"), "it only prints", words.to_vec());
        return;
    }
    let moves = matches!(name, "cd" | "chdir" | "pushd") && args.iter().any(|a| is_remote(a));
    if !crate::knowledge::listed(READS, name) || moves {
        out.add(Decision::Prompt, format!("builtin:{name}"), "it isn't known to be read-only", words.to_vec());
        return;
    }
    let why = args.iter().find_map(|arg| {
        let output = name == "sort" && arg.to_ascii_lowercase().get(..2).is_some_and(|o| matches!(o, "/o" | "-o"));
        let place = crate::judge::resolve_path(&arg.replace('\\', "/"));
        if is_remote(arg) {
            Some("it reads from another machine")
        } else if output {
            Some("it writes a file")
        } else if crate::knowledge::secrets::why(&place).is_some() && !matches!(name, "echo" | "rem") {
            Some("it may hold secrets")
        } else {
            None
        }
    });
    match why {
        Some(why) => out.add(Decision::Prompt, format!("builtin:{name}"), why, words.to_vec()),
        None => out.add(Decision::Allow, format!("builtin:{name}"), "it only prints", words.to_vec()),
    }
}

const DELETES: [&str; 5] = ["del", "erase", "rd", "rmdir", "deltree"];

fn delete(name: &str, args: &[String]) -> Option<&'static str> {
    (DELETES.contains(&name) && args.iter().any(|a| !is_switch(a) && super::paths::is_vital(a)))
        .then_some("it deletes a drive, a home directory or the system")
}

fn is_switch(arg: &str) -> bool {
    arg.starts_with('/') && arg.len() <= 4
}

/// The commands of a line, and what in it isn't of the subset.
fn split(line: &str) -> (Vec<Vec<String>>, Option<&'static str>) {
    let mut parts: Vec<Vec<String>> = vec![Vec::new()];
    let mut unknown = None;
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    let mut note = |what: &'static str| {
        unknown.get_or_insert(what);
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            // Percent signs expand inside quotes too, exclamation marks where the shell was told to.
            '%' | '!' => {
                note("a variable isn't known before the run");
                word.get_or_insert_default().push(c);
            }
            '\n' => {
                note("a line break ends a command");
                end(&mut parts, &mut word);
                parts.push(Vec::new());
            }
            c if quoted => word.get_or_insert_default().push(c),
            '^' => match chars.next() {
                None | Some('\n') => note("a caret continues the line"),
                Some(c) => word.get_or_insert_default().push(c),
            },
            ' ' | '\t' | ',' | ';' => end(&mut parts, &mut word),
            '&' | '|' => {
                end(&mut parts, &mut word);
                if chars.peek() == Some(&c) {
                    chars.next();
                }
                parts.push(Vec::new());
            }
            '<' | '>' if sink(&mut chars, c) => {
                // A single digit right in front is the stream.
                if word.as_ref().is_some_and(|w| w.len() == 1 && w.bytes().all(|b| b.is_ascii_digit())) {
                    word = None;
                }
                end(&mut parts, &mut word);
            }
            '<' | '>' | '(' | ')' | '=' | '@' => {
                if c != '=' {
                    note("redirections and blocks aren't supported");
                }
                // What is written stands as the word behind a command of its own.
                if c == '>' && chars.peek() != Some(&'&') {
                    end(&mut parts, &mut word);
                    parts.push(vec!["out-file".into()]);
                    while chars.next_if_eq(&'>').is_some() {}
                }
                end(&mut parts, &mut word);
                if matches!(c, '(' | ')') {
                    parts.push(Vec::new());
                }
            }
            c => {
                if !c.is_ascii() && !c.is_alphanumeric() {
                    note("a character outside of quotes looks like another one or like nothing");
                }
                word.get_or_insert_default().push(c);
            }
        }
    }
    if quoted {
        note("a quote isn't closed");
    }
    end(&mut parts, &mut word);
    parts.retain(|p| !p.is_empty());
    (parts, unknown)
}

/// Takes `nul` or `&1` behind a redirection, or leaves what is there.
fn sink(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, operator: char) -> bool {
    let mut ahead = chars.clone();
    if operator == '>' {
        ahead.next_if_eq(&'>');
    }
    if ahead.next_if_eq(&'&').is_some() {
        if operator == '<' || ahead.next_if(char::is_ascii_digit).is_none() {
            return false;
        }
    } else {
        while ahead.next_if_eq(&' ').is_some() {}
        for c in "nul".chars() {
            if ahead.next_if(|n| n.eq_ignore_ascii_case(&c)).is_none() {
                return false;
            }
        }
    }
    if !ahead.peek().is_none_or(|c| matches!(c, ' ' | '\t' | '&' | '|' | '>' | '<')) {
        return false;
    }
    *chars = ahead;
    true
}

fn end(parts: &mut [Vec<String>], word: &mut Option<String>) {
    if let (Some(text), Some(part)) = (word.take(), parts.last_mut()) {
        part.push(text);
    }
}
