//! Times: UTC, in milliseconds, as RFC 3339 text of fixed width.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The length of `2026-11-25T04:16:07.123Z`.
pub(crate) const TIME_LENGTH: usize = 24;

pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or(0)
}

/// The text of a time; years beyond 9999 become the epoch.
pub(crate) fn format_ms(ms: i64) -> [u8; TIME_LENGTH] {
    let moment = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000))
        .ok()
        .filter(|m| (0..=9999).contains(&m.year()))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |at: usize, width: usize, mut value: u32| {
        for i in (at..at + width).rev() {
            text[i] = b'0' + (value % 10) as u8;
            value /= 10;
        }
    };
    put(0, 4, moment.year().unsigned_abs());
    put(5, 2, u32::from(u8::from(moment.month())));
    put(8, 2, u32::from(moment.day()));
    put(11, 2, u32::from(moment.hour()));
    put(14, 2, u32::from(moment.minute()));
    put(17, 2, u32::from(moment.second()));
    put(20, 3, ms.rem_euclid(1000) as u32);
    text
}

/// Milliseconds since the epoch of an RFC 3339 time or a date.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let moment = OffsetDateTime::parse(&full, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
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
    use super::*;

    #[test]
    fn formats_and_parses() {
        assert_eq!(&format_ms(1_795_580_167_123), b"2026-11-25T04:16:07.123Z");
        assert_eq!(parse_ms("2026-11-25T04:16:07.123Z"), Some(1_795_580_167_123));
        assert_eq!(parse_ms("2026-11-25T05:16:07.123+01:00"), Some(1_795_580_167_123));
        assert_eq!(parse_ms("2026-11-25"), Some(1_795_564_800_000));
        assert_eq!(&format_ms(-1), b"1969-12-31T23:59:59.999Z");
        assert_eq!(parse_span_ms("90s"), Some(90_000));
        assert_eq!(parse_span_ms("99999999999999999w"), None);
    }
}
