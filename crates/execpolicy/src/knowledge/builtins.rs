//! What the shell does itself. Several builtins evaluate a word as code when it looks like an array element.

use super::{Check, Operands, Program};
use crate::judge::{Arg, Call, Options, Style};
use crate::shell::is_name;

pub(crate) static PROGRAMS: &[Program] = &[
    Program { names: "echo", reason: "it prints its words", check: Check::Anything },
    Program { names: ": pwd times dirs", reason: "it changes nothing outside of the shell", check: Check::Anything },
    Program {
        names: "break continue return exit shift",
        reason: "it changes nothing outside of the shell",
        // In bash the word is a number and never code; elsewhere it is arithmetic, which sets variables.
        check: Check::Special(|call| match call.args().iter().find(|a| a.exact().is_some_and(|t| !is_number(t))) {
            Some(a) => Err(format!("`{}` is no number", a.text)),
            None => Ok(()),
        }),
    },
    Program {
        names: "jobs",
        reason: "it lists jobs",
        // `-x` runs the words behind it.
        check: Check::Options(Options { short: "lnprs", long: "", refused: "", style: Style::Posix }, Operands::Any),
    },
    Program {
        names: "wait",
        reason: "it waits",
        // `-p` evaluates the name of its variable.
        check: Check::Options(Options { short: "nf", long: "", refused: "", style: Style::Posix }, Operands::Any),
    },
    Program { names: "help", reason: "it explains what the shell does itself", check: Check::Anything },
    Program { names: "printf", reason: "it prints its words", check: Check::Special(printf) },
    Program { names: "test [", reason: "it only tests", check: Check::Special(test) },
    Program { names: "type", reason: "it prints where a program is", check: Check::Anything },
    Program {
        names: "which",
        reason: "it prints where a program is",
        check: Check::Options(
            Options { short: "as", long: "all version help", refused: "", style: Style::Gnu },
            Operands::Any,
        ),
    },
    Program { names: "read", reason: "it reads its input into a variable", check: Check::Special(read) },
    Program { names: "set", reason: "it sets flags of the shell", check: Check::Special(set) },
    Program { names: "cd pushd popd", reason: "it changes the folder of the line", check: Check::Special(cd) },
    Program {
        names: "umask ulimit",
        reason: "it prints a limit",
        check: Check::Special(|call| match call.args() {
            [] => Ok(()),
            // A letter without a value asks.
            [one]
                if one.exact().is_some_and(|t| {
                    let letters = t.strip_prefix('-').unwrap_or("");
                    (1..=2).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_alphabetic())
                }) =>
            {
                Ok(())
            }
            _ => Err("it changes a limit".into()),
        }),
    },
    Program {
        names: "printenv",
        reason: "it prints a variable that holds no secret",
        check: Check::Special(|call| {
            const PUBLIC: &str = "HOME PATH PWD USER LOGNAME SHELL LANG TERM TZ EDITOR PAGER HOSTNAME LC_ALL TMPDIR DISPLAY OLDPWD SHLVL";
            if !call.args().is_empty()
                && call.args().iter().all(|a| a.exact().is_some_and(|t| super::listed(PUBLIC, t)))
            {
                return Ok(());
            }
            Err("environments hold secrets".into())
        }),
    },
    Program {
        names: "kill",
        reason: "it lists signals, or asks whether a process is there",
        check: Check::Special(|call| match call.args().first().and_then(|a| a.exact()) {
            Some("-l" | "-L") => Ok(()),
            Some("-0") if call.args().iter().skip(1).all(|a| !a.may_be_option()) => Ok(()),
            _ => Err("it signals processes".into()),
        }),
    },
];

fn printf(call: &Call<'_>) -> Result<(), String> {
    let args = call.args();
    let Some(first) = args.first() else {
        return Ok(());
    };
    if first.may_be_option() && first.exact() != Some("--") && !first.exact().is_some_and(|t| t.starts_with("--")) {
        return Err("`-v` evaluates the name of its variable".into());
    }
    let mut words = args.iter().skip(usize::from(first.exact() == Some("--")));
    let format = words.next().and_then(Arg::known);
    if format.map_or_else(|| words.clone().any(may_name), counts) {
        return Err("`%n` sets a variable".into());
    }
    // In zsh a number is arithmetic, which sets variables.
    let may_set = |t: &str| t.contains('=') || t.contains("++") || t.contains("--");
    let numbers = format.is_none_or(|f| f.replace("%s", "").contains('%'));
    if numbers && words.any(|w| w.exact().is_some_and(may_set)) {
        return Err("a number may be arithmetic".into());
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Whether a format has a conversion `%n`, which sets the variable that a word names to the number of characters before it.
fn counts(format: &str) -> bool {
    let mut rest = format;
    while let Some((_, behind)) = rest.split_once('%') {
        let conversion = behind.trim_start_matches(|c: char| c.is_ascii_digit() || " #$'+-.*hjlLqtz".contains(c));
        if conversion.starts_with('n') {
            return true;
        }
        rest = conversion.strip_prefix('%').unwrap_or(conversion);
    }
    false
}

/// Whether a word that is printed may be the name of a variable that decides what runs.
fn may_name(word: &Arg) -> bool {
    word.exact().is_none_or(|t| super::environment::injects(t) || t.contains('['))
}

fn test(call: &Call<'_>) -> Result<(), String> {
    for arg in call.args() {
        if arg.many() {
            return Err(format!("`{}` may become several words, which change what is tested", arg.text));
        }
        if arg.exact().is_some_and(|t| matches!(t, "-v" | "-R")) {
            return Err("`-v` evaluates the name of its variable".into());
        }
    }
    // A quoted expansion is `-v` only where an operator can stand: at the beginning of a term, in front of its operand.
    const BINARY: &str = "= == != < > -eq -ne -lt -le -gt -ge -nt -ot -ef -a -o";
    let closing = usize::from(call.name == "[");
    let args = call.args();
    let args = args.get(..args.len().saturating_sub(closing)).unwrap_or(&[]);
    for (i, arg) in args.iter().enumerate() {
        let begins = i
            .checked_sub(1)
            .and_then(|p| args.get(p))
            .is_none_or(|p| p.exact().is_none_or(|t| matches!(t, "!" | "(" | "-a" | "-o")));
        let followed =
            args.get(i + 1).is_some_and(|next| !next.exact().is_some_and(|t| super::listed(BINARY, t) || t == ")"));
        if begins && followed && !arg.is_literal() && arg.fixed == 0 {
            return Err("the operator of a test isn't known before the run".into());
        }
    }
    Ok(())
}

fn read(call: &Call<'_>) -> Result<(), String> {
    let parsed = call.options(&Options { short: "rsd:n:N:p:t:", long: "", refused: "", style: Style::Posix })?;
    let mut numbers = ['t', 'n', 'N'].into_iter().flat_map(|letter| parsed.values(letter, "-"));
    if let Some(value) = numbers.find(|v| v.exact().is_some_and(|t| !is_number(t))) {
        return Err(format!("`{}` is no number", value.text));
    }
    match parsed.operands.iter().find(|o| !o.exact().is_some_and(|t| is_name(t) && !super::environment::injects(t))) {
        Some(o) => Err(format!("`{}` isn't a plain variable", o.text)),
        None => Ok(()),
    }
}

fn set(call: &Call<'_>) -> Result<(), String> {
    const OPTIONS: &str = "errexit errtrace nounset noglob pipefail noclobber noexec posix verbose";
    if call.args().is_empty() {
        return Err("variables hold secrets".into());
    }
    let mut name_follows = false;
    for arg in call.args() {
        let Some(text) = arg.exact() else {
            return Err(format!("`{}` isn't known before the run", arg.text));
        };
        if std::mem::take(&mut name_follows) {
            if !super::listed(OPTIONS, text) {
                return Err(format!("the shell option `{text}` isn't known to be harmless"));
            }
            continue;
        }
        let letters = text.strip_prefix(['-', '+']).unwrap_or("?");
        if !letters.chars().all(|c| "eufnEvo".contains(c)) || letters.is_empty() {
            return Err(format!("`{text}` isn't known to be harmless"));
        }
        name_follows = letters.ends_with('o');
    }
    if name_follows { Err("variables hold secrets".into()) } else { Ok(()) }
}

fn cd(call: &Call<'_>) -> Result<(), String> {
    for arg in call.args() {
        match arg.known() {
            Some("-" | "--") => {}
            Some(t) if t.starts_with('-') && t.len() == 2 => {}
            Some(_) => {}
            None => {
                return Err(format!("`{}` leads to a folder that isn't known before the run", arg.text));
            }
        }
    }
    Ok(())
}
