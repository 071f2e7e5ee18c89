//! How runs end, and what is left of them.
#![allow(missing_docs, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use codex_core::{
    ProfileName,
    exec::{Command, End, ExecError, Input},
};
use support::{Fixture, shell, text};

#[test]
fn ends_are_told_apart() {
    let fixture = Fixture::new(ProfileName::Offline);
    assert_eq!(fixture.sh("exit 7").end, End::Code(7));
    assert_eq!(fixture.sh("kill -9 $$").end, End::Signal(9));
    assert!(matches!(fixture.try_run(Command::new("no-such-program")), Err(ExecError::ProgramNotFound { .. })));
    assert!(matches!(fixture.try_run(Command::new("/etc/passwd")), Err(ExecError::NotExecutable { .. })));
    let mut elsewhere = Command::new("true");
    elsewhere.working_directory = Some("no/such/folder".into());
    assert!(matches!(fixture.try_run(elsewhere), Err(ExecError::WorkingDirectory { .. })));
}

#[test]
fn a_cell_serves_one_run_after_the_other_and_no_two_at_once() {
    let fixture = Fixture::new(ProfileName::Offline);
    let namespace = || text(&fixture.sh("readlink /proc/self/ns/pid").stdout.bytes).to_owned();
    assert_eq!(namespace(), namespace());
    let (_, first) = fixture.start(shell("readlink /proc/self/ns/pid; sleep 0.3"));
    let (_, second) = fixture.start(shell("readlink /proc/self/ns/pid; sleep 0.3"));
    let first = fixture.block_on(first).unwrap().unwrap().stdout.bytes;
    let second = fixture.block_on(second).unwrap().unwrap().stdout.bytes;
    assert_ne!(first, second);
}

#[test]
fn a_run_sees_only_its_own_processes() {
    let fixture = Fixture::new(ProfileName::Offline);
    let (signaller, other) = fixture.start(shell("exec sleep 30"));
    let seen = fixture.sh("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    assert!(!text(&seen.stdout.bytes).contains("sleep 30"));
    signaller.signal(9);
    assert_eq!(fixture.block_on(other).unwrap().unwrap().end, End::Signal(9));
}

#[test]
fn what_a_program_leaves_behind_is_gone_when_its_run_is() {
    let fixture = Fixture::new(ProfileName::WorkspaceWrite);
    let begun = Instant::now();
    let outcome = fixture.sh("setsid sh -c 'while :; do date > alive; sleep 0.05; done' & echo done");
    assert_eq!(text(&outcome.stdout.bytes), "done");
    assert!(begun.elapsed() < Duration::from_secs(20));
    let stamp = || std::fs::metadata(fixture.workspace.join("alive")).unwrap().modified().unwrap();
    let last = stamp();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(stamp(), last);
}

#[test]
fn the_timeout_asks_first_and_then_ends_the_tree() {
    let fixture = Fixture::new(ProfileName::Offline);
    let mut polite = shell("trap 'echo asked; exit 3' TERM; sleep 60 & wait");
    polite.timeout = Some(Duration::from_millis(300));
    let outcome = fixture.try_run(polite).unwrap();
    assert!(outcome.timed_out);
    assert_eq!((text(&outcome.stdout.bytes), outcome.end), ("asked", End::Code(3)));
    let mut stubborn = shell("trap '' TERM; while :; do sleep 1; done");
    stubborn.timeout = Some(Duration::from_millis(300));
    stubborn.force_kill_after = Duration::from_millis(200);
    let outcome = fixture.try_run(stubborn).unwrap();
    assert_eq!((outcome.timed_out, outcome.end), (true, End::Signal(9)));
}

#[test]
fn a_run_whose_future_is_dropped_is_ended() {
    let fixture = Fixture::new(ProfileName::WorkspaceWrite);
    let (_, running) = fixture.start(shell("while :; do date > alive; sleep 0.05; done"));
    let alive = fixture.workspace.join("alive");
    while !alive.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    running.abort();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let before = std::fs::metadata(&alive).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        if std::fs::metadata(&alive).unwrap().modified().unwrap() == before {
            break;
        }
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn a_closed_sandbox_takes_its_runs_along_and_runs_nothing_more() {
    let fixture = Fixture::new(ProfileName::Offline);
    let (_, running) = fixture.start(shell("exec sleep 60"));
    fixture.sh("true");
    fixture.block_on(fixture.sandbox.close());
    assert!(matches!(fixture.block_on(running).unwrap(), Err(ExecError::SandboxEnded) | Ok(_)));
    assert!(matches!(fixture.try_run(shell("true")), Err(ExecError::Sandbox(_))));
}

#[test]
fn streams_and_arguments_are_byte_exact() {
    use std::os::unix::ffi::OsStringExt;
    let fixture = Fixture::new(ProfileName::Offline);
    let odd: Vec<u8> = (1..=255).collect();
    let mut print = Command::new("printf");
    print.arguments = vec!["%s".into(), std::ffi::OsString::from_vec(odd.clone())];
    assert_eq!(fixture.try_run(print).unwrap().stdout.bytes, odd);
    let big: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let mut cat = Command::new("cat");
    cat.stdin = Input::Bytes(big.clone());
    let outcome = fixture.try_run(cat).unwrap();
    assert!(outcome.stdout.bytes == big && !outcome.stdout.truncated);
    let mut limited = shell("head -c 5000000 /dev/zero; echo end >&2");
    limited.max_buffer = 1000;
    let outcome = fixture.try_run(limited).unwrap();
    assert_eq!((outcome.stdout.bytes.len(), outcome.stdout.truncated), (1000, true));
    assert_eq!(text(&outcome.stderr.bytes), "end");
}

#[test]
fn a_run_can_leave_no_signal_behind_for_the_next_one() {
    let fixture = Fixture::new(ProfileName::Offline);
    // The init's own signals, with the value that names the next run, in such a number that some are left at the end.
    let script = "import ctypes, os, platform, sys\n\
        libc = ctypes.CDLL(None, use_errno=True)\n\
        class Info(ctypes.Structure):\n    _fields_ = [('head', ctypes.c_int * 4), ('pid', ctypes.c_int), ('uid', ctypes.c_uint), \
        ('value', ctypes.c_uint64), ('rest', ctypes.c_uint64 * 12)]\n\
        queue = {'x86_64': 129, 'aarch64': 138}[platform.machine()]\n\
        infos = [Info(head=(ctypes.c_int * 4)(number, 0, -1, 0), value=(int(sys.argv[1]) << 8) | 9) for number in (40, 41)]\n\
        refs = [(info.head[0], ctypes.byref(info)) for info in infos]\n\
        for _ in range(4000):\n    \
        for number, ref in refs: libc.syscall(queue, 1, number, ref)\n\
        os._exit(libc.syscall(queue, 1, *refs[0]) != 0)\n";
    for round in 0..3 {
        let next_run = 2 * round + 2;
        let mut attack = Command::new("python3");
        attack.arguments = vec!["-c".into(), script.into(), next_run.to_string().into()];
        let attacked = fixture.try_run(attack).unwrap();
        assert_eq!(attacked.end, End::Code(0), "{}", text(&attacked.stderr.bytes));
        assert_eq!(fixture.sh("sleep 0.1; exit 4").end, End::Code(4));
    }
}
