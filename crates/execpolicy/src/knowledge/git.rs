//! git: which of its commands read, with which options, and that no helper of the repository runs.

use super::{Check, Program, listed, secrets};
use crate::judge::{Arg, Call, Options, Parsed, Style};

pub(crate) static PROGRAMS: &[Program] = &[Program {
    names: "git",
    reason: "this git command only reads, and no helper is configured",
    check: Check::Special(check),
}];

struct Sub {
    name: &'static str,
    short: &'static str,
    long: &'static str,
    refused: &'static str,
    operands: Words,
    /// Whether files of the work tree or contents are looked at, so that filters and drivers of the configuration run.
    helpers: bool,
}

enum Words {
    Any,
    None,
    /// One at most: with another it changes something.
    One,
    /// The first word is one of these.
    First(&'static str),
    /// None, unless one of these options makes it a list.
    Listing(&'static [(char, &'static str)]),
}

const LOG: &str = "oneline graph all branches=? tags=? remotes=? decorate=? no-decorate stat=? shortstat numstat name-only name-status summary patch no-patch raw abbrev-commit no-abbrev-commit abbrev=? pretty=? format= date= since= until= after= before= author= committer= grep= all-match invert-grep regexp-ignore-case extended-regexp fixed-strings perl-regexp merges no-merges first-parent reverse max-count= skip= follow cherry cherry-pick left-right left-only right-only topo-order date-order author-date-order no-walk=? not glob= exclude= boundary children parents color=? no-color word-diff=? color-words=? unified=? minimal patience histogram diff-algorithm= ignore-space-change ignore-all-space ignore-blank-lines ignore-space-at-eol find-renames=? find-copies=? no-renames full-index binary diff-filter= pickaxe-all pickaxe-regex walk-reflogs simplify-by-decoration show-pulls in-commit-order no-commit-id ignore-missing max-parents= min-parents= decorate-refs= decorate-refs-exclude= color-moved=? no-color-moved word-diff-regex= diff-merges= no-diff-merges stat-width= find-object= line-prefix= break-rewrites=? reflog grep-reflog= indent-heuristic no-indent-heuristic anchored= relative=? text no-ext-diff no-textconv no-show-signature show-notes no-notes notes=? cached staged merge-base quiet exit-code check summary compact-summary dirstat=? function-context inter-hunk-context= src-prefix= dst-prefix= no-prefix submodule=? ignore-submodules=? name-only z full-history simplify-merges ancestry-path=? source use-mailmap mailmap clear-decorations expand-tabs=? encoding= numbered summary email group= no-index rename-empty no-rename-empty patch-with-stat patch-with-raw cumulative root";
/// What `rev-list` takes of it, and more.
const REV_LIST: &str = "count objects objects-edge timestamp header disk-usage=? all branches=? tags=? remotes=? pretty=? format= date= since= until= after= before= author= committer= grep= all-match invert-grep regexp-ignore-case extended-regexp fixed-strings perl-regexp merges no-merges first-parent reverse max-count= skip= cherry cherry-pick cherry-mark left-right left-only right-only topo-order date-order author-date-order no-walk=? not glob= exclude= boundary children parents abbrev-commit no-abbrev-commit abbrev=? oneline full-history simplify-merges simplify-by-decoration ancestry-path=? max-parents= min-parents= graph no-commit-header quiet walk-reflogs remove-empty";
const LOG_REFUSED: &str = "output= ext-diff textconv show-signature";
const LOG_SHORT: &str = "pusn:zabwqcmtgrM::C::RDi0123456789U::S:G:O:L:B::FEP";

const SUBS: &[Sub] = &[
    Sub {
        name: "status",
        short: "sbu::vzM::",
        long: "short branch show-stash porcelain=? long verbose untracked-files=? ignored=? ignore-submodules=? column=? no-column ahead-behind no-ahead-behind renames no-renames find-renames=? null",
        refused: "",
        operands: Words::Any,
        helpers: true,
    },
    Sub { name: "diff", short: LOG_SHORT, long: LOG, refused: LOG_REFUSED, operands: Words::Any, helpers: true },
    Sub { name: "log", short: LOG_SHORT, long: LOG, refused: LOG_REFUSED, operands: Words::Any, helpers: true },
    Sub { name: "show", short: LOG_SHORT, long: LOG, refused: LOG_REFUSED, operands: Words::Any, helpers: true },
    Sub { name: "whatchanged", short: LOG_SHORT, long: LOG, refused: LOG_REFUSED, operands: Words::Any, helpers: true },
    Sub { name: "shortlog", short: "snecw", long: LOG, refused: LOG_REFUSED, operands: Words::Any, helpers: true },
    Sub {
        name: "diff-index diff-files",
        short: LOG_SHORT,
        long: LOG,
        refused: LOG_REFUSED,
        operands: Words::Any,
        helpers: true,
    },
    Sub {
        name: "range-diff",
        short: LOG_SHORT,
        long: "creation-factor= no-dual-color dual-color left-only right-only no-notes notes=? stat=? no-patch no-color color=? diff-merges= remerge-diff",
        refused: LOG_REFUSED,
        operands: Words::Any,
        helpers: true,
    },
    Sub { name: "cherry", short: "v", long: "verbose abbrev=?", refused: "", operands: Words::Any, helpers: false },
    Sub { name: "bisect", short: "", long: "", refused: "", operands: Words::First("log terms"), helpers: false },
    Sub { name: "notes", short: "", long: "ref=", refused: "", operands: Words::First("list show"), helpers: false },
    Sub { name: "sparse-checkout", short: "", long: "", refused: "", operands: Words::First("list"), helpers: false },
    Sub {
        name: "symbolic-ref",
        short: "q",
        long: "quiet short recurse no-recurse",
        refused: "delete",
        operands: Words::One,
        helpers: false,
    },
    Sub {
        name: "verify-pack",
        short: "vs",
        long: "verbose stat-only object-format=",
        refused: "",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "fsck",
        short: "v",
        long: "full no-full strict unreachable dangling no-dangling root tags cache reflogs no-reflogs connectivity-only verbose progress no-progress name-objects references no-references",
        refused: "lost-found",
        operands: Words::Any,
        helpers: false,
    },
    Sub { name: "help", short: "", long: "", refused: "", operands: Words::None, helpers: false },
    Sub { name: "diff-tree", short: LOG_SHORT, long: LOG, refused: LOG_REFUSED, operands: Words::Any, helpers: true },
    Sub {
        name: "blame",
        short: "bclL:tfnseowS:M::C::",
        long: "root show-stats porcelain line-porcelain incremental show-name show-number show-email date= ignore-rev= ignore-revs-file= color-lines color-by-age abbrev= since= progress no-progress",
        refused: "contents= textconv",
        operands: Words::Any,
        helpers: true,
    },
    Sub {
        name: "annotate",
        short: "bclL:tfnsew",
        long: "root date=",
        refused: "contents=",
        operands: Words::Any,
        helpers: true,
    },
    Sub {
        name: "grep",
        short: "niIwvhHEGPFlLzocpWqe:A:B:C:m:a",
        long: "cached untracked no-index no-exclude-standard exclude-standard recurse-submodules text ignore-case invert-match word-regexp line-number column files-with-matches name-only files-without-match null only-matching count color=? no-color break heading show-function function-context all-match quiet max-depth= max-count= threads= and or not extended-regexp basic-regexp perl-regexp fixed-strings full-name",
        refused: "open-files-in-pager=? textconv",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "ls-files",
        short: "cdomiuskfzrtvX:x:",
        long: "cached deleted others modified ignored stage unmerged killed directory no-empty-directory exclude= exclude-from= exclude-standard error-unmatch full-name recurse-submodules abbrev=? debug eol deduplicate format= sparse",
        refused: "exclude-per-directory= with-tree=",
        operands: Words::Any,
        helpers: true,
    },
    Sub {
        name: "ls-tree",
        short: "drtlz",
        long: "long name-only name-status object-only full-name full-tree abbrev=? format=",
        refused: "",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "cat-file",
        short: "tpse",
        long: "batch-check=? batch=? batch-all-objects unordered buffer allow-unknown-type follow-symlinks use-mailmap",
        refused: "textconv filters path= batch-command=?",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "rev-parse",
        short: "q",
        long: "verify quiet short=? symbolic symbolic-full-name abbrev-ref=? all branches=? tags=? remotes=? show-toplevel show-prefix show-cdup git-dir absolute-git-dir git-common-dir is-inside-git-dir is-inside-work-tree is-bare-repository is-shallow-repository show-superproject-working-tree git-path= default= revs-only no-revs flags no-flags show-object-format=? local-env-vars since= until= not disambiguate= path-format=",
        refused: "parseopt sq-quote sq resolve-git-dir=",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "rev-list",
        short: "n:0123456789g",
        long: REV_LIST,
        refused: LOG_REFUSED,
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "describe",
        short: "",
        long: "all tags contains abbrev= candidates= exact-match debug long match= exclude= always first-parent dirty=? broken=?",
        refused: "",
        operands: Words::Any,
        helpers: true,
    },
    Sub {
        name: "name-rev",
        short: "",
        long: "tags refs= exclude= all name-only no-undefined always",
        refused: "annotate-stdin stdin",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "merge-base",
        short: "a",
        long: "all octopus independent is-ancestor fork-point",
        refused: "",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "for-each-ref",
        short: "",
        long: "count= sort= format= color=? points-at= merged=? no-merged=? contains=? no-contains=? ignore-case omit-empty",
        refused: "shell perl python tcl",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "show-ref",
        short: "dsq",
        long: "head heads tags branches dereference hash=? verify abbrev=? quiet exists",
        refused: "exclude-existing=?",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "show-branch",
        short: "ar",
        long: "all remotes current topo-order date-order sparse list sha1-name no-name",
        refused: "",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "count-objects",
        short: "vH",
        long: "verbose human-readable",
        refused: "",
        operands: Words::None,
        helpers: false,
    },
    Sub {
        name: "check-ignore",
        short: "qvzn",
        long: "quiet verbose non-matching no-index",
        refused: "stdin",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "check-attr",
        short: "az",
        long: "all cached",
        refused: "stdin source=",
        operands: Words::Any,
        helpers: false,
    },
    Sub {
        name: "var",
        short: "l",
        long: "",
        refused: "",
        operands: Words::First("GIT_AUTHOR_IDENT GIT_COMMITTER_IDENT GIT_DEFAULT_BRANCH"),
        helpers: false,
    },
    Sub { name: "version", short: "", long: "build-options", refused: "", operands: Words::None, helpers: false },
    Sub {
        name: "branch",
        short: "arvqil",
        long: "list all remotes verbose color=? no-color column=? no-column sort= format= abbrev=? no-abbrev contains=? no-contains=? merged=? no-merged=? points-at= show-current ignore-case",
        refused: "delete move copy force set-upstream-to= unset-upstream edit-description track=? no-track create-reflog recurse-submodules quiet",
        operands: Words::Listing(&[
            ('l', "list"),
            ('\0', "contains"),
            ('\0', "merged"),
            ('\0', "no-merged"),
            ('\0', "no-contains"),
            ('\0', "points-at"),
        ]),
        helpers: false,
    },
    Sub {
        name: "tag",
        short: "ln::i",
        long: "list sort= format= contains=? no-contains=? merged=? no-merged=? points-at= column=? no-column color=? ignore-case",
        refused: "annotate sign delete verify force message= file= local-user= create-reflog cleanup= edit",
        operands: Words::Listing(&[
            ('l', "list"),
            ('\0', "contains"),
            ('\0', "merged"),
            ('\0', "no-merged"),
            ('\0', "no-contains"),
            ('\0', "points-at"),
            ('n', "-"),
        ]),
        helpers: false,
    },
    Sub {
        name: "stash",
        short: LOG_SHORT,
        long: LOG,
        refused: LOG_REFUSED,
        operands: Words::First("list show"),
        helpers: true,
    },
    Sub {
        name: "remote",
        short: "v",
        long: "verbose push all",
        refused: "",
        operands: Words::First("get-url"),
        helpers: false,
    },
    Sub {
        name: "worktree",
        short: "vz",
        long: "porcelain verbose",
        refused: "",
        operands: Words::First("list"),
        helpers: false,
    },
    Sub {
        name: "reflog",
        short: LOG_SHORT,
        long: LOG,
        refused: LOG_REFUSED,
        operands: Words::First("show"),
        helpers: true,
    },
    Sub {
        name: "submodule",
        short: "",
        long: "cached recursive quiet",
        refused: "",
        operands: Words::First("status summary"),
        helpers: true,
    },
    Sub {
        name: "config",
        short: "z",
        long: "get= get-all= get-regexp= global local system worktree null name-only show-origin show-scope type= bool int includes no-includes default=",
        refused: "list edit regexp unset= unset-all= add replace-all rename-section remove-section file= blob= get-urlmatch= get-color= get-colorbool= append all value= fixed-value",
        operands: Words::Any,
        helpers: false,
    },
];

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
