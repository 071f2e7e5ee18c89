//! TOML and JSON as one tree, and what is said of mistakes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use codex_document::{Format, Mistake, Node, Value};
use proptest::prelude::*;

fn parse(format: Format, text: &str) -> Node {
    Node::parse(format, text).unwrap()
}

/// A document without the places of its values.
fn bare(node: &Node) -> String {
    match &node.value {
        Value::List(items) => format!("[{}]", items.iter().map(bare).collect::<Vec<_>>().join(",")),
        Value::Table(entries) => {
            let mut pairs: Vec<_> =
                entries.iter().map(|entry| format!("{:?}={}", entry.name, bare(&entry.node))).collect();
            pairs.sort_unstable();
            format!("{{{}}}", pairs.join(","))
        }
        scalar => format!("{scalar:?}"),
    }
}

#[test]
fn both_forms_give_the_same_tree() {
    let toml = "a = \"x\\ty\"\nb = [1, 0x1f, true]\n[c]\nd = { e = 'ö' }\n[[f]]\ng = 1\n[[f]]\ng = 2\n";
    let json = r#" { "a": "x\ty", "b": [1, 31, true], "c": { "d": { "e": "\u00f6" } }, "f": [{ "g": 1 }, {"g":2}] } "#;
    assert_eq!(bare(&parse(Format::Toml, toml)), bare(&parse(Format::Json, json)));
}

#[test]
fn what_no_reader_takes_is_named() {
    for (format, text, said) in [
        (Format::Toml, "a = -1", "a negative number"),
        (Format::Toml, "a = 1.5", "a fraction"),
        (Format::Toml, "a = 1979-05-27", "a date"),
        (Format::Json, r#"{"a": -1}"#, "a negative number"),
        (Format::Json, r#"{"a": 1e3}"#, "a fraction"),
        (Format::Json, r#"{"a": 18446744073709551616}"#, "a number that is too large"),
        (Format::Json, r#"{"a": null}"#, "null"),
        (Format::Json, r#"{"a": [1]}"#, "a list"),
    ] {
        let document = parse(format, text);
        let mistake = document.table(&["a"], &mut |_, node| node.number().map(drop)).unwrap_err();
        assert_eq!(mistake.to_string(), format!("`a`: {said} where a whole number is expected"), "{text}");
    }
}

#[test]
fn a_mistake_names_its_key_and_place() {
    let read = |document: &Node| -> Result<(), Mistake> {
        document.table(&["outer"], &mut |_, outer| {
            outer.table(&["list"], &mut |_, list| list.list(|item| item.text().map(str::to_owned)).map(drop))
        })
    };
    for (format, text, key, at) in [
        (Format::Toml, "[outer]\nlist = [\"a\", 2]\n", "outer.list[1]", "2]"),
        (Format::Json, r#"{"outer": {"list": ["a", 2]}}"#, "outer.list[1]", "2]"),
        (Format::Toml, "[outer]\nlost = 1\n", "outer.lost", "lost"),
        (Format::Json, r#"{"outer": {"lost": 1}}"#, "outer.lost", "1}"),
        (Format::Json, r#"{"outer": []}"#, "outer", "[]"),
        (Format::Json, "[]", "", "[]"),
    ] {
        let mistake = read(&parse(format, text)).unwrap_err();
        assert_eq!((mistake.key.as_str(), mistake.at), (key, text.find(at).unwrap()), "{text}");
    }
    let document = parse(Format::Json, r#"{"outer": {"list": ["a", "b"]}}"#);
    assert_eq!(document.find("outer.list[1]").map(|node| node.value.clone()), Some(Value::Text("b".into())));
    for key in ["outer.list[2]", "outer[0]", "list", "outer.list[x]", ""] {
        assert_eq!(document.find(key), None, "{key}");
    }
}

#[test]
fn text_that_is_no_document_is_refused_where_it_ends_to_be_one() {
    for (format, text, line, column) in [
        (Format::Toml, "a = 1\nb = \n", 2, 5),
        (Format::Toml, "a = 1\na = 2\n", 2, 1),
        (Format::Json, "{\n  \"a\": 1,\n  \"a\": 2 }", 3, 10),
        (Format::Json, "{\"x\": {\"a\": 1, \"a\": 2 }}", 1, 23),
        (Format::Json, "{\"a\": 1} x", 1, 10),
        (Format::Json, "", 1, 1),
        (Format::Json, "[01]", 1, 3),
    ] {
        let error = Node::parse(format, text).unwrap_err();
        assert_eq!((error.at.line, error.at.column), (line, column), "{text}: {error}");
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    Node::parse(Format::Json, &deep(16)).unwrap();
    for levels in [17, 1_000_000] {
        Node::parse(Format::Json, &deep(levels)).unwrap_err();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// No text makes a reader panic, and what is parsed stands where it says.
    #[test]
    fn any_text_is_read_or_refused(text in r#"[\[\]{}",:=\n# a0.'\\ö-]{0,48}"#) {
        for format in [Format::Toml, Format::Json] {
            if let Ok(node) = Node::parse(format, &text) {
                within(&node, &text);
            }
        }
    }
}

fn within(node: &Node, text: &str) {
    assert!(text.is_char_boundary(node.at), "{text:?} at {}", node.at);
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| within(item, text)),
        Value::Table(entries) => entries.iter().for_each(|entry| within(&entry.node, text)),
        _ => {}
    }
}
