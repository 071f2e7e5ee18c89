//! Finds the places that are worth a look: where one of some hundred short patterns stands, in any case of its letters.
//!
//! Most text holds none. Three bytes at a time are hashed into a table with one bit per slot, which fits into the
//! nearest cache and needs no state between positions; only where the bit is set are patterns compared.

use std::ops::Range;

/// Slots of the table; a power of two.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 13;

/// Patterns and what each calls for.
#[derive(Debug)]
pub(super) struct Prefilter<T> {
    patterns: Vec<(Box<[u8]>, T)>,
    /// One bit per slot: whether it has patterns.
    used: [u64; SLOTS / 64],
    /// Where the patterns of each slot start in `entries`.
    starts: Box<[u16]>,
    /// Indices of `patterns`.
    entries: Box<[u16]>,
}

impl<T: Copy> Prefilter<T> {
    /// Patterns of at least two bytes; nothing when there are too many. Shorter ones are never found.
    pub(super) fn new(patterns: Vec<(Box<[u8]>, T)>) -> Option<Self> {
        let mut slots = vec![Vec::new(); SLOTS];
        for (at, (pattern, _)) in patterns.iter().enumerate() {
            let at = u16::try_from(at).ok()?;
            let mut enter = |a, b, c| {
                let slot: &mut Vec<u16> = &mut slots[usize::from(slot(window(a, b, c)))];
                if slot.last() != Some(&at) {
                    slot.push(at);
                }
            };
            match **pattern {
                [a, b, c, ..] => enter(a, b, c),
                [a, b] => (0..=u8::MAX).for_each(|c| enter(a, b, c)),
                _ => {}
            }
        }
        let mut used = [0; SLOTS / 64];
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for (at, slot) in slots.iter().enumerate() {
            used[at / 64] |= u64::from(!slot.is_empty()) << (at % 64);
            entries.extend(slot);
            starts.push(u16::try_from(entries.len()).ok()?);
        }
        let entries = entries.into();
        Some(Self { patterns, used, starts: starts.into(), entries })
    }

    /// Calls `hit` for every place of every pattern, in the order of their starts.
    ///
    /// A pattern of two bytes at the very end is not found: nothing is left that it could announce.
    pub(super) fn find(&self, text: &str, mut hit: impl FnMut(Range<usize>, T)) {
        let bytes = text.as_bytes();
        let mut from = 0;
        while let Some((at, slot)) = self.candidate(bytes, from) {
            for (range, value) in self.at(bytes, at, slot) {
                hit(range, value);
            }
            from = at + 1;
        }
    }

    /// The first place from `from` on where a pattern may stand, and its slot.
    #[inline(never)] // The loop wants the registers for itself.
    fn candidate(&self, bytes: &[u8], from: usize) -> Option<(usize, u16)> {
        let [first, second, rest @ ..] = bytes.get(from..)? else { return None };
        let mut window = window(0, *first, *second);
        for (at, byte) in rest.iter().enumerate() {
            window = window << 8 | u32::from(*byte | FOLD);
            let slot = slot(window);
            if self.used[usize::from(slot) / 64 % (SLOTS / 64)] >> (slot % 64) & 1 == 1 {
                return Some((from + at, slot));
            }
        }
        None
    }

    /// The patterns of a slot that stand at `at`.
    fn at<'a>(&'a self, bytes: &'a [u8], at: usize, slot: u16) -> impl Iterator<Item = (Range<usize>, T)> + 'a {
        let slot = usize::from(slot);
        let entries = usize::from(self.starts[slot])..usize::from(self.starts[slot + 1]);
        self.entries[entries].iter().filter_map(move |index| {
            let (pattern, value) = &self.patterns[usize::from(*index)];
            let stands = bytes[at..].get(..pattern.len()).is_some_and(|part| part.eq_ignore_ascii_case(pattern));
            stands.then(|| (at..at + pattern.len(), *value))
        })
    }
}

/// Makes both cases of a letter one. It also joins a few other bytes, which the comparison tells apart.
const FOLD: u8 = 0x20;

const fn window(a: u8, b: u8, c: u8) -> u32 {
    (((a | FOLD) as u32) << 16) | (((b | FOLD) as u32) << 8) | (c | FOLD) as u32
}

/// The slot of the lower three bytes of `window`.
const fn slot(window: u32) -> u16 {
    ((window << 8).wrapping_mul(0x9e37_79b1) >> (32 - SLOT_BITS)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_pattern_in_any_case_and_overlapping() {
        let patterns = ["pass", "password", "pw", "@tcp(", "josé"];
        let prefilter =
            Prefilter::new(patterns.iter().enumerate().map(|(at, p)| (p.as_bytes().into(), at)).collect()).unwrap();
        let found = |text: &str| {
            let mut found = Vec::new();
            prefilter.find(text, |range, at| {
                assert!(text[range].eq_ignore_ascii_case(patterns[at]));
                found.push(at);
            });
            found.sort_unstable();
            found
        };
        assert_eq!(found("myPassWord=x pw=y"), [0, 1, 2]);
        assert_eq!(found("u:p@TCP(h) JOSé"), [3, 4]);
        assert_eq!(found("`tcp( pas"), [] as [usize; 0]);
        assert_eq!((found(""), found("p"), found("pa"), found("pass")), (vec![], vec![], vec![], vec![0]));
    }
}
