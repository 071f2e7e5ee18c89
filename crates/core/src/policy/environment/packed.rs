//! Tables of texts that hold no pointers.
//!
//! In a library that is loaded anywhere, each pointer to a text takes 40 bytes: itself, the length, and the note by which
//! the loader finds it. A table that is packed as it is compiled takes the text and three bytes a row.

/// A row as it is written: what is looked for, what belongs to it, and what is said of it.
pub(super) type Row<const X: usize> = (&'static str, [u8; X], &'static str);

/// By first byte, which is ASCII, where the rows that start with it begin and end.
pub(super) type Places = [(u16, u16); ASCII];

const ASCII: usize = 128;

/// How many bytes the rows take.
pub(super) const fn size<const X: usize>(rows: &[Row<X>]) -> usize {
    let (mut bytes, mut index) = (0, 0);
    while index < rows.len() {
        bytes += HEAD + rows[index].0.len() + X + rows[index].2.len();
        index += 1;
    }
    bytes
}

/// The rows, one after the other; `N` is their [`size`]. Doesn't compile where a text is longer than 255 bytes.
pub(super) const fn pack<const X: usize, const N: usize>(rows: &[Row<X>]) -> [u8; N] {
    let (mut packed, mut at, mut index) = ([0; N], 0, 0);
    while index < rows.len() {
        let (key, extra, detail) = rows[index];
        assert!(key.len() <= u8::MAX as usize && detail.len() <= u8::MAX as usize);
        at = put(&mut packed, at, &[key.len() as u8, detail.len() as u8]);
        at = put(&mut packed, at, key.as_bytes());
        at = put(&mut packed, at, &extra);
        at = put(&mut packed, at, detail.as_bytes());
        index += 1;
    }
    packed
}

/// Finds the places. Doesn't compile where rows of one first byte stand apart.
pub(super) const fn by_first<const X: usize>(rows: &[Row<X>]) -> Places {
    let (mut places, mut at, mut index) = ([(0_u16, 0_u16); ASCII], 0, 0);
    while index < rows.len() {
        let place = &mut places[rows[index].0.as_bytes()[0] as usize];
        assert!(place.1 == 0 || place.1 as usize == at, "rows of one first byte stand together");
        if place.1 == 0 {
            place.0 = at as u16;
        }
        at += HEAD + rows[index].0.len() + X + rows[index].2.len();
        assert!(at <= u16::MAX as usize);
        place.1 = at as u16;
        index += 1;
    }
    places
}

/// The packed rows that start with a byte.
pub(super) fn rows<const X: usize>(packed: &'static [u8], places: &Places, first: u8) -> Rows<X> {
    let (start, end) = places.get(usize::from(first)).copied().unwrap_or_default();
    Rows(packed.get(usize::from(start)..usize::from(end)).unwrap_or_default())
}

/// All packed rows.
pub(super) fn all<const X: usize>(packed: &'static [u8]) -> Rows<X> {
    Rows(packed)
}

/// Packed rows: the key, what belongs to it, and what is said of it.
pub(super) struct Rows<const X: usize>(&'static [u8]);

impl<const X: usize> Iterator for Rows<X> {
    type Item = (&'static [u8], [u8; X], &'static str);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[key, detail], rest) = self.0.split_first_chunk::<HEAD>()?;
        let (key, rest) = rest.split_at_checked(usize::from(key))?;
        let (extra, rest) = rest.split_first_chunk::<X>()?;
        let (detail, rest) = rest.split_at_checked(usize::from(detail))?;
        self.0 = rest;
        Some((key, *extra, std::str::from_utf8(detail).ok()?))
    }
}

/// The two lengths in front of a row.
const HEAD: usize = 2;

const fn put(packed: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let mut index = 0;
    while index < bytes.len() {
        packed[at + index] = bytes[index];
        index += 1;
    }
    at + index
}
