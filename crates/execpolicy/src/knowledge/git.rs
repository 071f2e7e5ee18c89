//! git: which of its commands read, with which options, and that no helper of the repository runs.

use super::git_commands::{SUBS, Words};
use super::{Check, Program, listed, secrets};
use crate::judge::{Arg, Call, Options, Parsed, Style};

pub(crate) static PROGRAMS: &[Program] = &[Program {
    names: "git",
    reason: "this git command only reads, and no helper is configured",
    check: Check::Special(check),
}];

/// Settings that may be given with `-c`: they format, or they switch a helper off.
const SETTINGS: &[(&str, &str)] = &[
    ("color.", ""),
    ("core.quotepath", ""),
    ("core.quotePath", ""),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("core.pager", ""),
    ("core.hookspath", "/dev/null"),
    ("core.hooksPath", "/dev/null"),
    ("diff.external", ""),
    ("log.showsignature", "false"),
    ("log.showSignature", "false"),
    ("advice.", ""),
    ("status.", ""),
    ("log.date", ""),
    ("diff.renames", ""),
    ("core.abbrev", ""),
    ("diff.context", ""),
    ("gc.auto", "0"),
];
const FREE: &[&str] = &[
    "color.",
    "core.quotepath",
    "core.quotePath",
    "advice.",
    "status.",
    "log.date",
    "diff.renames",
    "core.abbrev",
    "diff.context",
];

fn check(call: &Call<'_>) -> Result<(), String> {
    let (sub, args, folder) = global(call.args())?;
    let Some(sub) = sub else { return Ok(()) };
    let Some(name) = sub.exact() else {
        return Err(format!("the git command `{}` isn't known before the run", sub.text));
    };
    let Some(known) = SUBS.iter().find(|s| listed(s.name, name)) else {
        return Err(format!("`git {name}` isn't known to only read"));
    };
    let style = match name {
        "grep" => Style::Literal,
        _ if known.short.contains('0') => Style::Number,
        _ => Style::Gnu,
    };
    let parsed = crate::judge::parse_options(
        &Options { short: known.short, long: known.long, refused: known.refused, style },
        args,
    )?;
    let first = parsed.operands.first();
    match known.operands {
        Words::Any => {}
        Words::None if parsed.operands.is_empty() => {}
        Words::One if parsed.operands.len() <= 1 && !parsed.operands.iter().any(|o| o.many()) => {}
        Words::First(words) => match first {
            None if matches!(name, "remote" | "reflog" | "submodule") => {}
            Some(word) if word.exact().is_some_and(|w| listed(words, w)) => {}
            // `git reflog HEAD`
            Some(_)
                if name == "reflog"
                    && !first
                        .and_then(|f| f.exact())
                        .is_some_and(|w| matches!(w, "expire" | "delete" | "drop" | "write")) => {}
            _ => return Err(format!("`git {name}` changes the repository in this form")),
        },
        Words::Listing(options) => {
            let lists = parsed.operands.is_empty() || options.iter().any(|(c, l)| parsed.has(*c, l));
            if !lists {
                return Err(format!("`git {name}` makes a new one in this form"));
            }
        }
        Words::None | Words::One => return Err(format!("`git {name}` does more than read in this form")),
    }
    if name == "config" {
        return config(&parsed);
    }
    // Signatures are checked by a program.
    let checks_signatures = |f: &Arg| f.text.contains("%G") || f.text.contains("signature") || !f.is_literal();
    if parsed.values('\0', "format").chain(parsed.values('\0', "pretty")).any(checks_signatures) {
        return Err("the format may have signatures checked by a program".into());
    }
    // Two files compare without a repository, and a search can look anywhere.
    let files = name == "diff" || (name == "grep" && parsed.has('\0', "no-index"));
    for operand in parsed.operands.iter().filter(|_| files) {
        let place = call.place(operand);
        if let Some(why) = secrets::why(&place) {
            return Err(why);
        }
        if name == "grep" && secrets::holds_all(&place) {
            return Err("it would read all files of the user or of the machine".into());
        }
    }
    // Objects that a partial clone lacks are fetched by whatever the configuration names, so every command depends on it.
    match call.git_helper(folder, known.helpers) {
        None => Ok(()),
        Some(why) => Err(why),
    }
}

/// Reading one setting that holds no secret: `--get KEY`, `get KEY`, or `KEY` alone.
fn config(parsed: &Parsed<'_>) -> Result<(), String> {
    const SECTIONS: &str = "alias user core branch color diff merge init pull push fetch status log rebase commit tag advice help gc pack index feature extensions";
    let secret = |key: &str| {
        let key = key.to_ascii_lowercase();
        ["credential", "token", "extraheader", "password", "http.", "sendemail", "imap."]
            .iter()
            .any(|s| key.contains(s))
    };
    let named: Vec<&Arg> = ["get", "get-all"].iter().flat_map(|o| parsed.values('\0', o)).collect();
    let patterns: Vec<&Arg> = parsed.values('\0', "get-regexp").collect();
    let mut operands = parsed.operands.iter().copied();
    let mut keys = named;
    if keys.is_empty() && patterns.is_empty() {
        let first = operands.next();
        keys.extend(if first.and_then(Arg::exact) == Some("get") { operands.next() } else { first });
    }
    if operands.next().is_some() {
        return Err("`git config` changes the settings in this form".into());
    }
    if keys.is_empty() && patterns.is_empty() {
        return Err("settings can hold secrets".into());
    }
    for key in keys {
        if !key.exact().is_some_and(|k| k.contains('.') && !secret(k)) {
            return Err("settings can hold secrets".into());
        }
    }
    for pattern in patterns {
        // Only a pattern that begins with the whole name of a harmless section is narrow enough.
        let section = pattern.exact().and_then(|p| p.strip_prefix('^')).and_then(|p| p.split_once("\\."));
        if !section.is_some_and(|(section, rest)| listed(SECTIONS, section) && !rest.contains('|')) {
            return Err("settings can hold secrets".into());
        }
    }
    Ok(())
}

/// The command word, the words behind it, and the folder of `-C`.
type Head<'a> = (Option<&'a Arg>, &'a [Arg], Option<&'a Arg>);

/// Reads what stands in front of the command word.
fn global(args: &[Arg]) -> Result<Head<'_>, String> {
    let mut i = 0;
    let mut folder = None;
    while let Some(arg) = args.get(i) {
        i += 1;
        let Some(text) = arg.exact() else {
            return Err(format!("`{}` isn't known before the run", arg.text));
        };
        match text {
            "--version" | "-v" => return Ok((None, &[], None)),
            "--help" | "-h" if args.len() == i => return Ok((None, &[], None)),
            "--no-pager"
            | "-P"
            | "--no-optional-locks"
            | "--literal-pathspecs"
            | "--glob-pathspecs"
            | "--noglob-pathspecs"
            | "--icase-pathspecs"
            | "--no-replace-objects"
            | "--no-lazy-fetch"
            | "--no-advice" => {}
            "-C" => {
                let Some(dir) = args.get(i) else {
                    return Err("`-C` has no folder".into());
                };
                if folder.is_some() || !dir.is_literal() {
                    return Err("the repository isn't known before the run".into());
                }
                folder = Some(dir);
                i += 1;
            }
            "-c" => {
                let setting = args.get(i).and_then(Arg::exact).unwrap_or("");
                if !harmless(setting) {
                    return Err(format!("the setting `{setting}` isn't known to be harmless"));
                }
                i += 1;
            }
            _ if text.starts_with('-') => {
                return Err(format!("`{text}` changes what git reads or runs"));
            }
            _ => return Ok((Some(arg), args.get(i..).unwrap_or(&[]), folder)),
        }
    }
    Err("git without a command".into())
}

fn harmless(setting: &str) -> bool {
    let Some((key, value)) = setting.split_once('=') else {
        return false;
    };
    SETTINGS.iter().any(|(k, v)| {
        let free = FREE.contains(k);
        let same = if k.ends_with('.') { key.starts_with(k) } else { key == *k };
        same && (free || value == *v)
    })
}
