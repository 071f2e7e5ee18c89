//! Options read as getopt_long reads them: clusters, values, abbreviations, `--`, and options behind operands.

use super::args::Arg;

/// The options of a program that keep it read-only, and those known to do more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Letters as in getopt: a colon behind a letter means that it takes a value, two that the value is there only when
    /// it is attached.
    pub short: &'static str,
    /// Names, separated by blanks; `=` behind a name means a value, `=?` one that only stands behind `=`.
    pub long: &'static str,
    /// Names that are refused. They are listed so that an abbreviation of them isn't taken for another option.
    pub refused: &'static str,
    pub style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Options may stand behind operands.
    Gnu,
    /// The first operand ends the options: all else belongs to it.
    Posix,
    /// As `Gnu`, and `-5` is a number.
    Number,
    /// As `Gnu`, of a program that takes the word behind an option for its value whatever it looks like.
    Literal,
}

/// An option with its value.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    pub name: Name,
    pub value: Option<Value<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Short(char),
    Long(&'static str),
}

#[derive(Debug)]
pub(crate) enum Value<'a> {
    Whole(&'a Arg),
    Tail(Arg),
}

impl Value<'_> {
    pub fn arg(&self) -> &Arg {
        match self {
            Self::Whole(arg) => arg,
            Self::Tail(arg) => arg,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Parsed<'a> {
    pub given: Vec<Given<'a>>,
    pub operands: Vec<&'a Arg>,
    /// The index of the first operand, for programs that run the rest.
    pub rest: usize,
}

impl<'a> Parsed<'a> {
    pub fn has(&self, short: char, long: &str) -> bool {
        self.value_of(short, long).is_some()
    }

    pub fn value_of(&self, short: char, long: &str) -> Option<Option<&Arg>> {
        let given = self.given.iter().find(|g| match g.name {
            Name::Short(c) => c == short,
            Name::Long(l) => l == long,
        })?;
        Some(given.value.as_ref().map(Value::arg))
    }

    /// The values that stand in the same word as their letter.
    pub fn attached(&self) -> impl Iterator<Item = (char, &Arg)> {
        self.given.iter().filter_map(|g| match (&g.name, &g.value) {
            (Name::Short(c), Some(Value::Tail(value))) => Some((*c, value)),
            _ => None,
        })
    }

    pub fn values<'s>(&'s self, short: char, long: &'s str) -> impl Iterator<Item = &'s Arg> + 's {
        self.given.iter().filter_map(move |g| {
            let same = match g.name {
                Name::Short(c) => c == short,
                Name::Long(l) => l == long,
            };
            if same { g.value.as_ref().map(Value::arg) } else { None }
        })
    }
}

/// Reads the options of a command, `args` being all words behind its name. An error says which word is the trouble.
pub(crate) fn parse<'a>(options: &Options, args: &'a [Arg]) -> Result<Parsed<'a>, String> {
    let mut parsed = Parsed::default();
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        i += 1;
        if !arg.may_be_option() || arg.exact() == Some("-") {
            if options.style == Style::Posix {
                parsed.rest = i - 1;
                parsed.operands.extend(args.iter().skip(i - 1));
                return Ok(parsed);
            }
            parsed.operands.push(arg);
            continue;
        }
        let Some(text) = arg.text.get(..arg.fixed).filter(|t| !t.is_empty()) else {
            return Err(format!("`{}` isn't known before the run and may become an option", arg.text));
        };
        if arg.exact() == Some("--") {
            parsed.rest = i;
            parsed.operands.extend(args.iter().skip(i));
            return Ok(parsed);
        }
        if let Some(long) = text.strip_prefix("--") {
            i = parse_long(options, &mut parsed, args, i, arg, long)?;
        } else if options.style == Style::Number && is_number(arg) {
            parsed.given.push(Given { name: Name::Short('0'), value: None });
        } else {
            i = parse_short(options, &mut parsed, args, i, arg)?;
        }
    }
    parsed.rest = args.len();
    Ok(parsed)
}

fn is_number(arg: &Arg) -> bool {
    arg.exact().is_some_and(|t| t.len() > 1 && t.bytes().skip(1).all(|b| b.is_ascii_digit()))
}

fn parse_long<'a>(
    options: &Options,
    parsed: &mut Parsed<'a>,
    args: &'a [Arg],
    mut next: usize,
    arg: &'a Arg,
    text: &str,
) -> Result<usize, String> {
    let equals = text.find('=');
    if equals.is_none() && !arg.is_literal() {
        return Err(format!("`{}` isn't known before the run and may be any option", arg.text));
    }
    let given = equals.and_then(|i| text.get(..i)).unwrap_or(text);
    let entry = find_long(options, given)?;
    let (name, takes) = match entry.strip_suffix("=?") {
        Some(name) => (name, Takes::Inline),
        None => match entry.strip_suffix('=') {
            Some(name) => (name, Takes::Value),
            None => (entry, Takes::Nothing),
        },
    };
    let value = match (takes, equals) {
        (Takes::Value | Takes::Inline, Some(i)) => Some(Value::Tail(arg.tail(2 + i + 1))),
        (Takes::Value, None) => {
            let Some(value) = args.get(next) else {
                return Err(format!("`{}` has no value", arg.text));
            };
            separate(options, value)?;
            next += 1;
            Some(Value::Whole(value))
        }
        (Takes::Nothing, Some(_)) => return Err(format!("`{}` takes no value", arg.text)),
        _ => None,
    };
    parsed.given.push(Given { name: Name::Long(name), value });
    Ok(next)
}

/// A word that is to be the value of the option before it.
fn separate(options: &Options, value: &Arg) -> Result<(), String> {
    if value.many() {
        return Err(format!("`{}` may become several words", value.text));
    }
    // Versions differ on which options take their value from the next word, and then it is an option itself.
    let number = value.exact().is_some_and(|t| t.as_bytes().get(1).is_some_and(u8::is_ascii_digit));
    if matches!(options.style, Style::Gnu | Style::Number)
        && value.exact().is_some_and(|t| t.starts_with('-') && t != "-")
        && !number
    {
        return Err(format!("`{}` stands where a value is expected and may be an option", value.text));
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    Inline,
    Value,
}

/// The entry that a name or its abbreviation stands for.
fn find_long(options: &Options, given: &str) -> Result<&'static str, String> {
    let bare = |entry: &'static str| entry.trim_end_matches('?').trim_end_matches('=');
    let mut abbreviated = None;
    for entry in options.long.split_ascii_whitespace() {
        if bare(entry) == given {
            return Ok(entry);
        }
        if !given.is_empty() && bare(entry).starts_with(given) {
            abbreviated = Some(entry);
        }
    }
    let refused = options.refused.split_ascii_whitespace().any(|entry| bare(entry).starts_with(given));
    match abbreviated {
        Some(entry) if !refused => Ok(entry),
        _ => Err(format!("`--{given}` isn't known to be read-only")),
    }
}

fn parse_short<'a>(
    options: &Options,
    parsed: &mut Parsed<'a>,
    args: &'a [Arg],
    mut next: usize,
    arg: &'a Arg,
) -> Result<usize, String> {
    let fixed = arg.text.get(1..arg.fixed).unwrap_or("");
    for (at, c) in fixed.char_indices() {
        let Some(takes) = find_short(options.short, c) else {
            return Err(format!("`-{c}` isn't known to be read-only"));
        };
        let from = 1 + at + c.len_utf8();
        if takes == Takes::Nothing || (takes == Takes::Inline && from >= arg.text.len()) {
            parsed.given.push(Given { name: Name::Short(c), value: None });
            continue;
        }
        let value = if from < arg.text.len() {
            if arg.many() {
                return Err(format!("`{}` may become several words", arg.text));
            }
            Value::Tail(arg.tail(from))
        } else {
            let Some(value) = args.get(next) else {
                return Err(format!("`{}` has no value", arg.text));
            };
            separate(options, value)?;
            next += 1;
            Value::Whole(value)
        };
        parsed.given.push(Given { name: Name::Short(c), value: Some(value) });
        return Ok(next);
    }
    if !arg.is_literal() {
        return Err(format!("`{}` isn't known before the run and may be any option", arg.text));
    }
    Ok(next)
}

fn find_short(short: &str, c: char) -> Option<Takes> {
    if c == ':' || !c.is_ascii() {
        return None;
    }
    let at = short.find(c)?;
    let colons = short.bytes().skip(at + 1).take_while(|b| *b == b':').count();
    Some(match colons {
        0 => Takes::Nothing,
        1 => Takes::Value,
        _ => Takes::Inline,
    })
}
