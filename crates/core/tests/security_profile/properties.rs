//! What holds for every profile: restrictions are monotonic, the profiles are ordered, every form comes back.

use std::{collections::BTreeSet, path::PathBuf, sync::LazyLock};

use codex_core::{
    Access, EnvironmentInit, EnvironmentMode, Limit, Limits, NetworkInit, NetworkPolicy, ProfileInit, ProfileName,
    SandboxPolicy, SecurityProfile, WriteAccess,
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::support::Place;

/// One tree for all cases; nothing writes to it after it is made.
static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let place = Place::new();
    for name in [
        "workspace/a/b",
        "workspace/c",
        "workspace/.git/hooks",
        "home/a",
        "home/.ssh/a",
        "home/.npm/a",
        "home/.cargo",
        "cache/a",
        "tmp",
    ] {
        place.dir(name);
    }
    for (link, target) in [("workspace/out", "../home"), ("home/in", "../workspace/a"), ("cache/loop", "loop")] {
        std::os::unix::fs::symlink(target, place.root.join(link)).unwrap();
    }
    place
});

fn below() -> impl Strategy<Value = PathBuf> {
    let part = select(vec![
        "a",
        "b",
        "c",
        "out",
        "in",
        "loop",
        "..",
        ".",
        "new",
        "workspace",
        "home",
        "cache",
        ".ssh",
        ".npm",
        ".cargo",
        "credentials",
        ".git",
        "hooks",
        ".vscode",
    ]);
    let start = select(vec!["", "workspace", "home", "cache", "/tmp", "/var/tmp", "/dev", "/etc"]);
    (start, vec(part, 0..4)).prop_map(|(start, parts)| {
        let start = if start.starts_with('/') { PathBuf::from(start) } else { PLACE.root.join(start) };
        parts.into_iter().fold(start, |path, part| path.join(part))
    })
}

fn access() -> impl Strategy<Value = Access> {
    let host = select(vec!["example.com", "example.com:443", "localhost", "127.0.0.1:80", "10.0.0.1", "", "::1"]);
    prop_oneof![
        below().prop_map(Access::Read),
        below().prop_map(Access::Write),
        host.prop_map(|host| Access::Connect(host.into())),
    ]
}

fn variable() -> impl Strategy<Value = String> {
    select(vec!["PATH", "HOME", "GITHUB_TOKEN", "LD_PRELOAD", "DEBUG", "LANG", "A_B", "PWD", "GIT_SSH"])
        .prop_map(String::from)
}

fn environment() -> impl Strategy<Value = EnvironmentInit> {
    let mode = select(vec![None, Some(EnvironmentMode::Inherit), Some(EnvironmentMode::Minimal)]);
    let set = proptest::collection::btree_map(variable(), "[a-z]{0,3}", 0..3);
    (mode, vec(variable(), 0..3), vec(variable(), 0..3), set).prop_map(|(mode, allow, deny, set)| EnvironmentInit {
        mode,
        allow,
        deny,
        set,
    })
}

/// Any but the one that `trusted` has no place for.
fn limits() -> impl Strategy<Value = Limits> {
    let limit = select(Limit::ALL.into_iter().filter(|limit| *limit != Limit::TmpSize).collect::<Vec<_>>());
    vec((limit, 1_u64..100_000), 0..3).prop_map(|chosen| {
        let mut limits = Limits::default();
        for (limit, value) in chosen {
            limits.set(limit, value);
        }
        limits
    })
}

fn init(name: ProfileName) -> impl Strategy<Value = ProfileInit> {
    let roots =
        select(vec!["cache", "cache/a", "home/a", "home/.npm/a", "workspace/a"]).prop_map(|name| PLACE.root.join(name));
    let writable = vec(roots, if name.writes_workspace() { 0..3 } else { 0..1 });
    let open =
        select(vec!["home/.ssh", "home/.ssh/a", "home", "home/.npm", "cache/a"]).prop_map(|name| PLACE.root.join(name));
    let readable = vec(open, if name == ProfileName::Trusted { 0..1 } else { 0..2 });
    let deny = vec(below(), if name == ProfileName::Trusted { 0..1 } else { 0..3 });
    let networks = match name {
        ProfileName::Trusted => vec![None],
        ProfileName::Offline | ProfileName::WorkspaceWrite => vec![None, Some(NetworkInit::None)],
        _ => vec![None, Some(NetworkInit::None), Some(NetworkInit::Outbound)],
    };
    (writable, readable, deny, select(networks), environment(), limits()).prop_map(
        |(writable, readable, deny_read, network, environment, limits)| ProfileInit {
            profile: None,
            writable,
            readable,
            deny_read,
            unix_sockets: Vec::new(),
            network,
            environment,
            limits,
        },
    )
}

fn profile() -> impl Strategy<Value = SecurityProfile> {
    select(ProfileName::ALL.to_vec())
        .prop_flat_map(|name| (Just(name), init(name)))
        .prop_map(|(name, init)| SecurityProfile::with(name, init).unwrap())
}

/// A profile that denies what its run needs has no policy, so nothing to compare.
fn resolve(profile: &SecurityProfile) -> Option<SandboxPolicy> {
    profile.resolve_with_home(&PLACE.workspace, Some(&PLACE.home)).ok()
}

fn no_wider(strict: &SandboxPolicy, wide: &SandboxPolicy, accesses: &[Access]) -> Result<(), TestCaseError> {
    for access in accesses {
        let (strict, wide) = (strict.explain(access), wide.explain(access));
        prop_assert!(!strict.allowed || wide.allowed, "{access:?}: {strict:?} but {wide:?}");
    }
    Ok(())
}

fn variables() -> Vec<(String, String)> {
    ["PATH", "HOME", "GITHUB_TOKEN", "LD_PRELOAD", "DEBUG", "LANG", "A_B", "PWD", "GIT_SSH", "A=B", ""]
        .map(|name| (name.to_owned(), "inherited".to_owned()))
        .into()
}

fn names(policy: &SandboxPolicy) -> BTreeSet<Vec<u8>> {
    policy.environment.filter(variables()).vars.into_iter().map(|(name, _)| name).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_limit_can_only_be_lowered(profile in profile(), limits in limits()) {
        let before = profile.limits();
        match profile.extend(ProfileInit { limits, ..ProfileInit::default() }) {
            Ok(extended) => {
                prop_assert_eq!(extended.limits().first_above(&before), None);
                prop_assert_eq!(extended.limits(), limits.or(&before));
            }
            Err(error) => prop_assert_eq!(error.key(), limits.first_above(&before).map(Limit::key)),
        }
    }

    #[test]
    fn a_denial_never_opens_anything(
        profile in profile(),
        denied in below(),
        variable in variable(),
        accesses in vec(access(), 1..12),
    ) {
        let Some(before) = resolve(&profile) else { return Ok(()) };
        let trusted = profile.name() == ProfileName::Trusted;
        let environment = EnvironmentInit { deny: vec![variable], ..EnvironmentInit::default() };
        let minimal = EnvironmentInit { mode: Some(EnvironmentMode::Minimal), ..EnvironmentInit::default() };
        let mut denials = vec![
            ProfileInit { environment, ..ProfileInit::default() },
            ProfileInit { environment: minimal, ..ProfileInit::default() },
        ];
        if !trusted {
            denials.push(ProfileInit { deny_read: vec![denied], ..ProfileInit::default() });
            denials.push(ProfileInit { network: Some(NetworkInit::None), ..ProfileInit::default() });
        }
        for denial in denials {
            let Some(after) = resolve(&profile.extend(denial).unwrap()) else { continue };
            no_wider(&after, &before, &accesses)?;
            prop_assert!(names(&after).is_subset(&names(&before)));
        }
    }

    #[test]
    fn a_root_less_opens_nothing_but_what_the_root_itself_protected(
        profile in profile(),
        index in 0_usize..4,
        accesses in vec(access(), 1..12),
    ) {
        let Some(before) = resolve(&profile) else { return Ok(()) };
        let mut after = before.clone();
        let WriteAccess::Roots(roots) = &mut after.write else { return Ok(()) };
        let Some(root) = roots.iter().nth(index).cloned() else { return Ok(()) };
        roots.remove(&root);
        // A root brings carve-outs at its top. Within another root, these names are ordinary ones again without it.
        let own = format!("{}/", root.display());
        let (_, rest): (Vec<_>, Vec<_>) = accesses.into_iter().partition(|access| {
            let decision = before.explain(access);
            decision.rule == "carve-out" && decision.reason.starts_with(&own)
        });
        no_wider(&after, &before, &rest)?;
    }

    #[test]
    fn the_profiles_are_ordered(accesses in vec(access(), 1..12)) {
        let policy = |name| PLACE.policy(name);
        for (strict, wide) in [
            (ProfileName::Offline, ProfileName::NetReadOnly),
            (ProfileName::NetReadOnly, ProfileName::WorkspaceNet),
            (ProfileName::Offline, ProfileName::WorkspaceWrite),
            (ProfileName::WorkspaceWrite, ProfileName::WorkspaceNet),
            (ProfileName::WorkspaceNet, ProfileName::Trusted),
        ] {
            no_wider(&policy(strict), &policy(wide), &accesses)?;
            prop_assert!(names(&policy(strict)).is_subset(&names(&policy(wide))));
        }
    }

    #[test]
    fn text_forms_come_back(profile in profile()) {
        let json = serde_json::to_string(&profile).unwrap();
        prop_assert_eq!(&SecurityProfile::from_json(&json).unwrap(), &profile);
        let toml = toml::to_string(&profile).unwrap();
        prop_assert_eq!(&SecurityProfile::from_toml(&toml).unwrap(), &profile);
        prop_assert_eq!(&SecurityProfile::from_init(profile.to_init()).unwrap(), &profile);
    }

    #[test]
    fn the_codex_form_comes_back_as_the_same_policy(profile in profile()) {
        let Some(mut policy) = resolve(&profile) else { return Ok(()) };
        prop_assert_eq!(policy.to_codex().is_err(), !policy.deny_read.is_empty());
        policy.deny_read.clear();
        let codex = policy.to_codex().unwrap();
        let text = serde_json::to_string(&codex).unwrap();
        prop_assert_eq!(&codex_core::CodexPolicy::from_json(&text).unwrap(), &codex);
        let back = resolve(&SecurityProfile::from_codex(&codex).unwrap()).unwrap();
        prop_assert_eq!(&back.write, &policy.write);
        prop_assert_eq!(back.network != NetworkPolicy::None, policy.network != NetworkPolicy::None);
        prop_assert_eq!(back.to_codex().unwrap(), codex);
    }

    #[test]
    fn the_environment_is_a_part_of_the_input_and_what_was_set(
        profile in profile(),
        vars in vec((any::<Vec<u8>>(), any::<Vec<u8>>()), 0..20),
    ) {
        let policy = profile.environment();
        let filtered = policy.filter(vars.clone());
        for (name, value) in &filtered.vars {
            let set = policy.set.get(name) == Some(value);
            prop_assert!(set || vars.contains(&(name.clone(), value.clone())));
            prop_assert!(!name.is_empty() && !name.contains(&b'=') && !name.contains(&0) && !value.contains(&0));
        }
        for dropped in &filtered.dropped {
            let given = vars.iter().any(|(name, _)| *name == dropped.name);
            prop_assert!(given || policy.set.contains_key(&dropped.name));
        }
        // Nothing vanishes: each is kept, dropped or replaced.
        let replaced = vars.iter().filter(|(name, _)| policy.set.contains_key(name)).count();
        prop_assert_eq!(filtered.vars.len() + filtered.dropped.len(), vars.len() - replaced + policy.set.len());
    }
}
