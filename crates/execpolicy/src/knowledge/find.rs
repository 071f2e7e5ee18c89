//! find: an expression language where some words run, write or delete.

use crate::judge::{Arg, Call};

/// Words that take one value and only test or print.
const VALUED: &str = "-name -iname -path -ipath -wholename -iwholename -regex -iregex -type -xtype -size -mtime -mmin -atime -amin -ctime -cmin -newer -anewer -cnewer -newermt -newerat -newerct -newermm -user -group -uid -gid -perm -links -inum -samefile -fstype -used -lname -ilname -context -maxdepth -mindepth -regextype -printf";
/// Words that stand alone.
const PLAIN: &str = "-empty -readable -writable -executable -true -false -nouser -nogroup -print -print0 -ls -prune -quit -not -a -and -o -or -depth -d -xdev -mount -follow -daystart -warn -nowarn -noleaf -ignore_readdir_race -noignore_readdir_race -H -L -P -E -X -s -x -help --help -version --version";
/// Words that run a command.
pub(crate) const RUNS: &str = "-exec -execdir -ok -okdir";

pub(crate) fn check(call: &Call<'_>) -> Result<(), String> {
    let args = call.args();
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        i += 1;
        if !arg.may_be_option() && (arg.is_literal() || arg.fixed > 0) {
            continue;
        }
        let Some(text) = arg.exact() else {
            return Err(format!("`{}` isn't known before the run and may become an action", arg.text));
        };
        if super::listed(VALUED, text) {
            if let Some(value) = args.get(i)
                && value.many()
            {
                return Err(format!("`{}` may become several words", value.text));
            }
            i += 1;
        } else if !super::listed(PLAIN, text) && text.strip_prefix("-O").is_none_or(|n| n.len() != 1) {
            return Err(match text {
                "-delete" => "`-delete` deletes files".into(),
                _ if super::listed(RUNS, text) => format!("`{text}` runs a command"),
                _ => format!("`{text}` isn't known to be read-only"),
            });
        }
    }
    Ok(())
}

/// The starting points of a search.
pub(crate) fn starts(args: &[Arg]) -> impl Iterator<Item = &Arg> {
    args.iter()
        .skip_while(|a| a.exact().is_some_and(|t| matches!(t, "-H" | "-L" | "-P") || t.starts_with("-O")))
        .take_while(|a| !a.text.starts_with(['-', '(', '!']))
}

/// The commands behind `-exec` and its like, `{}` replaced by the starting points.
pub(crate) fn commands(args: &[Arg]) -> Vec<Vec<Arg>> {
    let starts: Vec<&Arg> = starts(args).collect();
    let mut found = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if !word.exact().is_some_and(|t| super::listed(RUNS, t)) {
            continue;
        }
        let mut command = Vec::new();
        for word in words.by_ref() {
            match word.exact() {
                Some(";" | "+") => break,
                Some(text) if text.contains("{}") && !command.is_empty() => {
                    if text == "{}" {
                        command.extend(starts.iter().take(4).map(|s| (*s).clone()));
                    }
                    command.push(Arg::supplied_path());
                }
                _ => command.push(word.clone()),
            }
        }
        if !command.is_empty() {
            found.push(command);
        }
    }
    found
}
