//! PowerShell: words, single and double quotes without expansions, pipes and semicolons.

use super::paths::{is_remote, is_vital, value};
use crate::judge::{Arg, Context, Judgement, judge_argv};
use crate::verdict::Decision;

/// Commands that only print, by all of their names.
const READS: &str = "get-childitem gci ls dir get-content gc cat type get-location gl pwd select-string sls select-object select measure-object measure write-output echo write get-item gi test-path resolve-path rvpa get-date sort-object sort get-unique gu group-object format-table ft format-list fl format-wide fw compare-object diff get-filehash get-command gcm get-help help get-member gm get-alias gal get-process gps ps get-service gsv out-string oss out-host oh convertto-json convertfrom-json convertto-csv convertfrom-csv split-path join-path get-host get-culture get-uptime get-computerinfo get-psdrive gdr get-verb get-random where-object write-host findstr";
/// Parameters of those that run code, as lower case beginnings.
const CODE: &[&str] = &[
    "-expression",
    "-outfile",
    "-pipelinevariable",
    "-outvariable",
    "-outbuffer",
    "-errorvariable",
    "-warningvariable",
    "-informationvariable",
    "-ov",
    "-pv",
    "-ev",
    "-ob",
    "-online",
    "-showwindow",
    "-computername",
    "-cn",
    "-cimsession",
];
/// Programs that are judged as in any other shell.
const NATIVE: &str = "git rg whoami hostname";
/// Commands that delete, by all of their names.
const DELETES: &str = "remove-item ri rm rmdir del erase rd clear-content clc";
/// Commands that are refused whatever their words are.
const REFUSED: &[(&str, &str)] = &[
    (
        "format-volume clear-disk initialize-disk remove-partition reset-physicaldisk format diskpart clear-storagediagnosticinfo resize-partition",
        "it destroys a disk",
    ),
    ("stop-computer restart-computer shutdown", "it stops the machine"),
    ("clear-eventlog remove-eventlog limit-eventlog clear-history", LOGS),
    (
        "disable-computerrestore disable-windowsoptionalfeature uninstall-windowsfeature disable-netfirewallrule disable-bitlocker clear-tpm",
        OFF,
    ),
];

const OFF: &str = "it switches a protection off";
const LOGS: &str = "it deletes a log of the machine";
/// As [`crate::knowledge::refused_with`] reads it.
const REFUSED_WITH: &str = "\
vssadmin|delete resize||it deletes the copies that a restore needs
wmic|shadowcopy|delete|it deletes the copies that a restore needs
wbadmin|delete||it deletes backups
bcdedit|/set* /delete*||it changes how the machine starts
bootrec reagentc|/fixmbr /fixboot /disable||it changes how the machine starts
wevtutil|cl clear-log sl||it deletes a log of the machine
auditpol|/clear /set /remove||it deletes a log of the machine
set-mppreference add-mppreference|-disable* -exclusion*||it switches a protection off
set-netfirewallprofile|-enabled*||it switches a protection off
netsh|advfirewall firewall|off reset disable|it switches a protection off
manage-bde|-off||it switches a protection off
sc net|windefend eventlog mpssvc wscsvc sense|stop delete config|it switches a protection off
stop-service set-service|windefend eventlog mpssvc wscsvc sense||it switches a protection off
cipher|/w*||it overwrites a disk
fsutil|setzerodata dismount||it overwrites a disk
fsutil|usn|deletejournal|it deletes a log of the machine
taskkill stop-process spps|lsass* csrss* winlogon* wininit* services.exe svchost* smss*||it stops the machine
wmic|os|reboot shutdown|it stops the machine
net add-localgroupmember|administrators|/add -member|it changes who may do what
net|administrator|user|it changes who may do what
set-psreadlineoption|savenothing||it deletes a log of the machine
remove-item ri del clear-content|.historysavepath||it deletes a log of the machine";
/// Commands that write each place that they name, by all of their names, and those that take it away.
const WRITES: &str = "set-content sc add-content ac out-file tee-object new-item ni";
const MOVES: &str = "move mv move-item mi ren rename-item rni";

#[derive(Debug, Default, PartialEq)]
struct Part {
    words: Vec<String>,
    /// The words came behind a `|`.
    piped: bool,
}

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
    let remote = parts.iter().any(|p| p.words.iter().any(|w| fetches(w)));
    if remote && line.to_ascii_lowercase().contains("scriptblock]::create") {
        out.add(context.forbid(), "builtin:remote-code", "it runs what it fetches from the network", Vec::new());
    }
    let lower = line.to_ascii_lowercase();
    let shadow = lower.contains("win32_shadowcopy")
        && ["remove-wmi", "remove-cim", ".delete("].iter().any(|d| lower.contains(d));
    let shell = lower.contains("sockets.tcpclient") && lower.contains("iex");
    let folder = lower.split_once("directory]::delete(").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    if shadow || shell || folder.is_some_and(is_vital) {
        out.add(
            context.forbid(),
            "builtin:code",
            "its code connects a shell, or deletes what a restore needs",
            Vec::new(),
        );
    }
    let (mut vital, mut moved) = (false, false);
    for part in &parts {
        let name = part.words.first().map_or("", String::as_str).to_ascii_lowercase();
        let rest = || part.words.iter().skip(1);
        if moved
            && crate::knowledge::listed(DELETES, &name)
            && rest().any(|w| matches!(w.as_str(), "*" | "." | ".\\*" | "*.*"))
        {
            out.add(
                context.forbid(),
                "builtin:delete",
                "it deletes a drive, a home directory or the system",
                part.words.clone(),
            );
        }
        moved |= matches!(name.as_str(), "cd" | "chdir" | "sl" | "set-location" | "pushd" | "push-location")
            && rest().any(|w| is_vital(w));
        vital = (vital && part.piped) || part.words.iter().skip(1).any(|w| is_vital(w));
        judge_part(part, remote, vital, depth, context, out);
    }
}

fn judge_part(part: &Part, fetched: bool, vital: bool, depth: usize, context: &Context<'_>, out: &mut Judgement) {
    let Some(name) = part.words.first() else {
        return;
    };
    let written = name.to_ascii_lowercase();
    let name = written.strip_suffix(".exe").unwrap_or(&written);
    let args = part.words.get(1..).unwrap_or(&[]);
    let words = part.words.clone();
    if matches!(name, "iex" | "invoke-expression") && fetched {
        out.add(context.forbid(), "builtin:remote-code", "it runs what it fetches from the network", words);
        return;
    }
    if let Some(why) = refused(name, args) {
        out.add(context.forbid(), format!("builtin:{name}"), why, words);
        return;
    }
    if part.piped && vital && crate::knowledge::listed(DELETES, name) {
        let why = "it deletes a drive, a home directory or the system";
        out.add(context.forbid(), format!("builtin:{name}"), why, words);
        return;
    }
    if crate::knowledge::listed(NATIVE, name) {
        return native(name, part, context, out);
    }
    super::inner(name, args, depth, context, out);
    // A program of that name isn't the command that has it as its other name.
    if !crate::knowledge::listed(READS, name) || (written != name && name != "findstr") {
        out.add(Decision::Prompt, format!("builtin:{name}"), "it isn't known to be read-only", words);
        return;
    }
    for arg in args {
        let lower = arg.to_ascii_lowercase();
        let prints = matches!(name, "echo" | "write" | "write-output" | "write-host");
        let drive = value(&lower).split(',').any(is_drive);
        let sorts_to_file = name == "sort" && (lower.starts_with("-o") || lower.starts_with("/o"));
        let why = if is_remote(arg) && !prints {
            "it reads from another machine"
        } else if drive && !prints {
            "it reads a drive that is no disk"
        } else if lower == "break" && !prints {
            "it stops in the debugger"
        } else if sorts_to_file {
            "it writes a file"
        } else if CODE.iter().any(|c| lower.len() >= 3 && (c.starts_with(lower.as_str()) || lower.starts_with(c)))
            && lower.starts_with('-')
        {
            "a parameter writes or runs something"
        } else if !prints && value(&lower).split(',').any(secret) {
            "it may hold secrets"
        } else {
            continue;
        };
        out.add(Decision::Prompt, format!("builtin:{name}"), why, words);
        return;
    }
    out.add(Decision::Allow, format!("builtin:{name}"), "it only prints", words);
}

/// A drive of more than one letter, as `env:`, or the full name of a provider.
fn is_drive(path: &str) -> bool {
    let name = path.split_once(':').map_or("", |(name, _)| name);
    path.contains("::") || (name.len() > 1 && name.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A program that isn't of this shell. Its words are passed in one text, which quotes and commas can take apart.
fn native(name: &str, part: &Part, context: &Context<'_>, out: &mut Judgement) {
    let args = part.words.get(1..).unwrap_or(&[]);
    if let Some(odd) = args.iter().find(|a| a.is_empty() || a.contains(['"', ',']) || a.ends_with('\\')) {
        let reason = format!("`{odd}` may become several words");
        out.add(Decision::Prompt, format!("builtin:{name}"), reason, part.words.clone());
        return;
    }
    let words: Vec<Arg> =
        std::iter::once(name.to_owned()).chain(args.iter().map(|a| a.replace('\\', "/"))).map(Arg::literal).collect();
    out.findings.extend(judge_argv(&words, context).findings);
}

fn secret(path: &str) -> bool {
    let place = crate::judge::resolve_path(&path.replace('\\', "/"));
    crate::knowledge::secrets::why(&place).is_some()
}

fn fetches(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "iwr" | "irm" | "invoke-webrequest" | "invoke-restmethod" | "curl" | "wget" | "start-bitstransfer"
    ) || [
        "downloadstring",
        "downloaddata",
        "downloadfile",
        "net.webclient",
        "invoke-webrequest",
        "invoke-restmethod",
        "httpclient",
    ]
    .iter()
    .any(|n| lower.contains(n))
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| matches!(w, "iwr" | "irm"))
}

/// Why a command is refused under every profile with a sandbox.
pub(super) fn refused(name: &str, args: &[String]) -> Option<&'static str> {
    let lower: Vec<String> = args.iter().map(|a| a.to_ascii_lowercase()).collect();
    let has = |word: &str| lower.iter().any(|a| a == word);
    let starts = |word: &str| lower.iter().any(|a| a.starts_with(word));
    if crate::knowledge::listed(DELETES, name) && args.iter().any(|a| is_vital(a)) {
        return Some("it deletes a drive, a home directory or the system");
    }
    if let Some((_, why)) = REFUSED.iter().find(|(names, _)| crate::knowledge::listed(names, name)) {
        return Some(why);
    }
    // Taking away is as bad as writing; of what is copied, only the last word is written.
    let written = match name {
        _ if crate::knowledge::listed(WRITES, name) || crate::knowledge::listed(DELETES, name) => args,
        "copy" | "xcopy" | "robocopy" | "copy-item" | "cp" => args.get(args.len().saturating_sub(1)..).unwrap_or(&[]),
        _ => &[],
    };
    let deletes_all = name == "robocopy" && starts("/mir") && args.iter().any(|a| is_vital(a));
    if deletes_all || (crate::knowledge::listed(MOVES, name) && args.iter().any(|a| is_vital(a))) {
        return Some("it deletes a drive, a home directory or the system");
    }
    if let Some(why) = written.iter().find_map(|a| super::paths::write(a)) {
        return Some(why);
    }
    if let Some(why) = crate::knowledge::refused_with(REFUSED_WITH, name, lower.iter().map(String::as_str)) {
        return Some(why);
    }
    match name {
        "reg" if has("delete") && lower.iter().any(|a| hive(a)) => Some("it deletes settings of the machine"),
        "reg" | "set-itemproperty" | "new-itemproperty"
            if lower.iter().any(|a| a.ends_with("currentversion\\run") || a.ends_with("currentversion\\runonce")) =>
        {
            Some("it makes a program run later")
        }
        "remove-itemproperty" | "remove-item" | "ri"
            if lower.iter().map(|a| value(a)).any(|a| {
                a.starts_with("hklm:") || a.starts_with("registry::") || matches!(a, "hkcu:\\" | "hkcu:\\software")
            }) =>
        {
            Some("it deletes settings of the machine")
        }
        "takeown" | "icacls" | "attrib" if args.iter().any(|a| is_vital(a)) => Some("it takes over the system"),
        "mshta" | "regsvr32" | "rundll32" | "msiexec"
            if lower.iter().any(|a| a.contains("http:") || a.contains("https:") || a.contains("javascript:")) =>
        {
            Some("it runs what it fetches from the network")
        }
        _ => None,
    }
}

fn hive(arg: &str) -> bool {
    let root = arg.split('\\').next().unwrap_or("");
    matches!(root, "hklm" | "hkey_local_machine" | "hkcr" | "hkey_classes_root" | "hku" | "hkey_users")
        || matches!(arg, "hkcu" | "hkey_current_user")
}

/// The parts of a line, and what in it isn't of the subset. Parts are found even then, so that refusals are seen.
fn split(line: &str) -> (Vec<Part>, Option<&'static str>) {
    let mut parts = vec![Part::default()];
    let mut unknown = None;
    let mut word: Option<String> = None;
    let mut chars = line.chars().peekable();
    let mut note = |what: &'static str| {
        unknown.get_or_insert(what);
    };
    while let Some(c) = chars.next() {
        let last = parts.len() - 1;
        match c {
            ' ' | '\t' => end(&mut parts, &mut word),
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => {
                            note("a quote isn't closed");
                            break;
                        }
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            text.push('\'');
                        }
                        Some('\'') => break,
                        Some(c) => text.push(c),
                    }
                }
                quoted_head(parts.get(last), &mut note);
            }
            '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => {
                            note("a quote isn't closed");
                            break;
                        }
                        Some('"') => break,
                        Some(c) => {
                            if matches!(c, '$' | '`') {
                                note("a string holds an expansion");
                            }
                            text.push(c);
                        }
                    }
                }
                quoted_head(parts.get(last), &mut note);
            }
            '|' if chars.peek() == Some(&'&') || chars.peek() == Some(&'|') => {
                chars.next();
                note("an operator isn't supported");
                end(&mut parts, &mut word);
                parts.push(Part::default());
            }
            ';' | '|' | '\n' => {
                end(&mut parts, &mut word);
                parts.push(Part { words: Vec::new(), piped: c == '|' });
            }
            '&' => {
                note("an operator isn't supported");
                end(&mut parts, &mut word);
                if chars.peek() == Some(&'&') {
                    chars.next();
                }
                parts.push(Part::default());
            }
            '(' | ')' | '{' | '}' => {
                note("an expression isn't supported");
                end(&mut parts, &mut word);
                // What a block gets came through the same pipe.
                let piped = parts.last().is_some_and(|p| p.piped);
                parts.push(Part { words: Vec::new(), piped });
            }
            // Within the words of a command they mean nothing.
            '=' | '%' if parts.last().is_some_and(|p| !p.words.is_empty()) => word.get_or_insert_default().push(c),
            '$' | '`' | '@' | '<' | '>' | '[' | ']' | '%' | '#' | '=' => {
                note("an expression isn't supported");
                word.get_or_insert_default().push(c);
            }
            c if !c.is_ascii() && !c.is_alphanumeric() => {
                note("a character outside of quotes looks like another one or like nothing");
                word.get_or_insert_default().push(c);
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    end(&mut parts, &mut word);
    if parts.iter().any(|p| p.piped && p.words.is_empty()) {
        note("an operator has no command behind it");
    }
    parts.retain(|p| !p.words.is_empty());
    if parts.iter().any(|p| p.words.iter().any(|w| w == "--%")) {
        note("a word stops the parsing");
    }
    let odd_head = |w: &String| !w.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if parts.iter().filter_map(|p| p.words.first()).any(odd_head) {
        note("a command has an unusual name");
    }
    (parts, unknown)
}

fn quoted_head(part: Option<&Part>, note: &mut impl FnMut(&'static str)) {
    if part.is_none_or(|p| p.words.is_empty()) {
        note("a string stands where a command is expected");
    }
}

fn end(parts: &mut [Part], word: &mut Option<String>) {
    if let (Some(text), Some(part)) = (word.take(), parts.last_mut()) {
        part.words.push(text);
    }
}
