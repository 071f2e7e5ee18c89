//! Times: UTC, in milliseconds, as RFC 3339 text of fixed width.

use std::time::{SystemTime, UNIX_EPOCH};

/// The length of `2026-11-25T04:16:07.123Z`.
pub(crate) const TIME_LENGTH: usize = 24;

pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or(0)
}

/// The text of a time; years beyond 9999 become the epoch.
pub(crate) fn format_ms(ms: i64) -> [u8; TIME_LENGTH] {
    let (mut days, mut rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        (days, rest) = (0, 0);
    }
    // The civil date of a day number: eras of 400 years that begin on the first of March.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |at: usize, width: usize, mut value: i64| {
        for i in (at..at + width).rev() {
            text[i] = b'0' + (value % 10) as u8;
            value /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, rest / 3_600_000);
    put(14, 2, rest / 60_000 % 60);
    put(17, 2, rest / 1_000 % 60);
    put(20, 3, rest % 1_000);
    text
}

const DAY_MS: i64 = 86_400_000;
/// The days of 0000-01-01 and 9999-12-31, counted from 1970-01-01.
const FIRST_DAY: i64 = -719_528;
const LAST_DAY: i64 = 2_932_896;

/// Milliseconds since the epoch of an RFC 3339 time or a date.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    let (date, rest) = text.as_bytes().split_at_checked(10)?;
    let [y @ .., b'-', m1, m2, b'-', d1, d2] = date else { return None };
    let days = days(number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?)?;
    let [b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = rest else {
        return rest.is_empty().then_some(days * DAY_MS);
    };
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?, number(&[*s1, *s2])?);
    let (fraction, zone) = match rest {
        [b'.', rest @ ..] => rest.split_at(rest.iter().take_while(|b| b.is_ascii_digit()).count()),
        _ => (&b"0"[..], rest),
    };
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            let ahead = (hours <= 23 && minutes <= 59).then_some(hours * 3_600_000 + minutes * 60_000)?;
            if *sign == b'+' { ahead } else { -ahead }
        }
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() {
        return None;
    }
    let millis = (0..3).fold(0, |sum, at| sum * 10 + fraction.get(at).map_or(0, |b| i64::from(b - b'0')));
    Some(days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1_000 + millis - offset)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
}

/// The number of a civil day, counted from 1970-01-01.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin on the first of March.
    let year = year - i64::from(month <= 2);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let (era, in_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + day - 719_468)
}

/// Milliseconds of `250ms`, `90s`, `15m`, `6h`, `7d`, `2w`.
pub(crate) fn parse_span_ms(text: &str) -> Option<i64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[split..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    text[..split].parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn reads_what_a_library_reads() {
        for text in [
            "2026-11-25T04:16:07Z",
            "2026-11-25T04:16:07.9999+05:30",
            "2024-02-29T23:59:59.5-00:01",
            "2023-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-11-25T24:00:00Z",
            "2026-11-25T04:60:07Z",
            "2026-11-25T04:16:07",
            "2026-11-25T04:16:07.Z",
            "2026-11-25T04:16:07+24:00",
            "2026-11-25T04:16:07+0100",
            "2026-11-25T4:16:07Z",
            "+026-11-25T04:16:07Z",
            "2026-11-25T04:16:07Zx",
            "2026-11-2\u{e9}T04:16:07Z",
            "",
        ] {
            let library = OffsetDateTime::parse(text, &Rfc3339).ok().map(|m| m.unix_timestamp_nanos() / 1_000_000);
            assert_eq!(parse_ms(text).map(i128::from), library, "{text}");
        }
        assert_eq!(parse_ms("2026-11-25T"), None);
    }

    #[test]
    fn formats_and_parses() {
        assert_eq!(&format_ms(1_795_580_167_123), b"2026-11-25T04:16:07.123Z");
        assert_eq!(parse_ms("2026-11-25T04:16:07.123Z"), Some(1_795_580_167_123));
        assert_eq!(parse_ms("2026-11-25T05:16:07.123+01:00"), Some(1_795_580_167_123));
        assert_eq!(parse_ms("2026-11-25"), Some(1_795_564_800_000));
        assert_eq!(&format_ms(-1), b"1969-12-31T23:59:59.999Z");
        assert_eq!(&format_ms(i64::MAX), b"1970-01-01T00:00:00.000Z");
        for day in (FIRST_DAY..=LAST_DAY).step_by(17).chain([LAST_DAY]) {
            let moment = OffsetDateTime::from_unix_timestamp(day * 86_400).unwrap();
            let expected = format!("{:04}-{:02}-{:02}", moment.year(), u8::from(moment.month()), moment.day());
            assert_eq!(&format_ms(day * DAY_MS)[..10], expected.as_bytes());
            assert_eq!(parse_ms(&expected), Some(day * DAY_MS));
        }
        assert_eq!(parse_span_ms("90s"), Some(90_000));
        assert_eq!(parse_span_ms("99999999999999999w"), None);
    }
}
