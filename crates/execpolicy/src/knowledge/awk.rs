//! awk: `system`, pipes, `getline` and redirections of `print` do more than print.

use crate::judge::{Call, Options, Style};

const OPTIONS: Options = Options {
    short: "F:v:",
    long: "field-separator= assign= version help posix traditional re-interval sandbox",
    refused: "file= include= load= exec= source= dump-variables=? pretty-print=? debug=? profile=? lint=?",
    style: Style::Posix,
};

pub(crate) fn check(call: &Call<'_>) -> Result<(), String> {
    let parsed = call.options(&OPTIONS)?;
    let Some(program) = parsed.operands.first() else {
        return Ok(());
    };
    let Some(text) = program.exact() else {
        return Err(format!("its program `{}` isn't known before the run", program.text));
    };
    // A file of this name is a connection.
    if let Some(file) = parsed.operands.iter().find(|o| o.text.starts_with("/inet")) {
        return Err(format!("`{}` connects to the network", file.text));
    }
    judge(text)
}

#[derive(PartialEq, Clone, Copy)]
enum Before {
    /// A slash here begins a regular expression.
    Operator,
    /// A slash here divides.
    Value,
    /// A slash here could be either.
    Unclear,
}

/// Words behind which a value follows, so that a slash may begin an expression.
const KEYWORDS: &[&str] = &[
    "print", "printf", "length", "return", "in", "do", "else", "case", "delete", "exit", "while", "if", "for", "func",
    "function",
];

fn judge(text: &str) -> Result<(), String> {
    let mut chars = text.chars().peekable();
    let mut before = Before::Operator;
    let (mut printing, mut print_depth) = (false, 0usize);
    // For each open bracket, whether a statement follows where it closes, as it does behind `if (…)`.
    let mut open: Vec<bool> = Vec::new();
    let (mut heads, mut goes_on) = (false, false);
    while let Some(c) = chars.next() {
        let (head, continued) = (std::mem::take(&mut heads), std::mem::take(&mut goes_on));
        match c {
            '"' => {
                until(&mut chars, '"')?;
                before = Before::Value;
            }
            '/' => match before {
                Before::Operator => {
                    until(&mut chars, '/')?;
                    before = Before::Value;
                }
                Before::Value => before = Before::Operator,
                Before::Unclear => return Err("a slash of its program isn't understood".into()),
            },
            '#' => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                goes_on = continued;
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                match word.as_str() {
                    "system" => return Err("its program runs a command".into()),
                    "getline" => return Err("its program reads files of its own choice".into()),
                    "ENVIRON" | "PROCINFO" => return Err("environments hold secrets".into()),
                    "extension" => return Err("its program loads code".into()),
                    "ARGV" | "SYMTAB" => return Err("its program chooses the files that it reads".into()),
                    "print" | "printf" => (printing, print_depth) = (true, open.len()),
                    "if" | "while" | "for" | "switch" => heads = true,
                    _ => {}
                }
                before = if KEYWORDS.contains(&word.as_str()) { Before::Unclear } else { Before::Value };
            }
            '0'..='9' | '.' | '$' => before = if c == '$' { Before::Operator } else { Before::Value },
            '(' | '[' => {
                open.push(c == '(' && head);
                before = Before::Operator;
            }
            ')' | ']' => {
                before = if open.pop() == Some(true) { Before::Unclear } else { Before::Value };
            }
            '>' if printing && open.len() <= print_depth => {
                if !shown(&mut chars) {
                    return Err("its program writes a file".into());
                }
                before = Before::Value;
            }
            '|' => {
                if chars.next_if_eq(&'|').is_none() {
                    return Err("its program runs a command".into());
                }
                goes_on = true;
                before = Before::Operator;
            }
            '@' => return Err("its program loads code".into()),
            '+' | '-' => {
                let twice = chars.next_if_eq(&c).is_some();
                before = if twice { Before::Unclear } else { Before::Operator };
            }
            // A statement goes on behind a line that ends in a comma or an operator.
            '\n' if continued => goes_on = true,
            ';' | '\n' | '{' | '}' => {
                printing = false;
                before = Before::Operator;
            }
            ' ' | '\t' => (heads, goes_on) = (head, continued),
            '\\' => {
                // A continued line; anywhere else a backslash has no place.
                if chars.next() != Some('\n') {
                    return Err("its program isn't understood".into());
                }
                (heads, goes_on) = (head, continued);
            }
            c if c.is_ascii() => {
                goes_on = matches!(c, ',' | '&' | '?' | ':');
                before = Before::Operator;
            }
            _ => return Err("its program isn't understood".into()),
        }
    }
    Ok(())
}

/// Whether what follows a `>` is one of the standard outputs.
fn shown(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    let target: String = if chars.next_if_eq(&'"').is_some() {
        std::iter::from_fn(|| chars.next_if(|c| *c != '"' && *c != '\\' && *c != '\n')).collect()
    } else {
        return false;
    };
    // A string right behind would be joined to it.
    if !matches!(target.as_str(), "/dev/stderr" | "/dev/stdout") || chars.next_if_eq(&'"').is_none() {
        return false;
    }
    while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    chars.peek().is_none_or(|c| matches!(c, ';' | '\n' | '}'))
}

fn until(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, end: char) -> Result<(), String> {
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            // Versions differ on delimiters in brackets, and no literal holds a newline.
            '[' if end == '/' => {
                let mut first = true;
                loop {
                    match chars.next() {
                        Some(']') if !first => break,
                        Some('^') if first => {}
                        // `[:alpha:]` in brackets doesn't end them.
                        Some('[') if matches!(chars.peek(), Some(':' | '.' | '=')) => {
                            first = false;
                            class(chars)?;
                        }
                        Some('\\') => {
                            chars.next();
                            first = false;
                        }
                        Some('/' | '\n') | None => {
                            return Err("brackets of its program aren't understood".into());
                        }
                        Some(_) => first = false,
                    }
                }
            }
            '\n' => return Err("its program isn't understood".into()),
            c if c == end => return Ok(()),
            _ => {}
        }
    }
    Err("its program isn't understood".into())
}

/// The rest of `[:name:]`.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<(), String> {
    let kind = chars.next();
    while chars.next_if(char::is_ascii_alphabetic).is_some() {}
    if chars.next() == kind && chars.next() == Some(']') {
        return Ok(());
    }
    Err("brackets of its program aren't understood".into())
}
