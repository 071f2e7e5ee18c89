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

const KEYWORDS: &[&str] = &[
    "print", "printf", "return", "in", "do", "else", "case", "delete", "exit", "while", "if", "for", "func", "function",
];

fn judge(text: &str) -> Result<(), String> {
    let mut chars = text.chars().peekable();
    let mut before = Before::Operator;
    let (mut printing, mut depth, mut print_depth) = (false, 0usize, 0usize);
    while let Some(c) = chars.next() {
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
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
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
                    "print" | "printf" => (printing, print_depth) = (true, depth),
                    _ => {}
                }
                before = if KEYWORDS.contains(&word.as_str()) { Before::Unclear } else { Before::Value };
            }
            '0'..='9' | '.' | '$' => before = if c == '$' { Before::Operator } else { Before::Value },
            '(' | '[' => {
                depth += 1;
                before = Before::Operator;
            }
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                before = Before::Value;
            }
            '>' if printing && depth <= print_depth => {
                return Err("its program writes a file".into());
            }
            '|' => {
                if chars.next_if_eq(&'|').is_none() {
                    return Err("its program runs a command".into());
                }
                before = Before::Operator;
            }
            '@' => return Err("its program loads code".into()),
            '+' | '-' => {
                let twice = chars.next_if_eq(&c).is_some();
                before = if twice { Before::Unclear } else { Before::Operator };
            }
            ';' | '\n' | '{' | '}' => {
                printing = false;
                before = Before::Operator;
            }
            ' ' | '\t' => {}
            '\\' => {
                // A continued line; anywhere else a backslash has no place.
                if chars.next() != Some('\n') {
                    return Err("its program isn't understood".into());
                }
            }
            c if c.is_ascii() => before = Before::Operator,
            _ => return Err("its program isn't understood".into()),
        }
    }
    Ok(())
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
