//! The environment of a process, which on Windows is one sorted text.

use std::collections::BTreeMap;

/// The block that `CreateProcessW` takes: entries in the order of their names, whose case doesn't matter, each ending with
/// a NUL, and one more NUL. Of several variables with one name the last counts. A malformed name must not be in it.
pub fn environment_block<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u16> {
    let mut sorted = BTreeMap::new();
    for (name, value) in variables {
        sorted.insert(name.to_uppercase(), (name, value));
    }
    let mut block = Vec::new();
    for (name, value) in sorted.into_values() {
        block.extend(name.encode_utf16().chain("=".encode_utf16()).chain(value.encode_utf16()).chain([0]));
    }
    if block.is_empty() {
        // An empty one has its two NULs, too.
        block.push(0);
    }
    block.push(0);
    block
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::environment_block;

    #[test]
    fn it_is_sorted_and_the_last_of_a_name_counts() {
        let block = environment_block([("b", "1"), ("Path", "x"), ("A", "2"), ("PATH", "y=z")]);
        assert_eq!(String::from_utf16(&block).unwrap(), "A=2\0b=1\0PATH=y=z\0\0");
        assert_eq!(environment_block([]), [0, 0]);
    }

    proptest! {
        #[test]
        fn every_name_is_in_it_once(variables in vec(("[a-cA-C]{1,2}", "[^\0]{0,4}"), 0..8)) {
            let given = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let text = String::from_utf16(&environment_block(given)).unwrap();
            prop_assert!(text.ends_with("\0\0"));
            let names: Vec<_> = text.split('\0').filter_map(|entry| entry.split_once('=')).map(|(name, _)| name.to_uppercase()).collect();
            prop_assert!(names.is_sorted_by(|one, next| one < next));
            for (name, _) in &variables {
                prop_assert!(names.contains(&name.to_uppercase()));
            }
        }
    }
}
