//! A reader of profiles, and a judge that answers as Seatbelt would.
//!
//! Where several rules fit, it isn't written anywhere whether the last one decides or one that names the operation itself: the
//! judge allows only what both ways of reading allow.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use regex::Regex;

/// What a profile is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    List(Vec<Expression>),
    Symbol(String),
    Text(String),
    Pattern(String),
}

/// What is tried.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub operation: &'a str,
    /// A path, or the name of a service or value, or `remote:` and an address.
    pub object: &'a str,
    /// What lies there, or is to be made.
    pub kind: &'a str,
}

struct Rule {
    allow: bool,
    operations: Vec<String>,
    filters: Vec<Expression>,
}

pub struct Judge {
    rules: Vec<Rule>,
    values: BTreeMap<String, String>,
    regexes: BTreeMap<String, Regex>,
}

/// Reads a text; panics where it isn't one.
pub fn read(text: &str) -> Vec<Expression> {
    let mut rest = text.chars().peekable();
    let mut open = vec![Vec::new()];
    while let Some(character) = rest.next() {
        let expression = match character {
            ';' => {
                while rest.next_if(|&next| next != '\n').is_some() {}
                continue;
            }
            _ if character.is_whitespace() => continue,
            '(' => {
                open.push(Vec::new());
                continue;
            }
            ')' => {
                let list = open.pop().unwrap();
                assert!(!open.is_empty(), "one ) too many");
                Expression::List(list)
            }
            '"' => Expression::Text(until_quote(&mut rest)),
            '#' => {
                assert_eq!(rest.next(), Some('"'));
                Expression::Pattern(until_quote(&mut rest))
            }
            first => {
                let mut symbol = String::from(first);
                while let Some(next) = rest.next_if(|next| !next.is_whitespace() && !"();\"".contains(*next)) {
                    symbol.push(next);
                }
                Expression::Symbol(symbol)
            }
        };
        open.last_mut().unwrap().push(expression);
    }
    assert_eq!(open.len(), 1, "a ) is missing");
    open.pop().unwrap()
}

fn until_quote(rest: &mut impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    loop {
        match rest.next().expect("a text ends") {
            '"' => return text,
            character => {
                assert_ne!(character, '\\', "texts of a profile need no escapes");
                text.push(character);
            }
        }
    }
}

impl Expression {
    pub fn list(&self) -> &[Expression] {
        match self {
            Self::List(list) => list,
            other => panic!("{other:?} is no list"),
        }
    }

    pub fn symbol(&self) -> &str {
        match self {
            Self::Symbol(symbol) => symbol,
            other => panic!("{other:?} is no symbol"),
        }
    }

    /// The names of the parameters in it.
    pub fn parameters(&self, into: &mut BTreeSet<String>) {
        if let Self::List(list) = self {
            if let [Self::Symbol(symbol), Self::Text(name)] = list.as_slice()
                && symbol == "param"
            {
                into.insert(name.clone());
            }
            list.iter().for_each(|inner| inner.parameters(into));
        }
    }
}

impl Judge {
    pub fn new(text: &str, values: &[(String, OsString)]) -> Self {
        let values: BTreeMap<_, _> =
            values.iter().map(|(name, value)| (name.clone(), value.to_str().unwrap().to_owned())).collect();
        let rules = read(text).iter().filter_map(rule).collect();
        let mut judge = Self { rules, values, regexes: BTreeMap::new() };
        for value in judge.values.values().filter(|value| value.starts_with('^')) {
            let regex = Regex::new(value).unwrap_or_else(|error| panic!("{value}: {error}"));
            judge.regexes.insert(value.clone(), regex);
        }
        judge
    }

    /// Whether both ways of reading allow it.
    pub fn allows(&self, attempt: Attempt<'_>) -> bool {
        self.last_of(&self.rules.iter().collect::<Vec<_>>(), attempt).unwrap_or(false)
            && self.nearest(attempt).unwrap_or(false)
    }

    fn last_of(&self, rules: &[&Rule], attempt: Attempt<'_>) -> Option<bool> {
        let fits = |rule: &&&Rule| {
            rule.operations.iter().any(|operation| covers(operation, attempt.operation))
                && (rule.filters.is_empty() || rule.filters.iter().any(|filter| self.fits(filter, attempt)))
        };
        rules.iter().rev().find(fits).map(|rule| rule.allow)
    }

    /// By the rules for the operation itself, then by those for the group that it belongs to, and so on.
    fn nearest(&self, attempt: Attempt<'_>) -> Option<bool> {
        let mut levels: Vec<&String> = self
            .rules
            .iter()
            .flat_map(|rule| &rule.operations)
            .filter(|operation| covers(operation, attempt.operation))
            .collect();
        levels.sort_by_key(|operation| std::cmp::Reverse(operation.trim_end_matches('*').len()));
        levels.dedup();
        levels.into_iter().find_map(|level| {
            let rules: Vec<_> = self.rules.iter().filter(|rule| rule.operations.contains(level)).collect();
            self.last_of(&rules, attempt)
        })
    }

    fn fits(&self, filter: &Expression, attempt: Attempt<'_>) -> bool {
        let list = filter.list();
        let value = || self.value(&list[1]);
        let path = std::path::Path::new(attempt.object);
        match list[0].symbol() {
            "literal" | "path-literal" => path == std::path::Path::new(&value()),
            "subpath" => path.starts_with(value()),
            "regex" => match &list[1] {
                Expression::Pattern(pattern) => Regex::new(pattern).unwrap().is_match(attempt.object),
                _ => self.regexes[&value()].is_match(attempt.object),
            },
            "require-all" => list[1..].iter().all(|filter| self.fits(filter, attempt)),
            "require-any" => list[1..].iter().any(|filter| self.fits(filter, attempt)),
            "require-not" => !self.fits(&list[1], attempt),
            "vnode-type" => list[1].symbol() == attempt.kind,
            "global-name" | "sysctl-name" => value() == attempt.object,
            "sysctl-name-prefix" | "ipc-posix-name-prefix" => attempt.object.starts_with(&value()),
            "target" => attempt.object == list[1].symbol(),
            "extension" => false,
            "socket-domain" => attempt.object == list[1].symbol(),
            "local" | "remote" => match list[1].symbol() {
                "unix-socket" => attempt.kind == "SOCKET" && self.fits(&list[2], attempt),
                "ip" => {
                    let wanted = self.value(&list[2]);
                    attempt.kind == "ADDRESS" && (wanted == "*:*" || attempt.object.starts_with("localhost:"))
                }
                other => panic!("{other} is no kind of address"),
            },
            other => panic!("{other} is no filter that a profile should have"),
        }
    }

    fn value(&self, expression: &Expression) -> String {
        match expression {
            Expression::Text(text) => text.clone(),
            Expression::List(list) if list[0].symbol() == "param" => match &list[1] {
                Expression::Text(name) => self.values[name].clone(),
                other => panic!("{other:?} names no parameter"),
            },
            other => panic!("{other:?} has no value"),
        }
    }
}

/// The rule that an expression of the first level is, if it is one.
fn rule(expression: &Expression) -> Option<Rule> {
    let list = expression.list();
    let allow = match list[0].symbol() {
        "allow" => true,
        "deny" => false,
        "when" => return rule(&list[2]),
        "version" => return None,
        other => panic!("{other} is nothing that a profile should have"),
    };
    let operations = list[1..].iter().map_while(|inner| match inner {
        Expression::Symbol(symbol) => Some(symbol.clone()),
        _ => None,
    });
    let operations: Vec<_> = operations.collect();
    let mut filters = list[1 + operations.len()..].to_vec();
    filters.retain(|filter| filter.list()[0].symbol() != "with");
    Some(Rule { allow, filters, operations })
}

/// Whether a rule that denies something has the system's log name the run; `None` for one that denies nothing.
pub fn names_the_run(expression: &Expression) -> Option<bool> {
    let Rule { allow: false, .. } = rule(expression)? else { return None };
    let name = read(&format!("(with message (param \"{}\"))", super::NAME));
    Some(expression.list().ends_with(&name))
}

/// Every operation of a rule.
pub fn operations(expression: &Expression) -> Vec<String> {
    rule(expression).map(|rule| rule.operations).unwrap_or_default()
}

fn covers(operation: &str, tried: &str) -> bool {
    match operation.strip_suffix('*') {
        Some(group) => tried.starts_with(group),
        None => operation == "default" || operation == tried,
    }
}
