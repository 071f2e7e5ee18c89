//! Limits as the command line takes them.

use codex_core::policy::Limit;

const KEYS: [(&str, Limit); 8] = [
    ("wall-time", Limit::WallTime),
    ("cpu-time", Limit::CpuTime),
    ("memory", Limit::Memory),
    ("processes", Limit::Processes),
    ("open-files", Limit::OpenFiles),
    ("file-size", Limit::FileSize),
    ("output", Limit::Output),
    ("tmp-size", Limit::TmpSize),
];

/// A time has its unit, since elsewhere the command line counts in seconds and a profile in milliseconds.
const TIMES: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
const SIZES: [(&str, u64); 5] = [("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40)];
const NUMBERS: [(&str, u64); 1] = [("", 1)];

/// Reads `KEY=V`.
pub fn parse(text: &str) -> Result<(Limit, u64), String> {
    let keys = || KEYS.map(|(key, _)| key).join(", ");
    let (key, value) = text.split_once('=').ok_or_else(|| format!("give KEY=V, where KEY is one of {}", keys()))?;
    let (_, limit) = KEYS
        .into_iter()
        .find(|(known, _)| *known == key)
        .ok_or_else(|| format!("{key:?} is no limit; use one of {}", keys()))?;
    let (units, example): (&[(&str, u64)], _) = match limit {
        Limit::WallTime | Limit::CpuTime => (&TIMES, "a time with its unit, such as 500ms, 30s, 5m or 1h"),
        Limit::Memory | Limit::FileSize | Limit::Output | Limit::TmpSize => {
            (&SIZES, "a size in bytes, such as 1048576, 64M or 2G")
        }
        Limit::Processes | Limit::OpenFiles => (&NUMBERS, "a whole number"),
    };
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at_checked(digits).unwrap_or_default();
    let factor = units.iter().find(|(known, _)| *known == unit).map(|(_, factor)| *factor);
    number
        .parse::<u64>()
        .ok()
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor))
        .filter(|value| *value > 0)
        .map(|value| (limit, value))
        .ok_or_else(|| format!("give {example}; got {value:?}"))
}

#[cfg(test)]
mod tests {
    use codex_core::policy::Limit;

    use super::parse;

    #[test]
    fn understands_units() {
        for (text, expected) in [
            ("wall-time=500ms", (Limit::WallTime, 500)),
            ("cpu-time=2m", (Limit::CpuTime, 120_000)),
            ("memory=2G", (Limit::Memory, 2 << 30)),
            ("output=1048576", (Limit::Output, 1 << 20)),
            ("processes=64", (Limit::Processes, 64)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_could_be_meant_otherwise() {
        for text in [
            "memory",
            "memory=",
            "memory=0",
            "memory=2g",
            "memory=-1",
            "memory=99999999999T",
            "wall-time=5",
            "processes=4K",
            "cpuTime=5s",
            "=5",
            "open-files=1.5",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
