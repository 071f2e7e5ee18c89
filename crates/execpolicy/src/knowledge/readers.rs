//! Programs that print what they read, and nothing else.

use super::{Check, Operands, Program};
use crate::judge::{Arg, Call, Options, Style};

const fn harmless(names: &'static str, reason: &'static str) -> Program {
    Program { names, reason, check: Check::Anything }
}

const fn options(short: &'static str, long: &'static str, refused: &'static str) -> Options {
    Options { short, long, refused, style: Style::Gnu }
}

pub(crate) static PROGRAMS: &[Program] = &[
    harmless("ls dir vdir eza exa lsd", "it lists names"),
    harmless("cat tac nl rev", "it prints files"),
    harmless("head tail", "it prints a part of files"),
    harmless("wc cksum sum", "it counts"),
    harmless("md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum b3sum md5 shasum", "it prints checksums"),
    harmless("cut paste fold expand unexpand fmt comm join tr pr", "it prints a form of its input"),
    harmless("od hexdump hd", "it prints bytes"),
    harmless("cmp", "it compares files"),
    harmless("stat basename dirname realpath readlink pathchk namei", "it prints facts about a path"),
    harmless("seq expr factor numfmt", "it prints what it computes"),
    harmless(
        "nproc uname whoami id groups users who w uptime logname tty locale getconf",
        "it prints facts about the machine",
    ),
    harmless(
        "df du free lsblk lscpu lsmem lsusb vmstat lsmod lsns lslocks lsattr getfacl getcap modinfo pstree last",
        "it prints facts about the machine",
    ),
    harmless("sleep usleep", "it waits"),
    harmless("true false yes", "it does nothing"),
    harmless("grep egrep fgrep", "it prints matching lines"),
    harmless("strings", "it prints text found in files"),
    harmless("cal ncal", "it prints a calendar"),
    harmless("tsort look hostid uuidgen lsb_release", "it prints what it computes or knows"),
    harmless("bc", "it prints what it computes"),
    harmless("shellcheck", "it prints what it finds in scripts"),
    Program {
        names: "arch",
        reason: "it prints a fact about the machine",
        // On macOS it runs the program behind it.
        check: Check::Options(options("", "version help", ""), Operands::None),
    },
    Program {
        names: "date gdate",
        reason: "it prints the time",
        check: Check::Special(|call| {
            let parsed = call.options(&options(
                "uRI::d:f:r:jv:",
                "utc universal rfc-email rfc-3339= iso-8601=? date= file= reference= resolution debug help version",
                "set=",
            ))?;
            // An operand that is no format sets the clock.
            match parsed.operands.iter().find(|o| !o.text.starts_with('+') || o.fixed == 0) {
                Some(o) => Err(format!("`{}` would set the clock", o.text)),
                None => Ok(()),
            }
        }),
    },
    Program {
        names: "uniq",
        reason: "it prints lines once",
        check: Check::Options(
            options(
                "cdDiuzf:s:w:",
                "count repeated all-repeated=? skip-fields= group=? ignore-case skip-chars= unique zero-terminated check-chars= help version",
                "",
            ),
            Operands::AtMost(1),
        ),
    },
    Program {
        names: "sort gsort",
        reason: "it prints sorted lines",
        check: Check::Options(
            options(
                "bdfgiMhnRrVcCmsuzk:t:S:",
                "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting month-sort human-numeric-sort numeric-sort random-sort reverse sort= version-sort check=? merge key= stable field-separator= unique zero-terminated parallel= buffer-size= debug help version",
                "output= compress-program= files0-from= random-source= temporary-directory= batch-size=",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "shuf",
        reason: "it prints lines in any order",
        check: Check::Options(
            options(
                "ei:n:rz",
                "echo input-range= head-count= repeat zero-terminated help version",
                "output= random-source=",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "base64 base32 basenc",
        reason: "it prints a coding of its input",
        check: Check::Options(
            options(
                "diw:D",
                "decode ignore-garbage wrap= help version base64 base64url base32 base32hex base16 z85",
                "output= input=",
            ),
            Operands::AtMost(1),
        ),
    },
    Program { names: "xxd", reason: "it prints bytes", check: Check::Special(xxd) },
    Program {
        names: "file",
        reason: "it prints the kinds of files",
        check: Check::Options(
            options(
                "bhiLkNnrsve:f:F:P:0pd",
                "brief mime mime-type mime-encoding dereference no-dereference keep-going separator= print0 raw special-files exclude= extension files-from= version help no-pad no-buffer",
                "compile magic-file= uncompress uncompress-noreport preserve-date",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "diff",
        reason: "it prints differences",
        check: Check::Options(
            options(
                "abBcdeEfiHnNpqrstTuwyZC:D:F:I:S:U:W:x:X:0123456789",
                "normal brief report-identical-files context=? unified=? ed rcs side-by-side width= left-column suppress-common-lines show-c-function show-function-line= label= expand-tabs initial-tab tabsize= suppress-blank-empty recursive no-dereference new-file unidirectional-new-file ignore-file-name-case no-ignore-file-name-case exclude= exclude-from= starting-file= from-file= to-file= ignore-case ignore-tab-expansion ignore-trailing-space ignore-space-change ignore-all-space ignore-blank-lines ignore-matching-lines= text strip-trailing-cr ifdef= minimal horizon-lines= speed-large-files color=? palette= help version",
                "paginate",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "tree",
        reason: "it lists names",
        check: Check::Special(|call| {
            let parsed = call.options(&options(
                "adflxpugsDFrtcUQiNqShvACnJXL:P:I:H:T:",
                "gitignore gitfile= ignore-case matchdirs metafirst prune info infofile= noreport charset= filelimit= si timefmt= du inodes device sort= dirsfirst filesfirst hintro= houtro= noreport fromfile fromtabfile help version",
                "output=",
            ))?;
            // Some versions take the value from the next word in any case, and read the rest of this one as options.
            match parsed.attached().find(|(c, v)| !(*c == 'L' && v.text.bytes().all(|b| b.is_ascii_digit()))) {
                Some((c, _)) => Err(format!("what stands directly behind `-{c}` may be options")),
                None => Ok(()),
            }
        }),
    },
    Program {
        names: "column",
        reason: "it prints a table",
        check: Check::Options(
            options(
                "tnxJeLs:c:N:H:R:T:W:O:o:d:l:E:K:r:i:p:",
                "table separator= output-separator= columns= fillrows table-columns= table-right= json keep-empty-lines output-width= table-name= help version",
                "",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "lspci",
        reason: "it prints facts about the machine",
        // `-q` asks a server on the network and keeps what it answers.
        check: Check::Options(options("vnnkxbDtms:d:i:p:", "version", ""), Operands::None),
    },
    Program {
        names: "iconv",
        reason: "it prints another coding of its input",
        check: Check::Options(
            options("f:t:lcs", "from-code= to-code= list silent help version", "output= verbose"),
            Operands::Any,
        ),
    },
    Program {
        names: "sdiff",
        reason: "it prints differences",
        check: Check::Options(
            options(
                "iEZbWBltaw:sdH",
                "ignore-case ignore-tab-expansion ignore-trailing-space ignore-space-change ignore-all-space ignore-blank-lines strip-trailing-cr text width= left-column suppress-common-lines expand-tabs tabsize= minimal speed-large-files help version",
                "output= diff-program= ignore-matching-lines=",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "dircolors",
        reason: "it prints settings of colours",
        check: Check::Options(
            options("bcp", "sh bourne-shell csh c-shell print-database print-ls-colors help version", ""),
            Operands::Any,
        ),
    },
];

/// Each word is one option, known by its first letters; the second operand is written.
fn xxd(call: &Call<'_>) -> Result<(), String> {
    let mut words = call.args().iter();
    let mut operands = 0;
    let mut ended = false;
    while let Some(arg) = words.next() {
        let option = arg.exact().filter(|t| !ended && t.len() > 1 && t.starts_with('-'));
        let Some(text) = option else {
            if arg.many() || (!ended && !arg.is_literal() && arg.may_be_option()) {
                return Err(format!("`{}` isn't known before the run", arg.text));
            }
            operands += 1;
            continue;
        };
        if text == "--" {
            ended = true;
            continue;
        }
        let name = text.trim_start_matches('-');
        let value = |long: &str, words: &mut std::slice::Iter<'_, Arg>| {
            let rest = name.get(1..).unwrap_or("");
            let number = rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
            number || ((rest.is_empty() || rest == long) && words.next().is_some_and(|v| !v.many()))
        };
        let known = match name.chars().next() {
            Some('a' | 'b' | 'C' | 'd' | 'E' | 'e' | 'h' | 'i' | 'p' | 'r' | 'u' | 'v') => true,
            Some('c') => value("ols", &mut words),
            Some('g') => value("roup", &mut words),
            Some('l') => value("en", &mut words),
            Some('o') => value("ffset", &mut words),
            Some('s') => value("eek", &mut words),
            Some('n') => value("ame", &mut words),
            _ => false,
        };
        if !known {
            return Err(format!("`{text}` isn't known to be read-only"));
        }
    }
    if operands > 1 { Err("its second operand is written".into()) } else { Ok(()) }
}
