//! Programs that look at binaries, processes and the machine.

use super::{Check, Operands, Program};
use crate::judge::{Arg, Call, Options, Style};

const fn options(short: &'static str, long: &'static str, refused: &'static str) -> Options {
    Options { short, long, refused, style: Style::Gnu }
}

pub(crate) static PROGRAMS: &[Program] = &[
    Program {
        names: "nm",
        reason: "it prints symbols",
        check: Check::Options(
            options(
                "aABCDglnopPruUVxSs",
                "debug-syms print-file-name demangle=? dynamic extern-only line-numbers numeric-sort no-sort portability print-size print-armap reverse-sort size-sort special-syms synthetic undefined-only defined-only version help",
                "plugin= target= ifunc-chars=",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "readelf greadelf",
        reason: "it prints the parts of a binary",
        check: Check::Options(
            options(
                "ahlSgteswrudVADcIWx:p:R:HvnT",
                "all file-header program-headers segments section-headers sections section-groups section-details headers syms symbols dyn-syms notes relocs unwind dynamic version-info arch-specific archive-index hex-dump= string-dump= relocated-dump= histogram wide version help",
                "debug-dump=? dwarf-depth=",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "objdump size",
        reason: "it prints the parts of a binary",
        check: Check::Options(
            options(
                "afphxdDsStTrRCGzwABj:M:Hv",
                "archive-headers file-headers private-headers section-headers headers all-headers disassemble=? disassemble-all full-contents syms dynamic-syms reloc dynamic-reloc demangle=? section= no-show-raw-insn wide help version format= totals common",
                "plugin= dwarf=?",
            ),
            Operands::Any,
        ),
    },
    Program { names: "ps", reason: "it lists processes", check: Check::Special(ps) },
    Program {
        names: "pgrep pidof",
        reason: "it lists processes",
        check: Check::Options(
            options(
                "acfilnovwxs:d:g:G:P:t:u:U:LAr:",
                "count full ignore-case list-name list-full delimiter= newest oldest parent= exact euid= uid= inverse help version",
                "signal= pidfile=",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "ss netstat",
        reason: "it lists sockets",
        check: Check::Options(
            options(
                "hVnralomepiTsbE46tuwxSnHOgNZ",
                "help version numeric resolve all listening options memory extended processes info summary ipv4 ipv6 tcp udp raw unix no-header oneline route interfaces groups statistics",
                "diag= kill filter= events net= query= socket=",
            ),
            Operands::Any,
        ),
    },
    Program {
        names: "dmesg",
        reason: "it prints the kernel log",
        check: Check::Options(
            options(
                "dehkLPrtTuxl:f:",
                "show-delta reltime kernel color=? nopager notime ctime raw userspace decode level= facility= time-format= help version json",
                "clear read-clear console-off console-on console-level= human follow file=",
            ),
            Operands::None,
        ),
    },
    Program {
        names: "hostname",
        reason: "it prints the name of the machine",
        check: Check::Options(
            options(
                "adfiIsyAV",
                "all-fqdns all-ip-addresses alias domain fqdn long ip-address short help version",
                "file= boot",
            ),
            Operands::None,
        ),
    },
    Program {
        names: "mount",
        reason: "it lists mounts",
        check: Check::Options(options("lt:V", "show-labels types= version help", ""), Operands::None),
    },
    Program {
        names: "findmnt",
        reason: "it lists mounts",
        check: Check::Options(
            options(
                "aAbcCdDefiJklmnNo:O:Prt:uUvT:",
                "all ascii json list noheadings output= types= target= df tree version help",
                "poll",
            ),
            Operands::Any,
        ),
    },
    Program { names: "sysctl", reason: "it prints kernel settings", check: Check::Special(sysctl) },
    Program {
        names: "locate plocate mlocate",
        reason: "it prints names from an index",
        check: Check::Options(
            options(
                "bceil:n0w",
                "basename count existing ignore-case limit= null regex wholename version help",
                "database=",
            ),
            Operands::Any,
        ),
    },
    Program { names: "whereis", reason: "it prints where a program is", check: Check::Anything },
    Program {
        names: "lsof",
        reason: "it lists open files",
        // `-i` and `-s` take what stands directly behind them.
        check: Check::Options(options("nPlUbi::tau:p:c:d:g:s::ROT", "", ""), Operands::Any),
    },
    Program { names: "ip", reason: "it prints settings of the network", check: Check::Special(ip) },
    Program {
        names: "ifconfig",
        reason: "it prints settings of the network",
        check: Check::Special(|call| match call.args() {
            [] => Ok(()),
            [one] if one.exact().is_some_and(|t| t == "-a" || !t.starts_with('-')) => Ok(()),
            _ => Err("it can change settings of the network".into()),
        }),
    },
    Program {
        names: "top",
        reason: "it lists processes once",
        check: Check::Special(|call| {
            let parsed = call.options(&options("bHicSsn:d:p:u:U:o:w::eE:1l:", "", ""))?;
            let batch = parsed.has('b', "-") || parsed.has('l', "-");
            if batch && parsed.operands.is_empty() { Ok(()) } else { Err("it takes keys that signal processes".into()) }
        }),
    },
    Program {
        names: "xdg-mime sw_vers",
        reason: "it prints facts about the machine",
        check: Check::Special(|call| match call.args().first().and_then(|a| a.exact()) {
            None if call.name == "sw_vers" => Ok(()),
            Some("query") => Ok(()),
            _ => Err("it can change settings".into()),
        }),
    },
];

/// `ps` prints environments with `e`, in each of its three styles.
fn ps(call: &Call<'_>) -> Result<(), String> {
    const VALUED: &str = "opuUtGgCsqNk";
    let mut skip = false;
    if call.args().iter().any(|a| a.text.contains("env")) {
        return Err("environments hold secrets".into());
    }
    for arg in call.args() {
        let Some(text) = arg.exact() else {
            return Err(format!("`{}` isn't known before the run", arg.text));
        };
        if std::mem::take(&mut skip) {
            continue;
        }
        if text.starts_with("--") {
            continue;
        }
        match text.strip_prefix('-') {
            // The UNIX style: `-e` is every process, and a value follows some letters.
            Some(letters) => {
                let bsd = letters.contains('a') && letters.contains('x');
                // `-E` is the environment on some systems.
                if (bsd && letters.contains('e')) || letters.contains('E') {
                    return Err("environments hold secrets".into());
                }
                skip = letters.chars().last().is_some_and(|c| VALUED.contains(c)) && letters != "u" && !bsd;
            }
            None if text.bytes().all(|b| b.is_ascii_digit() || b == b',') => {}
            None if text.contains('e') => return Err("environments hold secrets".into()),
            None => skip = text.ends_with(['o', 'p', 'U', 't', 'k', 'O']),
        }
    }
    Ok(())
}

/// `ip OBJECT [show …]`, objects and actions by their usual names and abbreviations.
fn ip(call: &Call<'_>) -> Result<(), String> {
    const FLAGS: &str =
        "-4 -6 -s -d -o -j -p -br -brief -c -color -json -pretty -details -stats -statistics -oneline -h -human -V";
    const OBJECTS: &str = "a addr address l link r route ro n neigh neighbor neighbour ru rule maddr mroute tunnel";
    // `ip link s` sets.
    const SHOWS: &str = "sh show l ls list lst";
    let mut words = call.args().iter().skip_while(|a| a.exact().is_some_and(|t| super::listed(FLAGS, t)));
    let known = |a: Option<&Arg>, names: &str| match a {
        None => true,
        Some(a) => a.exact().is_some_and(|t| super::listed(names, t)),
    };
    let object = words.next();
    let action = words.next();
    let get = object.is_some_and(|o| o.text.starts_with('r')) && action.is_some_and(|a| a.exact() == Some("get"));
    if known(object, OBJECTS) && (known(action, SHOWS) || get) {
        return Ok(());
    }
    Err("it can change settings of the network".into())
}

fn sysctl(call: &Call<'_>) -> Result<(), String> {
    let parsed = call.options(&options(
        "aANnbeqrXV",
        "all deprecated names values binary ignore quiet pattern= version help",
        "write load=? system",
    ))?;
    match parsed.operands.iter().find(|o| o.text.contains('=') || !o.is_literal()) {
        Some(o) => Err(format!("`{}` would change a kernel setting", o.text)),
        None => Ok(()),
    }
}
