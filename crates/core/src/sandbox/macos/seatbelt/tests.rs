//! What profiles allow, and how they are written.

mod reader;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    ffi::OsString,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use proptest::{collection::btree_set, prelude::*, sample::select};

use self::reader::{Attempt, Judge, names_the_run, operations, read};
use super::{CONTROL, MARK, NAME, Places, SeatbeltProfile, TERMINAL};
use crate::{
    Access, NetworkPolicy, ProfileName, SandboxPolicy, SecurityProfile, WriteAccess,
    policy::{DenyPattern, Limits},
};

const TMP: &str = "/private/var/folders/xx/T/codex-1/tmp";
const WORK: &str = "/Users/me/project";

fn host_tmp() -> Vec<PathBuf> {
    ["/private/tmp", "/private/var/tmp", "/private/var/folders/xx/T"].map(PathBuf::from).to_vec()
}

fn paths(list: &[&str]) -> BTreeSet<PathBuf> {
    list.iter().map(PathBuf::from).collect()
}

fn pattern(text: &str) -> DenyPattern {
    DenyPattern::new(Path::new(text), |base| Ok::<_, Infallible>(base.to_path_buf())).unwrap().unwrap()
}

/// A policy of a user who has none of this on disk.
fn policy(name: ProfileName) -> SandboxPolicy {
    let profile = SecurityProfile::named(name);
    let writes = matches!(name, ProfileName::WorkspaceWrite | ProfileName::WorkspaceNet);
    SandboxPolicy {
        profile: name,
        workspace: WORK.into(),
        deny_read: BTreeSet::new(),
        deny_read_patterns: Vec::new(),
        secrets: BTreeMap::from([("/Users/me/.ssh".into(), "keys"), ("/Users/me/.netrc".into(), "passwords")]),
        lifted: BTreeSet::new(),
        kept: BTreeSet::new(),
        readable: BTreeSet::new(),
        caches: BTreeSet::new(),
        tool_variables: Vec::new(),
        unix_sockets: BTreeSet::new(),
        write: WriteAccess::Roots(if writes { paths(&[WORK]) } else { BTreeSet::new() }),
        network: profile.network(),
        environment: profile.environment(),
        limits: Limits::default(),
    }
}

/// One of everything.
fn full() -> SandboxPolicy {
    SandboxPolicy {
        deny_read: paths(&["/Users/me/private"]),
        deny_read_patterns: vec![pattern("/Users/me/project/**/.env")],
        lifted: paths(&["/Users/me/project/.vscode"]),
        kept: paths(&["/Users/me/project/logs"]),
        readable: paths(&["/Users/me/.ssh/known_hosts"]),
        unix_sockets: paths(&["/Users/me/.colima/docker.sock"]),
        ..policy(ProfileName::WorkspaceNet)
    }
}

fn compile(policy: &SandboxPolicy) -> SeatbeltProfile {
    compile_told(policy, true)
}

fn compile_told(policy: &SandboxPolicy, told: bool) -> SeatbeltProfile {
    SeatbeltProfile::new(policy, Places { tmp: Path::new(TMP), host_tmp: &host_tmp() }, told).unwrap()
}

fn of_run() -> Vec<(String, OsString)> {
    let values = [(MARK, "/private/var/folders/xx/T/codex-1/1"), (CONTROL, "/private/var/folders/xx/T/codex-1/0")];
    let values = values.into_iter().chain([(TERMINAL, "/dev/ttys009"), (NAME, "codex.0123.1")]);
    values.map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn judge(policy: &SandboxPolicy) -> Judge {
    let SeatbeltProfile { text, mut parameters } = compile(policy);
    parameters.extend(of_run());
    Judge::new(&text, &parameters)
}

fn allows(judge: &Judge, operation: &str, path: &str) -> bool {
    judge.allows(Attempt { operation, object: path, kind: "REGULAR-FILE" })
}

/// What reading and writing a file may ask for.
const READS: [&str; 4] = ["file-read-data", "file-read-metadata", "file-map-executable", "process-exec"];
const WRITES: [&str; 4] = ["file-write-data", "file-write-create", "file-write-unlink", "file-write-mode"];

#[test]
fn profiles_are_as_they_were_read_and_agreed_to() {
    for (name, policy, told) in [
        ("offline", policy(ProfileName::Offline), false),
        ("workspace-write", policy(ProfileName::WorkspaceWrite), true),
        ("everything", full(), true),
    ] {
        let SeatbeltProfile { mut text, parameters } = compile_told(&policy, told);
        text.push_str("\n; Parameters\n");
        for (name, value) in parameters {
            writeln!(text, "; {name} = {}", value.to_str().unwrap()).unwrap();
        }
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/sandbox/macos/seatbelt/tests/golden/{name}.sb"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{name} is another; UPDATE_GOLDEN=1 writes it anew");
    }
}

#[test]
fn a_profile_is_well_formed_and_names_exactly_its_parameters() {
    for policy in ProfileName::ALL.into_iter().filter(|name| *name != ProfileName::Trusted).map(policy).chain([full()])
    {
        let SeatbeltProfile { text, parameters } = compile(&policy);
        let expressions = read(&text);
        assert_eq!(expressions[0], read("(version 1)")[0]);
        assert_eq!(expressions[1], read("(deny default (with message (param \"NAME\")))")[0]);
        let mut named = BTreeSet::new();
        expressions.iter().for_each(|expression| expression.parameters(&mut named));
        let given = parameters.iter().chain(&of_run()).map(|(name, _)| name.clone()).collect();
        assert_eq!(named, given);
        for operation in expressions[2..].iter().flat_map(operations) {
            assert!(OPERATIONS.contains(&operation.as_str()), "{operation}");
        }
        assert!(!text.contains("/Users") && !text.contains("codex"), "a path stands in the text");
    }
}

#[test]
fn every_refusal_is_logged_under_the_name_of_the_run_or_none_is() {
    for policy in [policy(ProfileName::Offline), policy(ProfileName::WorkspaceNet), full()] {
        let named = |told| read(&compile_told(&policy, told).text).iter().filter_map(names_the_run).collect::<Vec<_>>();
        assert!(named(true).len() > 5 && named(true).iter().all(|named| *named));
        assert!(named(false).iter().all(|named| !named));
        let judges = [true, false].map(|told| compile_told(&policy, told)).map(|profile| {
            let parameters: Vec<_> = profile.parameters.into_iter().chain(of_run()).collect();
            Judge::new(&profile.text, &parameters)
        });
        for operation in READS.into_iter().chain(WRITES) {
            for object in ["/Users/me/.ssh/id", "/Users/me/project/a", "/private/etc/hosts", "/dev/disk0"] {
                assert_eq!(allows(&judges[0], operation, object), allows(&judges[1], operation, object));
            }
        }
    }
}

/// Operations that Seatbelt knows since macOS 11, as far as a profile may name them.
const OPERATIONS: [&str; 26] = [
    "file-ioctl",
    "file-map-executable",
    "file-read*",
    "file-read-data",
    "file-read-metadata",
    "file-read-xattr",
    "file-test-existence",
    "file-write*",
    "file-write-create",
    "file-write-data",
    "file-write-setugid",
    "file-write-unlink",
    "ipc-posix-sem",
    "ipc-posix-shm*",
    "mach-lookup",
    "network-bind",
    "network-inbound",
    "network-outbound",
    "process-exec*",
    "process-fork",
    "process-info*",
    "pseudo-tty",
    "signal",
    "sysctl-read",
    "sysctl-write",
    "system-socket",
];

#[test]
fn secrets_are_closed_but_for_what_is_opened() {
    let judge = judge(&full());
    for operation in READS.into_iter().chain(WRITES) {
        for path in
            ["/Users/me/.ssh/id", "/Users/me/.SSH/id", "/users/me/.netrc", "/Users/me/private/a", "/Users/me/.ssh"]
        {
            let looks_above = operation == "file-read-metadata" && path == "/Users/me/.ssh";
            assert_eq!(allows(&judge, operation, path), looks_above, "{operation} {path}");
        }
        let opened = allows(&judge, operation, "/Users/me/.ssh/known_hosts");
        assert_eq!(opened, READS.contains(&operation), "{operation}");
    }
    assert!(allows(&judge, "file-read-data", "/Users/me/.sshd"));
    // Under a name that the data volume has.
    assert!(!allows(&judge, "file-read-data", "/System/Volumes/Data/Users/me/.ssh/id"));
}

#[test]
fn only_writable_directories_are_written() {
    let offline = judge(&policy(ProfileName::Offline));
    let write = judge(&policy(ProfileName::WorkspaceWrite));
    for operation in WRITES {
        let file = format!("{WORK}/src/main.rs");
        assert!(allows(&write, operation, &file) && !allows(&offline, operation, &file), "{operation}");
        for judge in [&write, &offline] {
            assert!(allows(judge, operation, &format!("{TMP}/a/b")), "{operation}");
            for path in ["/Users/me/other", "/tmp/a", "/private/tmp/a", "/Users/me/projects", "/private/etc/hosts"] {
                assert!(!allows(judge, operation, path), "{operation} {path}");
            }
        }
    }
    assert!(!allows(&write, "file-write-setugid", &format!("{WORK}/a")));
    // The private tmp itself, and the workspace, stay where they are.
    for place in [TMP, WORK] {
        assert!(!allows(&write, "file-write-unlink", place));
    }
}

#[test]
fn carve_outs_are_kept_existing_or_not_in_every_way_to_bring_them() {
    let write = judge(&policy(ProfileName::WorkspaceWrite));
    for below in [
        ".vscode",
        ".vscode/tasks.json",
        ".VSCode/tasks.json",
        ".envrc",
        ".bash_proﬁle",
        ".git/hooks",
        ".git/hooks/pre-commit",
        ".GIT/HOOKS/pre-commit",
        ".git/config",
        ".git/conﬁg",
        ".git/info/attributes",
        "a/b/.git/hooks/x",
        ".git/modules/a/b/hooks/x",
        ".git/modules/a/modules/b/config",
        ".git/worktrees/w/commondir",
        // What is put there whole.
        ".git",
        "a/.git",
        ".git/info",
        ".git/modules",
        ".git/worktrees",
    ] {
        for operation in ["file-write-data", "file-write-create", "file-write-unlink"] {
            assert!(!allows(&write, operation, &format!("{WORK}/{below}")), "{operation} {below}");
        }
        assert!(allows(&write, "file-read-data", &format!("{WORK}/{below}")), "{below}");
    }
    for below in [".git/index", ".git/HEAD.lock", ".git/objects/ab/cd", ".git/refs/heads/main", "a/.envrc", "hooks/x"] {
        for operation in WRITES {
            assert!(allows(&write, operation, &format!("{WORK}/{below}")), "{operation} {below}");
        }
    }
    let make = |below: &str, kind| {
        write.allows(Attempt { operation: "file-write-create", object: &format!("{WORK}/{below}"), kind })
    };
    assert!(make(".git/objects/ab", "DIRECTORY") && make(".git/modules/a/objects/ab", "DIRECTORY"));
    assert!(make(".git/worktrees/w/index.lock", "REGULAR-FILE"));
    assert!(!make(".git/modules/evil", "DIRECTORY") && !make(".git/worktrees/evil", "DIRECTORY"));
    assert!(!make(".git/modules/refs", "DIRECTORY"));
    // From the private tmp a repository could be moved.
    assert!(!allows(&write, "file-write-create", &format!("{TMP}/a/.git")));
    assert!(allows(&judge(&policy(ProfileName::Offline)), "file-write-create", &format!("{TMP}/a/.git")));
}

#[test]
fn what_is_lifted_is_open_and_what_is_kept_is_not() {
    let judge = judge(&full());
    assert!(allows(&judge, "file-write-create", "/Users/me/project/.vscode/tasks.json"));
    assert!(!allows(&judge, "file-write-data", "/Users/me/project/logs/audit.jsonl"));
    assert!(!allows(&judge, "file-write-unlink", "/Users/me/project/logs"));
    assert!(!allows(&judge, "file-read-data", "/Users/me/project/a/.ENV"));
    assert!(!allows(&judge, "file-write-unlink", "/Users/me/project/.env"));
}

#[test]
fn the_hosts_temporary_files_are_not_read_and_named_directories_in_them_are() {
    let mut policy = policy(ProfileName::Offline);
    policy.workspace = "/private/tmp/project".into();
    let judge = judge(&policy);
    assert!(!allows(&judge, "file-read-data", "/private/tmp/a"));
    assert!(!allows(&judge, "file-read-data", "/private/tmp"));
    assert!(allows(&judge, "file-read-metadata", "/private/tmp"));
    assert!(allows(&judge, "file-read-data", "/private/tmp/project/a"));
    assert!(allows(&judge, "file-read-data", &format!("{TMP}/a")));
}

#[test]
fn devices_are_few_and_terminals_are_the_runs_own() {
    let judge = judge(&policy(ProfileName::Offline));
    let device = |operation, object| judge.allows(Attempt { operation, object, kind: "CHARACTER-DEVICE" });
    for path in ["/dev/null", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/ttys009"] {
        assert!(device("file-read-data", path) && device("file-write-data", path), "{path}");
    }
    for path in ["/dev/ttys001", "/dev/rdisk0", "/dev/disk0s1", "/dev/bpf0"] {
        assert!(!device("file-read-data", path) && !device("file-write-data", path), "{path}");
        assert!(!device("file-ioctl", path), "{path}");
    }
}

#[test]
fn the_network_is_closed_or_leads_outwards() {
    let connects = |policy: &SandboxPolicy, object| {
        judge(policy).allows(Attempt { operation: "network-outbound", object, kind: "ADDRESS" })
    };
    let (none, net) = (policy(ProfileName::WorkspaceWrite), policy(ProfileName::WorkspaceNet));
    assert!(!connects(&none, "example.com:443") && !connects(&none, "localhost:80"));
    assert!(connects(&net, "example.com:443") && !connects(&net, "localhost:80"));
    fn socket(policy: &SandboxPolicy, operation: &str, object: &str) -> bool {
        judge(policy).allows(Attempt { operation, object, kind: "SOCKET" })
    }
    for policy in [&none, &net] {
        for operation in ["network-bind", "network-inbound", "network-outbound"] {
            assert!(socket(policy, operation, &format!("{TMP}/s")), "{operation}");
            assert!(!socket(policy, operation, &format!("{WORK}/s")), "{operation}");
        }
        for operation in ["network-bind", "network-inbound"] {
            let object = "localhost:80";
            assert!(!judge(policy).allows(Attempt { operation, object, kind: "ADDRESS" }));
        }
        assert!(!socket(policy, "network-outbound", "/Users/me/.colima/docker.sock"));
    }
    assert!(socket(&full(), "network-outbound", "/Users/me/.colima/docker.sock"));
    assert!(!socket(&none, "network-outbound", "/private/var/run/mDNSResponder"));
}

#[test]
fn services_that_act_for_a_program_are_closed() {
    let judge = judge(&full());
    for service in [
        "com.apple.SecurityServer",
        "com.apple.securityd.xpc",
        "com.apple.coreservices.launchservicesd",
        "com.apple.coreservices.appleevents",
        "com.apple.cfprefsd.agent",
        "com.apple.pasteboard.1",
        "com.apple.windowserver.active",
        "com.apple.tccd",
    ] {
        assert!(!judge.allows(Attempt { operation: "mach-lookup", object: service, kind: "" }), "{service}");
    }
    for operation in ["iokit-open", "appleevent-send", "lsopen", "nvram-set", "file-link", "file-clone", "file-mount"] {
        assert!(!judge.allows(Attempt { operation, object: "x", kind: "" }), "{operation}");
    }
    let other = |operation| judge.allows(Attempt { operation, object: "others", kind: "" });
    assert!(!other("signal") && !other("process-info-pidinfo"));
    for value in ["kern.proc.all", "kern.procargs2", "kern.proc.pid.1"] {
        assert!(!judge.allows(Attempt { operation: "sysctl-read", object: value, kind: "" }), "{value}");
    }
}

#[test]
fn values_and_services_that_everyday_programs_fail_without_are_open_in_every_profile() {
    let asks = |judge: &Judge, operation, object| judge.allows(Attempt { operation, object, kind: "" });
    for name in ProfileName::ALL.into_iter().filter(|name| *name != ProfileName::Trusted) {
        let judge = judge(&policy(name));
        for value in ["kern.boottime", "net.routetable.0.0.3.0", "hw.ncpu", "kern.osproductversion"] {
            assert!(asks(&judge, "sysctl-read", value), "{value}");
        }
        for value in ["net.routetable.0.0.2.1024", "net.inet.tcp.pcblist", "kern.procargs2.1"] {
            assert!(!asks(&judge, "sysctl-read", value), "{value}");
        }
        assert!(asks(&judge, "mach-lookup", "com.apple.SystemConfiguration.configd"));
        for semaphore in ["/mp-x1", "/loky-77-x"] {
            assert!(asks(&judge, "ipc-posix-sem", semaphore), "{semaphore}");
        }
        assert!(asks(&judge, "ipc-posix-shm-write-create", "/torch_7_1_2") && !asks(&judge, "ipc-posix-sem", "/other"));
    }
}

#[test]
fn a_run_can_not_look_at_its_mark() {
    let judge = judge(&full());
    let values = of_run();
    assert!(!allows(&judge, "file-read-metadata", values[0].1.to_str().unwrap()));
    assert!(allows(&judge, "file-read-metadata", values[1].1.to_str().unwrap()));
    for (_, path) in &values[..2] {
        for operation in WRITES {
            assert!(!allows(&judge, operation, path.to_str().unwrap()), "{operation}");
        }
    }
}

const NAMES: [&str; 10] = [
    "a",
    "B",
    "é",
    "work",
    ".git",
    "\") (allow default) (deny file-read* (literal \"",
    "line\nbreak; comment",
    "[*?]{}|^$\\.+()",
    "-D P0=/",
    "#\"",
];

fn place() -> impl Strategy<Value = PathBuf> {
    let name = select(NAMES.to_vec());
    (name.clone(), proptest::option::of(name)).prop_map(|(first, second)| {
        let path = Path::new("/Users/me").join(first);
        second.map_or(path.clone(), |second| path.join(second))
    })
}

fn object() -> impl Strategy<Value = String> {
    let name = select(NAMES.into_iter().chain(["A", "hooks", ".env", "config", "new"]).collect::<Vec<_>>());
    let start = select(vec!["/Users/me", "/private/tmp", TMP, "/opt"]);
    (start, proptest::collection::vec(name, 0..4)).prop_map(|(start, names)| {
        names.into_iter().fold(PathBuf::from(start), |path, name| path.join(name)).to_str().unwrap().to_owned()
    })
}

fn any_policy() -> impl Strategy<Value = SandboxPolicy> {
    let places = || btree_set(place(), 0..3);
    (places(), places(), places(), places(), any::<bool>()).prop_map(|(write, secrets, readable, deny_read, net)| {
        let needed: Vec<_> = write.iter().cloned().collect();
        // The profile refuses a denial of what the run needs before there is a policy.
        let denied = deny_read.into_iter().filter(|denied| !needed.iter().any(|root| root.starts_with(denied)));
        SandboxPolicy {
            deny_read: denied.filter(|denied| !Path::new(WORK).starts_with(denied)).collect(),
            write: WriteAccess::Roots(write),
            secrets: secrets.into_iter().map(|path| (path, "a secret")).collect(),
            readable,
            network: if net { NetworkPolicy::Outbound } else { NetworkPolicy::None },
            ..policy(ProfileName::WorkspaceWrite)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_denial_more_opens_nothing(
        policy in any_policy(), denied in place(), object in object(),
        operation in select(READS.into_iter().chain(WRITES).collect::<Vec<_>>()),
    ) {
        let before = judge(&policy);
        let mut narrowed = policy.clone();
        narrowed.deny_read.insert(denied.clone());
        let mut guarded = policy.clone();
        guarded.kept.insert(denied.clone());
        let mut hidden = policy.clone();
        hidden.deny_read_patterns.push(pattern(&format!("{WORK}/**/.env")));
        let mut secret = policy;
        secret.secrets.insert(denied, "one more secret");
        for after in [narrowed, guarded, hidden, secret] {
            prop_assert!(allows(&before, operation, &object) || !allows(&judge(&after), operation, &object));
        }
    }

    #[test]
    fn nothing_is_allowed_that_the_policy_denies(policy in any_policy(), object in object()) {
        // What the policy says of the private tmp, it says of /tmp.
        prop_assume!(!object.starts_with("/private"));
        let judge = judge(&policy);
        if allows(&judge, "file-read-data", &object) {
            prop_assert!(policy.explain(&Access::Read(object.clone().into())).allowed, "read {object}");
        }
        if allows(&judge, "file-write-data", &object) {
            prop_assert!(policy.explain(&Access::Write(object.clone().into())).allowed, "write {object}");
        }
    }

    #[test]
    fn the_text_is_the_same_whatever_the_names_are(policy in any_policy(), names in btree_set(place(), 2)) {
        let with = |names: &[&str]| {
            let mut policy = policy.clone();
            policy.deny_read = paths(&[names[0]]);
            policy.secrets = BTreeMap::from([(names[1].into(), "a secret")]);
            policy.readable = BTreeSet::new();
            policy.write = WriteAccess::Roots(paths(&[WORK]));
            compile(&policy).text
        };
        let names: Vec<_> = names.iter().map(|name| format!("/hostile{}", name.to_str().unwrap())).collect();
        prop_assert_eq!(with(&[&names[0], &names[1]]), with(&["/plain/a", "/plain/b"]));
    }
}
