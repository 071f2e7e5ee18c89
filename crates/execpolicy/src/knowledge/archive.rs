//! Programs that list or print what is in an archive.

use super::{Check, Operands, Program};
use crate::judge::{Arg, Call, Options, Parsed, Style};

const fn options(short: &'static str, long: &'static str, refused: &'static str) -> Options {
    Options { short, long, refused, style: Style::Gnu }
}

pub(crate) static PROGRAMS: &[Program] = &[
    Program { names: "tar gtar bsdtar", reason: "it lists an archive", check: Check::Special(tar) },
    Program {
        names: "gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd",
        reason: "it prints to its output",
        check: Check::Special(compress),
    },
    Program {
        names: "lz4 unlz4",
        reason: "it prints to its output",
        // `-l` writes, and so does a second file.
        check: Check::Special(|call| {
            let parsed = call.options(&options(
                "dctvqkfV0123456789",
                "decompress stdout test list verbose quiet keep force version",
                "rm",
            ))?;
            prints(&parsed, [('t', "test"), ('\0', "list")], "it writes a file")
        }),
    },
    Program {
        names: "zgrep zegrep zfgrep xzgrep bzgrep zstdgrep",
        reason: "it prints matching lines",
        check: Check::Options(
            options(
                "EFGPabcHhiLlnoqsvwxzA:B:C:e:m:",
                "extended-regexp fixed-strings basic-regexp perl-regexp text count with-filename no-filename ignore-case files-without-match files-with-matches line-number only-matching quiet silent no-messages invert-match word-regexp line-regexp after-context= before-context= context= regexp= max-count= color=? version help",
                "file= recursive null",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "zcat gzcat bzcat xzcat zstdcat lzcat zipinfo",
        reason: "it prints what is compressed",
        check: Check::Options(options("flhmtvV1s2zM", "list verbose force help version quiet", ""), Operands::Any),
    },
    Program {
        names: "unzip",
        reason: "it lists an archive",
        check: Check::Special(|call| {
            let parsed = call.options(&options("lvZptzqcC1x:h", "help", ""))?;
            if ["l", "v", "Z", "p", "t", "z", "c"].iter().any(|c| parsed.has(c.chars().next().unwrap_or('l'), "-")) {
                return Ok(());
            }
            Err("it writes the files of the archive".into())
        }),
    },
];

const TAR: Options = options(
    "tvzjJZaf:C:hPkORnT:X:b:",
    "list verbose file= gzip gunzip ungzip bzip2 xz zstd lzip lzma lzop auto-compress directory= wildcards no-wildcards full-time numeric-owner exclude= exclude-from= strip-components= force-local occurrence=? block-number one-top-level=? show-transformed-names utc quoting-style= help version anchored no-anchored ignore-case no-ignore-case no-recursion recursion same-order totals=? null files-from=",
    "use-compress-program= checkpoint=? checkpoint-action= to-command= rsh-command= info-script= new-volume-script= extract get create append update delete index-file= catenate concatenate diff compare listed-incremental= rmt-command= to-stdout remove-files overwrite multi-volume",
);

fn tar(call: &Call<'_>) -> Result<(), String> {
    let args = call.args();
    let Some(first) = args.first() else {
        return Err("it lists nothing".into());
    };
    if args.len() == 1 && matches!(first.exact(), Some("--version" | "--help")) {
        return Ok(());
    }
    // The old style has its letters in the first word, without a dash; their values follow in order.
    let old = first.exact().filter(|t| !t.starts_with('-'));
    let rewritten: Vec<Arg>;
    let args = match old {
        Some(letters) => {
            let mut values = args.iter().skip(1);
            let mut words = Vec::new();
            for c in letters.chars() {
                words.push(Arg::literal(format!("-{c}")));
                if matches!(c, 'f' | 'C' | 'T' | 'X' | 'b') {
                    words.extend(values.next().cloned());
                }
            }
            words.extend(values.cloned());
            rewritten = words;
            rewritten.as_slice()
        }
        None => args,
    };
    let parsed = crate::judge::parse_options(&TAR, args)?;
    if !parsed.has('t', "list") {
        return Err("it does more than list an archive".into());
    }
    let remote = parsed.values('f', "file").any(|f| f.text.contains(':') || !f.is_literal());
    if remote && !parsed.has('\0', "force-local") {
        return Err("an archive with a colon in its name is fetched by another program".into());
    }
    Ok(())
}

fn compress(call: &Call<'_>) -> Result<(), String> {
    let parsed = call.options(&options(
        "dcltvqkfnNhVL0123456789T:",
        "decompress uncompress stdout to-stdout list test verbose quiet keep force help version",
        "suffix= rmt= output-dir-flat= files=? rsyncable",
    ))?;
    prints(&parsed, [('l', "list"), ('t', "test")], "it replaces its file")
}

/// Whether a compressor only prints: it was told to, it has no file, or it has one of the `modes` that write none. Of two modes
/// the last one counts for most of them.
fn prints(parsed: &Parsed<'_>, modes: [(char, &str); 2], otherwise: &str) -> Result<(), String> {
    let has = |(short, long): (char, &str)| parsed.has(short, long);
    let decompresses = [('d', "decompress"), ('d', "uncompress")].into_iter().any(has);
    let to_output = [('c', "stdout"), ('c', "to-stdout")].into_iter().any(has);
    if to_output || parsed.operands.is_empty() || (!decompresses && modes.into_iter().any(has)) {
        return Ok(());
    }
    Err(otherwise.into())
}
