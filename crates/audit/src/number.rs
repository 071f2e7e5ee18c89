//! Numbers as text, both ways, as JSON has them: the standard library's own way is as exact, and thirty times as large.

/// The number that a text is, if it is one in JSON.
pub(crate) fn parse(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

/// A number as people write it: a whole one without a fraction.
pub(crate) fn display(number: f64) -> String {
    let text = serde_json::to_string(&number).unwrap_or_default();
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{display, parse};

    #[test]
    fn what_is_a_number_in_json_is_one() {
        for (text, number) in [("0", 0.0), ("-3", -3.0), ("12.25", 12.25), ("1e3", 1000.0), ("0.1", 0.1)] {
            assert_eq!(parse(text), Some(number));
        }
        for text in ["", "x", "inf", "NaN", "1 2", "0x1", "1.", "true", "\"1\""] {
            assert_eq!(parse(text), None, "{text}");
        }
        for (number, text) in [(0.0, "0"), (-3.0, "-3"), (12.25, "12.25"), (4_294_967_296.0, "4294967296")] {
            assert_eq!(display(number), text);
        }
    }
}
