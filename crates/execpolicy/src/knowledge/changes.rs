//! Programs that change files, and which of their words they change.

use std::sync::LazyLock;

use super::{Index, protected};
use crate::judge::{Arg, Base, Call, Place};

enum Kind {
    /// Every operand is deleted or emptied.
    Destroys,
    /// Every operand is written.
    Writes,
    /// The last operand is written.
    WritesLast,
    /// The last operand is written and the others vanish.
    Moves,
    /// The first operand is a mode or an owner, the others get it; recursive forms destroy.
    Permissions,
    /// `of=FILE`
    Dd,
    /// Writes the files behind `-i`.
    InPlace,
    /// Deletes with `--delete`.
    Rsync,
    /// Unpacks into a folder.
    Unpacks,
}

const TABLE: &[(&str, Kind, &str)] = &[
    ("rm rmdir unlink shred srm wipe trash rimraf", Kind::Destroys, "it deletes files"),
    (
        "touch mkdir tee sudoedit truncate mkfifo mknod fallocate mktemp chattr setfacl split csplit sponge",
        Kind::Writes,
        "it writes files",
    ),
    ("cp install ln link symlink ditto scp ddrescue", Kind::WritesLast, "it writes files"),
    ("mv rename", Kind::Moves, "it moves files"),
    ("chmod chown chgrp", Kind::Permissions, "it changes permissions"),
    ("dd", Kind::Dd, "it copies bytes to a file or a device"),
    ("sed gsed perl ruby", Kind::InPlace, "it writes files"),
    ("rsync", Kind::Rsync, "it copies files and can delete or run others"),
    ("tar gtar bsdtar unzip 7z cpio zip gzip patch", Kind::Unpacks, "it writes files"),
];

const SETS_ID: &str = "it makes a program run with the rights of its owner";

/// What changing means for a call: an error refuses it, an answer asks about it.
pub(crate) fn judge(call: &Call<'_>) -> Option<Result<&'static str, String>> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(TABLE.iter().map(|(names, _, _)| *names)));
    let (_, kind, why) = TABLE.get(INDEX.find(call.name)?)?;
    let operands = operands(call.args());
    let places = |args: &[&Arg]| args.iter().map(|a| call.place(a)).collect::<Vec<Place>>();
    let refusal = match kind {
        Kind::Destroys => places(&operands).iter().find_map(protected::destroy),
        Kind::Writes => places(&operands).iter().find_map(protected::write),
        Kind::WritesLast
            if call.name == "install" && value_of(call.args(), 'm', "--m").is_some_and(|m| sets_id(&m.text)) =>
        {
            Some(SETS_ID.into())
        }
        Kind::WritesLast => last(call, &operands).and_then(|p| protected::write(&p)),
        Kind::Moves => {
            let sources = operands.split_last().map_or(&[][..], |(_, s)| s);
            let emptied = if target_option(call.args()).is_some() { &operands[..] } else { sources };
            places(emptied)
                .iter()
                .find_map(protected::destroy)
                .or_else(|| last(call, &operands).and_then(|p| protected::write(&p)))
        }
        Kind::Permissions => permissions(call, &operands),
        Kind::Dd => {
            call.args().iter().filter(|a| a.text.starts_with("of=")).map(|a| call.place(&a.tail(3))).find_map(|p| {
                match &p.open {
                    Some(open) if p.path() == "dev" => Some(format!("`/dev/{open}` may be a device")),
                    _ => protected::write(&p),
                }
            })
        }
        Kind::InPlace => {
            let in_place = call.args().iter().any(|a| {
                a.text.starts_with("-i")
                    || a.text.starts_with("--i")
                    || (a.text.starts_with('-') && !a.text.starts_with("--") && a.text.contains('i'))
            });
            if !in_place {
                return None;
            }
            places(&operands).iter().find_map(protected::write)
        }
        Kind::Rsync => {
            let deletes = call.args().iter().any(|a| a.text.starts_with("--del") || a.text == "--remove-source-files");
            let to = last(call, &operands);
            to.and_then(|p| if deletes { protected::destroy(&p) } else { protected::write(&p) })
        }
        Kind::Unpacks => {
            if super::read_only(call.name)
                .is_some_and(|p| matches!(&p.check, super::Check::Special(f) if f(call).is_ok()))
            {
                return None;
            }
            unpacks(call)
        }
    };
    Some(refusal.map_or(Ok(*why), Err))
}

fn operands(args: &[Arg]) -> Vec<&Arg> {
    let mut found = Vec::new();
    let mut only = false;
    for arg in args {
        if !only && arg.exact() == Some("--") {
            only = true;
        } else if only || !arg.text.starts_with('-') || arg.text == "-" {
            found.push(arg);
        }
    }
    found
}

/// The value of an option of `cp`, `install`, `ln` or `mv`, wherever its letter stands among those that take none.
fn value_of(args: &[Arg], letter: char, long: &str) -> Option<Arg> {
    args.iter().enumerate().find_map(|(i, arg)| {
        let next = || args.get(i + 1).cloned();
        if arg.text.starts_with(long) {
            return arg.text.find('=').map(|eq| arg.tail(eq + 1)).or_else(next);
        }
        let letters = arg.text.strip_prefix('-').filter(|rest| !rest.starts_with('-'))?;
        let (at, found) = letters.char_indices().find(|(_, c)| "tSmog".contains(*c))?;
        if found != letter {
            return None;
        }
        if at + 1 < letters.len() { Some(arg.tail(at + 2)) } else { next() }
    })
}

/// The value of `-t` or `--target-directory`.
fn target_option(args: &[Arg]) -> Option<Arg> {
    value_of(args, 't', "--t")
}

fn last(call: &Call<'_>, operands: &[&Arg]) -> Option<Place> {
    if let Some(target) = target_option(call.args()) {
        return Some(call.place(&target));
    }
    operands.last().map(|a| call.place(a))
}

fn permissions(call: &Call<'_>, operands: &[&Arg]) -> Option<String> {
    let recursive = call.args().iter().any(|a| {
        a.text.starts_with("--rec") || (a.text.starts_with('-') && !a.text.starts_with("--") && a.text.contains('R'))
    });
    // `chmod -w FILE` has its mode in what looks like an option.
    let minus =
        |a: &Arg| a.text.strip_prefix('-').is_some_and(|m| !m.is_empty() && m.bytes().all(|b| b"rwxXst".contains(&b)));
    let targets = operands.get(usize::from(!call.args().iter().any(minus))..).unwrap_or(&[]);
    if call.name == "chmod"
        && let Some(mode) = operands.first()
        && sets_id(&mode.text)
    {
        return Some(SETS_ID.into());
    }
    targets.iter().map(|a| call.place(a)).find_map(|p| {
        let all = recursive || (p.base == Base::Root && p.is_base());
        if all { protected::destroy(&p) } else { protected::write(&p) }
    })
}

fn sets_id(mode: &str) -> bool {
    if mode.bytes().all(|b| b.is_ascii_digit()) {
        return u32::from_str_radix(mode, 8).is_ok_and(|m| m & 0o6000 != 0);
    }
    mode.split(',').any(|clause| clause.contains('s') && (clause.contains('+') || clause.contains('=')))
}

/// The folder that an archive is unpacked into, which names inside it can't be seen.
fn unpacks(call: &Call<'_>) -> Option<String> {
    let args = call.args();
    let mut into = Vec::new();
    for (i, arg) in args.iter().enumerate() {
        match arg.exact() {
            Some("-C" | "-d" | "--directory") => into.extend(args.get(i + 1).cloned()),
            Some(t) if t.starts_with("--directory=") => into.push(arg.tail("--directory=".len())),
            _ => {}
        }
    }
    into.iter().map(|a| call.place(a)).find_map(|p| {
        if p.base == Base::Root && p.is_base() {
            Some("it unpacks over the whole machine".into())
        } else {
            protected::write(&p)
        }
    })
}
