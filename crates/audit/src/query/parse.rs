//! The parser of queries: recursive descent, bounded in length and depth.

use super::{QueryError, names};
use crate::clock::{now_ms, parse_ms, parse_span_ms};

const LONGEST: usize = 4096;
const DEEPEST: usize = 64;

/// A query as a tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Test(Condition),
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Present { field: String },
    Equal { field: String, value: String, negated: bool },
    Contains { field: String, lower: String, negated: bool },
    Order { field: String, op: Order, value: f64 },
    OneOf { field: String, values: Vec<String> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Op(&'static str),
}

pub(super) fn parse(text: &str) -> Result<Node, QueryError> {
    if text.len() > LONGEST {
        return Err(QueryError { column: 1, reason: format!("longer than {LONGEST} bytes") });
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count() + 1, depth: 0 };
    let node = parser.or()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.error("`and`, `or` or the end is expected here")),
    }
}

const OPS: [&str; 15] = ["==", "!=", "<=", ">=", "!~", "&&", "||", "=", "<", ">", "~", "!", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, QueryError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut column = 1;
    while let Some(c) = rest.chars().next() {
        let start = column;
        let (token, used) = if c.is_whitespace() {
            (None, c.len_utf8())
        } else if c == '"' || c == '\'' {
            let (value, used) = quoted(rest, c).ok_or_else(|| QueryError {
                column,
                reason: format!("no closing {c} for the string that starts here"),
            })?;
            (Some(Token::Quoted(value)), used)
        } else if let Some(op) = OPS.iter().find(|op| rest.starts_with(**op)) {
            (Some(Token::Op(op)), op.len())
        } else {
            let used = rest.find(|c: char| c.is_whitespace() || "()=<>!~,\"'&|".contains(c)).unwrap_or(rest.len());
            let used = used.max(c.len_utf8());
            (Some(Token::Word(rest[..used].to_owned())), used)
        };
        column += rest[..used].chars().count();
        rest = &rest[used..];
        tokens.extend(token.map(|token| (start, token)));
    }
    Ok(tokens)
}

fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            c if c == quote => return Some((value, at + 1)),
            c => value.push(c),
        }
    }
    None
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn error(&self, reason: &str) -> QueryError {
        self.error_at(self.at, reason)
    }

    fn error_at(&self, token: usize, reason: &str) -> QueryError {
        QueryError { column: self.tokens.get(token).map_or(self.end, |(column, _)| *column), reason: reason.to_owned() }
    }

    fn takes(&mut self, op: &str) -> bool {
        let found = match self.peek() {
            Some(Token::Op(token)) => *token == op,
            Some(Token::Word(word)) => word.eq_ignore_ascii_case(op),
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Node, QueryError> {
        let mut any = vec![self.and()?];
        while self.takes("or") || self.takes("||") {
            any.push(self.and()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Node::Or(any) })
    }

    fn and(&mut self) -> Result<Node, QueryError> {
        let mut all = vec![self.not()?];
        while self.takes("and") || self.takes("&&") {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::And(all) })
    }

    fn not(&mut self) -> Result<Node, QueryError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("nested too deeply"));
        }
        let node = if self.takes("not") || self.takes("!") {
            Node::Not(Box::new(self.not()?))
        } else if self.takes("(") {
            let node = self.or()?;
            if !self.takes(")") {
                return Err(self.error("`)` is expected here"));
            }
            node
        } else {
            Node::Test(self.condition()?)
        };
        self.depth -= 1;
        Ok(node)
    }

    fn condition(&mut self) -> Result<Condition, QueryError> {
        let Some(Token::Word(field)) = self.peek().cloned() else {
            return Err(self.error("the name of a field is expected here, such as event or path"));
        };
        if let Some(reason) = names::why_no_field(&field) {
            return Err(self.error(&reason));
        }
        self.at += 1;
        if self.takes("in") {
            return self.one_of(field);
        }
        let Some(Token::Op(op)) = self
            .peek()
            .cloned()
            .filter(|token| matches!(token, Token::Op(op) if !matches!(*op, ")" | "(" | "," | "&&" | "||" | "!")))
        else {
            return Ok(Condition::Present { field });
        };
        self.at += 1;
        let token = self.at;
        let value = self.value()?;
        let negated = op.starts_with('!');
        match op {
            "=" | "==" | "!=" => match names::why_no_value(&field, &value) {
                Some(reason) => Err(self.error_at(token, &reason)),
                None => Ok(Condition::Equal { field, value, negated }),
            },
            "~" | "!~" => Ok(Condition::Contains { field, lower: value.to_lowercase(), negated }),
            _ => {
                let value = if field == "time" { moment(&value) } else { crate::number::parse(&value) };
                let op = match op {
                    "<" => Order::Less,
                    "<=" => Order::LessEqual,
                    ">" => Order::Greater,
                    _ => Order::GreaterEqual,
                };
                let value = value.ok_or_else(|| {
                    let expected = if field == "time" {
                        "a time, a date or a span such as -15m is expected here"
                    } else {
                        "a number is expected here"
                    };
                    self.error_at(token, expected)
                })?;
                Ok(Condition::Order { field, op, value })
            }
        }
    }

    fn one_of(&mut self, field: String) -> Result<Condition, QueryError> {
        if !self.takes("(") {
            return Err(self.error("`(` is expected behind `in`"));
        }
        let mut values = Vec::new();
        loop {
            let token = self.at;
            let value = self.value()?;
            if let Some(reason) = names::why_no_value(&field, &value) {
                return Err(self.error_at(token, &reason));
            }
            values.push(value);
            if !self.takes(",") {
                break;
            }
        }
        if self.takes(")") {
            Ok(Condition::OneOf { field, values })
        } else {
            Err(self.error("`,` or `)` is expected here"))
        }
    }

    fn value(&mut self) -> Result<String, QueryError> {
        match self.peek().cloned() {
            Some(Token::Word(value) | Token::Quoted(value)) => {
                self.at += 1;
                Ok(value)
            }
            _ => Err(self.error("a value is expected here")),
        }
    }
}

/// A moment in milliseconds since the epoch.
fn moment(value: &str) -> Option<f64> {
    let ms = match value.strip_prefix('-') {
        Some(span) => now_ms().checked_sub(parse_span_ms(span)?)?,
        None => parse_ms(value)?,
    };
    Some(ms as f64)
}
