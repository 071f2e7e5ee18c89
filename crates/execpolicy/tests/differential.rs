//! The parser against bash itself and against brush-parser: whatever they would run, it has seen.
//!
//! `bash --pretty-print` prints a script as bash parsed it and runs nothing, so both forms must come apart into the same
//! commands. Words are compared by what `printf` of bash receives, on words that can run nothing.

#![allow(clippy::expect_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use brush_parser::ast;
use codex_execpolicy::{CheckContext, Explanation};

/// A small generator, so that a failure comes back with every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % n.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

fn corpus() -> Vec<String> {
    let rows = include_str!("data/policy-corpus.jsonl").lines();
    let rows = rows.map(|l| serde_json::from_str::<serde_json::Value>(l).expect("a row"));
    rows.filter(|r| r.get("shell").is_none()).map(|r| r["cmd"].as_str().expect("a line").to_owned()).collect()
}

/// Lines of the corpus with pieces removed, added, swapped and joined.
fn mutants(seed: u64, count: usize) -> Vec<String> {
    const PIECES: &[&str] = &[
        "'",
        "\"",
        "\\",
        "$",
        "`",
        "$(",
        ")",
        "(",
        "{",
        "}",
        ";",
        "&",
        "&&",
        "|",
        "||",
        "\n",
        " ",
        "#",
        "<",
        ">",
        "<<",
        "<<E",
        "\nE\n",
        "E",
        "<<<",
        "$'",
        "${",
        "${x:-",
        "}",
        "~",
        "*",
        "!",
        "if ",
        "then ",
        "fi",
        "do ",
        "done",
        "case x in ",
        "esac",
        ";;",
        "[[ ",
        " ]]",
        "a=",
        "=",
        "\\\n",
        "{a,b}",
        "x",
        "rm x",
        "\t",
        ">&",
        "2>",
        "|&",
        "in ",
        "for x in ",
        "while ",
        "time ",
        "function f",
        "f()",
        "<(",
        ">(",
        "$((",
        "))",
        "@",
        "[",
        "]",
        "echo ",
        "-",
        "--",
    ];
    let (lines, mut random) = (corpus(), Random(seed));
    (0..count)
        .map(|_| {
            let mut text: Vec<char> = lines[random.below(lines.len())].chars().take(300).collect();
            for _ in 0..=random.below(4) {
                let at = random.below(text.len() + 1);
                match random.below(4) {
                    0 if !text.is_empty() => {
                        text.remove(at.min(text.len() - 1));
                    }
                    1 => {
                        let other: Vec<char> = lines[random.below(lines.len())].chars().take(100).collect();
                        let glue: Vec<char> = random.pick(PIECES).chars().collect();
                        text.extend(glue.into_iter().chain(other));
                    }
                    _ => {
                        let piece: Vec<char> = random.pick(PIECES).chars().collect();
                        text.splice(at..at, piece);
                    }
                }
            }
            text.into_iter().collect::<String>().replace('\0', "")
        })
        .collect()
}

fn explain(line: &str) -> Explanation {
    common::builtin().explain_line(line, &CheckContext::default())
}

/// The commands of a line with how often each occurs; nothing when the parser refused a part.
fn commands(line: &str) -> Option<BTreeMap<Vec<String>, usize>> {
    let findings = explain(line).findings;
    if findings.iter().any(|f| f.reason.starts_with("not understood")) {
        return None;
    }
    let mut all = BTreeMap::new();
    for finding in findings.into_iter().filter(|f| !f.argv.is_empty() && f.rule != "builtin:redirection") {
        *all.entry(finding.argv).or_default() += 1;
    }
    Some(all)
}

/// The script as bash parsed it, or nothing when bash refuses it.
fn pretty(script: &str) -> Option<String> {
    let mut file = tempfile::NamedTempFile::new().expect("a file for the script");
    file.write_all(script.as_bytes()).expect("the script is written");
    let output = Command::new("bash")
        .arg("--pretty-print")
        .arg(file.path())
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("bash 5 is needed for this test");
    (output.status.success() && output.stderr.is_empty()).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The same commands with a test of a word alone spelled out: in `[[ ]]` it means `-n`, and bash prints it so.
fn spelled_out(commands: BTreeMap<Vec<String>, usize>) -> BTreeMap<Vec<String>, usize> {
    let mut all = BTreeMap::new();
    for (mut argv, count) in commands {
        if matches!(&argv[..], [operator, _] if operator == "-n") {
            argv.remove(0);
        }
        *all.entry(argv).or_default() += count;
    }
    all
}

fn same_as_bash(script: &str) -> Result<bool, String> {
    let Some(ours) = commands(script).map(spelled_out) else {
        return Ok(false);
    };
    let Some(printed) = pretty(script) else {
        return Ok(false);
    };
    match commands(&printed).map(spelled_out) {
        Some(theirs) if theirs == ours => Ok(true),
        // bash prints some things in a form that is refused, which tells nothing.
        None => Ok(false),
        // It also drops the separator behind the body of a here-document; brush-parser judges those scripts.
        Some(_) if script.contains("<<") => Ok(false),
        Some(theirs) => {
            let only = |a: &BTreeMap<Vec<String>, usize>, b: &BTreeMap<Vec<String>, usize>| {
                a.iter().filter(|(k, v)| b.get(*k) != Some(v)).map(|(k, v)| format!("{v} {k:?}")).collect::<Vec<_>>()
            };
            Err(format!(
                "{:?}\n  only seen: {:?}\n  only in bash: {:?}",
                script.chars().take(400).collect::<String>(),
                only(&ours, &theirs),
                only(&theirs, &ours)
            ))
        }
    }
}

#[test]
fn lines_and_mutants_come_apart_as_in_bash() {
    let mut lines = corpus();
    let fixed = lines.len();
    lines.extend(mutants(0x9E37_79B9_7F4A_7C15, 900));
    let (mut compared, mut failures) = (0, Vec::new());
    for (i, line) in lines.iter().enumerate() {
        match same_as_bash(line) {
            Ok(yes) => compared += usize::from(yes),
            Err(failure) => failures.push(failure),
        }
        assert!(i + 1 != fixed || compared > fixed / 2, "only {compared} of {fixed} lines could be compared");
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn words_arrive_as_in_bash() {
    const PIECES: &[&str] = &[
        "'", "'", "\"", "\"", "\\", "$'", "a", "b", " ", "{", "}", ",", "x=", "~", "..", "1", "\\n", "\\x41", "\\101",
        "$", "!", "#", "=", ":", "%", "\t", "é", "[", "]", "@", "^", "+", "-",
    ];
    let mut random = Random(0xDEAD_BEEF_CAFE);
    let words: Vec<String> =
        (0..4000).map(|_| (0..1 + random.below(9)).map(|_| random.pick(PIECES)).collect()).collect();
    let script = r#"cd "$1" || exit; shift; for c in "$@"; do (eval "printf '%s\\0' . $c" 2>/dev/null || printf '\2'); printf '\1'; done"#;
    let empty = tempfile::tempdir().expect("an empty folder");
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "-"])
        .arg(empty.path())
        .args(&words)
        .env_clear()
        .env("HOME", "/HOME")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("bash 5 is needed for this test");
    let results: Vec<&[u8]> = output.stdout.split(|b| *b == 1).collect();
    let (mut compared, mut failures) = (0, Vec::new());
    for (word, result) in words.iter().zip(results) {
        if result.contains(&2) || result.is_empty() {
            continue;
        }
        let line = format!("printf . {word}");
        let Some(ours) = commands(&line) else {
            continue;
        };
        let [(argv, 1)] = ours.iter().collect::<Vec<_>>()[..] else {
            failures.push(format!("{line:?} is {ours:?}"));
            continue;
        };
        if argv.iter().any(|w| w.contains(['$', '*', '?', '[', '~']) || w.contains("…")) {
            continue;
        }
        let theirs: Vec<String> = result.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let theirs = &theirs[..theirs.len() - 1];
        compared += 1;
        if argv[1..] != *theirs {
            failures.push(format!("{line:?}: {:?}, in bash {theirs:?}", &argv[1..]));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
    assert!(compared > 500, "only {compared} words could be compared");
}

#[test]
fn scripts_of_the_system_come_apart_as_in_bash_and_brush() {
    let mut scripts = Vec::new();
    let mut folders: Vec<std::path::PathBuf> =
        ["/etc", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share", "/usr/local"].map(Into::into).into();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.metadata().is_ok_and(|m| m.len() < 60_000) {
                let named = entry.path().extension().is_some_and(|e| e == "sh" || e == "bash");
                let mut head = [0; 32];
                let read = std::fs::File::open(entry.path())
                    .and_then(|mut f| std::io::Read::read(&mut f, &mut head))
                    .unwrap_or(0);
                let first = String::from_utf8_lossy(&head[..read]);
                if named
                    || (first.starts_with("#!")
                        && first.lines().next().is_some_and(|l| l.contains("sh") && !l.contains("fish")))
                {
                    scripts.push(entry.path());
                }
            }
        }
    }
    scripts.sort();
    let step = scripts.len().div_ceil(1000).max(1);
    let (mut tried, mut compared, mut failures) = (0, 0, Vec::new());
    for path in scripts.iter().step_by(step) {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        tried += 1;
        match same_as_bash(&text) {
            Ok(yes) => compared += usize::from(yes),
            Err(failure) => failures.push(format!("{}: {failure}", path.display())),
        }
        if let Err(failure) = sees_what_brush_sees(&text) {
            failures.push(format!("{}: {failure}", path.display()));
        }
        // A script that is refused as a whole still has parts.
        for part in text.split("\n\n").filter(|p| p.len() > 20).take(20) {
            if let Err(failure) = sees_what_brush_sees(part) {
                failures.push(format!("{}: {failure}", path.display()));
            }
        }
    }
    println!("{compared} of {tried} scripts compared whole");
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_brush_sees_is_seen() {
    let mut lines = corpus();
    lines.extend(mutants(0x5151_5151_1234_5678, 4000));
    let failures: Vec<String> = lines.iter().filter_map(|l| sees_what_brush_sees(l).err()).collect();
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

/// Every command name that brush-parser finds, unless the line is refused by either.
fn sees_what_brush_sees(text: &str) -> Result<(), String> {
    let Some(ours) = commands(text) else {
        return Ok(());
    };
    let options = brush_parser::ParserOptions::default();
    let Ok(program) = brush_parser::Parser::new(std::io::Cursor::new(text), &options).parse_program() else {
        return Ok(());
    };
    let mut names = Vec::new();
    for list in &program.complete_commands {
        names_of(list, &mut names);
    }
    for name in names {
        if !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/' | b'.'))
            && !ours.keys().any(|argv| argv[0] == name)
        {
            // bash joins `cat<(…)` to one word, brush-parser doesn't.
            if ours
                .keys()
                .any(|argv| argv[0].starts_with(&format!("{name}<(")) || argv[0].starts_with(&format!("{name}>(")))
            {
                continue;
            }
            return Err(format!("`{name}` of {text:?} isn't seen: {ours:?}"));
        }
    }
    Ok(())
}

fn names_of(list: &ast::CompoundList, names: &mut Vec<String>) {
    for ast::CompoundListItem(and_or, _) in &list.0 {
        let others = and_or.additional.iter().map(|a| match a {
            ast::AndOr::And(p) | ast::AndOr::Or(p) => p,
        });
        for pipeline in std::iter::once(&and_or.first).chain(others) {
            for command in &pipeline.seq {
                match command {
                    ast::Command::Simple(simple) => names.extend(simple.word_or_name.as_ref().map(|w| w.value.clone())),
                    ast::Command::Compound(compound, _) => compound_names(compound, names),
                    ast::Command::Function(function) => compound_names(&function.body.0, names),
                    _ => {}
                }
            }
        }
    }
}

fn compound_names(compound: &ast::CompoundCommand, names: &mut Vec<String>) {
    match compound {
        ast::CompoundCommand::BraceGroup(group) => names_of(&group.list, names),
        ast::CompoundCommand::Subshell(shell) => names_of(&shell.list, names),
        ast::CompoundCommand::ForClause(clause) => names_of(&clause.body.list, names),
        ast::CompoundCommand::CaseClause(clause) => {
            clause.cases.iter().filter_map(|c| c.cmd.as_ref()).for_each(|l| names_of(l, names))
        }
        ast::CompoundCommand::IfClause(clause) => {
            names_of(&clause.condition, names);
            names_of(&clause.then, names);
            for other in clause.elses.iter().flatten() {
                other.condition.iter().for_each(|l| names_of(l, names));
                names_of(&other.body, names);
            }
        }
        ast::CompoundCommand::WhileClause(clause) | ast::CompoundCommand::UntilClause(clause) => {
            names_of(&clause.0, names);
            names_of(&clause.1.list, names);
        }
        _ => {}
    }
}
