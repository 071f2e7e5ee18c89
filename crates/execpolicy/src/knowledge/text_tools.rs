//! Text tools with a language of their own: the language is judged, not the name.

use super::{Check, Program, awk, jq, sed};

pub(crate) static PROGRAMS: &[Program] = &[
    Program { names: "sed gsed", reason: "its script only prints", check: Check::Special(sed::check) },
    Program { names: "awk gawk mawk nawk", reason: "its program only prints", check: Check::Special(awk::check) },
    Program { names: "jq", reason: "its filter only prints", check: Check::Special(jq::check) },
];
