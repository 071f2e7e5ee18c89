use super::*;

fn screen(name: &str, value: &str) -> Option<DropReason> {
    judge(&EnvironmentPolicy::new(EnvironmentBase::Screened), name, value)
}

fn judge(policy: &EnvironmentPolicy, name: &str, value: &str) -> Option<DropReason> {
    let filtered = policy.filter([(name, value)]);
    assert_eq!(filtered.vars.len() + filtered.dropped.len(), 1, "{name}");
    filtered.dropped.first().map(|dropped| dropped.reason)
}

#[test]
fn the_minimal_list_is_sorted() {
    assert!(MINIMAL.is_sorted());
}

#[test]
fn names_of_secrets_are_dropped() {
    for name in [
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "NPM_TOKEN",
        "OPENAI_API_KEY",
        "TS_AUTHKEY",
        "ANTHROPIC_API_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "PGPASSWORD",
        "MYSQL_PWD",
        "DB_PASS",
        "DB_PASSWORD",
        "SMTP_PWD",
        "SSHPASS",
        "CLIENT_SECRET",
        "clientSecret",
        "apiKey",
        "npm_config_//registry.example.org/:_authToken",
        "NPM_CONFIG__AUTH",
        "COMPOSER_AUTH",
        "DOCKER_AUTH_CONFIG",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "SSH_AUTH_SOCK",
        "SSH_AGENT_PID",
        "GPG_AGENT_INFO",
        "SECRET_KEY_BASE",
        "RAILS_MASTER_KEY",
        "API_KEY_2",
        "API_KEY_STAGING",
        "TOKEN",
        "TOKEN2",
        "PASSWORD",
        "secret",
        "KEY_PASSPHRASE",
        "GITHUB_PAT",
        "AZURE_DEVOPS_EXT_PAT",
        "SOPS_AGE_KEY",
        "OP_SESSION_my",
        "BW_SESSION",
        "API_TOKENS",
        "STRIPE_KEY",
        "SSH_PRIVATE_KEY",
        "JWT_SECRET",
        "SESSION_COOKIE",
        "VAULT_TOKEN",
        "CI_JOB_TOKEN",
        "PASSWORD_SALT",
        "XAUTHORITY",
        "KRB5CCNAME",
        "SSH_HOST_KEY",
    ] {
        assert_eq!(screen(name, "x"), Some(DropReason::Secret), "{name}");
    }
}

#[test]
fn names_that_only_look_alike_are_kept() {
    for name in [
        "KEYBOARD_LAYOUT",
        "TOKENIZERS_PARALLELISM",
        "SSH_TTY",
        "SSH_CONNECTION",
        "SSH_CLIENT",
        "PASSWORD_STORE_DIR",
        "MAX_TOKENS",
        "TOKEN_LIMIT",
        "TOKEN_COUNT",
        "PWD",
        "OLDPWD",
        "GPG_KEY",
        "GPG_TTY",
        "PUBLIC_KEY",
        "AUTHOR",
        "GIT_AUTHOR_NAME",
        "AUTH_URL",
        "OAUTH_TOKEN_URL",
        "SECRET_NAME",
        "DESKTOP_SESSION",
        "XDG_SESSION_ID",
        "COMPASS",
        "PASSENGER_APP_ENV",
        "BYPASS",
        "MONKEY",
        "HOTKEY",
        "KEYMAP",
        "XKB_DEFAULT_LAYOUT",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "DISABLE_AUTH",
        "PATH",
        "HOME",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "MANPAGER",
        "CC",
        "PYTHONHASHSEED",
        "PYTHONUNBUFFERED",
        "LDFLAGS",
        "ENVIRONMENT",
        "GIT_TERMINAL_PROMPT",
        "GIT_AUTHOR_EMAIL",
        "NODE_ENV",
        "RUST_LOG",
        "RUST_BACKTRACE",
        "CARGO_HOME",
        "CARGO_TARGET_DIR",
        "RUSTFLAGS",
        "LESS",
        "PS1",
        "VAULT_ADDR",
        "SECRETARY",
        "PATIENT_PATH",
        "CARGO_NET_GIT_FETCH_WITH_CLI",
        "npm_config_registry",
        "JAVA_HOME",
        "GOPATH",
        "BASH",
    ] {
        assert_eq!(screen(name, "x"), None, "{name}");
    }
}

#[test]
fn what_injects_code_is_dropped() {
    for name in [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "LD_AUDIT",
        "DYLD_INSERT_LIBRARIES",
        "NODE_OPTIONS",
        "NODE_PATH",
        "BASH_ENV",
        "ENV",
        "PROMPT_COMMAND",
        "PYTHONSTARTUP",
        "PYTHONPATH",
        "PERL5OPT",
        "PERL5LIB",
        "RUBYOPT",
        "RUBYLIB",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_EXTERNAL_DIFF",
        "GIT_EDITOR",
        "GIT_PAGER",
        "GIT_ASKPASS",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_KEY_0",
        "GIT_CONFIG_VALUE_0",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CONFIG_GLOBAL",
        "GIT_EXEC_PATH",
        "GIT_TEMPLATE_DIR",
        "GIT_PROXY_COMMAND",
        "BASH_FUNC_ls%%",
        "SHELLOPTS",
        "BASHOPTS",
        "PS4",
        "IFS",
        "GCONV_PATH",
        "RUSTC_WRAPPER",
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
        "SSH_ASKPASS",
        "SUDO_ASKPASS",
        "LESSOPEN",
        "LESSCLOSE",
        "DBUS_SESSION_BUS_ADDRESS",
        "npm_config_script_shell",
        "NPM_CONFIG_NODE_OPTIONS",
        "MAKEFLAGS",
        "TAR_OPTIONS",
        "GOFLAGS",
        "ZDOTDIR",
        "VIMINIT",
        "LUA_INIT_5_4",
    ] {
        assert_eq!(screen(name, "x"), Some(DropReason::CodeInjection), "{name}");
    }
}

#[test]
fn values_that_have_the_form_of_a_secret_are_dropped() {
    for value in [
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz",
        "sk-proj-abcdefghijklmnopqrstuvwxyz123456",
        "sk-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL",
        "sk-ant-api03-abcdefghijklmnopqrstuvwxyz",
        "xoxb-123456789012-abcdefghijkl",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA-abcdefghijklmnopqrstuvwxyz01234",
        "glpat-abcdefghijklmnopqrst",
        "npm_abcdefghijklmnopqrstuvwxyz0123456789",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\\nMIIE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        "postgres://app:hunter2@db.example.com/app",
        "http://user:p%40ss@proxy.example.com:3128",
        "redis://:hunter2@localhost:6379",
        "--header 'Authorization: Bearer abcdefghijklmnop'",
        "a=1;token=ghp_abcdefghijklmnopqrstuvwxyz0123456789;b=2",
        "https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@github.com/a",
        "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST",
        "https://example.webhook.office.com/webhookb2/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f@0a1b",
        "https://hooks.slack.com/workflows/T01ABCDEFGH/A01ABCDEFGH/123456789",
        "sqp_0123456789abcdef0123456789abcdef01234567",
        "lsv2_pt_0123456789abcdef0123456789abcdef_0123456789",
    ] {
        assert_eq!(screen("PLAIN", value), Some(DropReason::Secret), "{value}");
    }
}

#[test]
fn values_that_only_look_alike_are_kept() {
    for value in [
        "",
        "x",
        "sk_SK.UTF-8",
        "/opt/sk-learn-experiments-with-long-names-2024/bin",
        "ghp_short",
        "npm_config_registry_of_this_project",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "https://example.com/a:b@c",
        "ssh://git@github.com/a/b",
        "git@github.com:a/b",
        "http://localhost:8080",
        "http://[::1]:8080/",
        "/home/a/task-abcdefghijklmnopqrstuvwxyz0123456789",
        "eyJ",
        "eyJhIjoxfQ",
        "AKIA",
        "AKIAmixedcase1234567890",
        "/usr/bin:/bin",
        "rs=0:di=01;34:ln=01;36:*.tar=01;31",
        "unix:///run/x.sock",
        "de.utf8@euro",
        "::",
        "://",
        "://@",
        "://:@",
        "postgres://app@db/app",
        "disk-abcdefghijklmnopqrstuvwxyz",
        "https://discord.com/api/webhooks/",
        "squ_are",
        "dp.st.example.com",
    ] {
        assert_eq!(screen("PLAIN", value), None, "{value}");
    }
}

#[test]
fn malformed_variables_are_dropped_in_every_base_also_when_set() {
    for base in [EnvironmentBase::Host, EnvironmentBase::Screened, EnvironmentBase::Minimal] {
        let policy = EnvironmentPolicy::new(base);
        for (name, value) in [("", "x"), ("A=B", "x"), ("A\0", "x"), ("PATH", "a\0b")] {
            assert_eq!(judge(&policy, name, value), Some(DropReason::Malformed), "{name:?}");
            let filtered = policy.clone().with_set(name, value).filter([("HOME", "/h")]);
            assert_eq!(filtered.vars, [(b"HOME".to_vec(), b"/h".to_vec())]);
            assert_eq!(filtered.dropped[0].reason, DropReason::Malformed);
        }
    }
}

#[test]
fn host_keeps_everything_and_minimal_a_part_of_screened() {
    let host = EnvironmentPolicy::new(EnvironmentBase::Host);
    let minimal = EnvironmentPolicy::new(EnvironmentBase::Minimal);
    for name in ["GITHUB_TOKEN", "LD_PRELOAD", "ANY", "PATH"] {
        assert_eq!(judge(&host, name, "x"), None, "{name}");
    }
    for name in ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TERM", "TZ", "SHELL", "CI", "NO_COLOR", "TMPDIR"] {
        assert_eq!(judge(&minimal, name, "x"), None, "{name}");
    }
    assert_eq!(judge(&minimal, "ANY", "x"), Some(DropReason::NotInMinimal));
    assert_eq!(judge(&minimal, "GITHUB_TOKEN", "x"), Some(DropReason::Secret));
    assert_eq!(judge(&minimal, "LC_X", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"), Some(DropReason::Secret));
}

#[test]
fn the_caller_can_allow_set_and_deny() {
    let mut policy = EnvironmentPolicy::new(EnvironmentBase::Minimal);
    policy.allow = ["GITHUB_TOKEN", "LD_PRELOAD", "ANY", "BOTH"].map(String::from).into();
    policy.deny = ["PATH", "BOTH", "SET_AND_DENIED"].map(String::from).into();
    let policy = policy.with_set("NPM_TOKEN", "t").with_set("SET_AND_DENIED", "x").with_set("HOME", "/new");
    for name in ["GITHUB_TOKEN", "LD_PRELOAD", "ANY"] {
        assert!(policy.filter([(name, "x")]).vars.contains(&(name.into(), b"x".to_vec())), "{name}");
    }
    let filtered = policy.filter([("PATH", "/bin"), ("BOTH", "x"), ("HOME", "/old"), ("NPM_TOKEN", "old")]);
    assert_eq!(filtered.vars, [(b"HOME".to_vec(), b"/new".to_vec()), (b"NPM_TOKEN".to_vec(), b"t".to_vec())]);
    let denied: Vec<_> = filtered.dropped.iter().map(|dropped| (&dropped.name[..], dropped.reason)).collect();
    assert_eq!(
        denied,
        [(&b"PATH"[..], DropReason::Denied), (b"BOTH", DropReason::Denied), (b"SET_AND_DENIED", DropReason::Denied)]
    );
}

#[test]
fn values_are_not_shown() {
    let policy = EnvironmentPolicy::new(EnvironmentBase::Screened).with_set("NPM_TOKEN", "hunter2");
    let shown = serde_json::to_string(&policy).unwrap();
    assert!(shown.contains("NPM_TOKEN") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn names_and_values_that_are_no_text_are_judged() {
    let policy = EnvironmentPolicy::new(EnvironmentBase::Screened);
    let filtered = policy.filter([(b"A\xff".to_vec(), b"\xfe".to_vec()), (b"\xff_TOKEN".to_vec(), b"x".to_vec())]);
    assert_eq!(filtered.vars.len(), 1);
    assert_eq!(filtered.dropped[0].name, b"\xff_TOKEN");
    assert_eq!(screen(&"A".repeat(5000), "x"), Some(DropReason::Secret));
}

#[test]
fn what_leads_to_a_server_is_kept_with_a_network_and_dropped_without() {
    let with = EnvironmentPolicy { routes: true, ..EnvironmentPolicy::new(EnvironmentBase::Screened) };
    let minimal = EnvironmentPolicy { routes: true, ..EnvironmentPolicy::new(EnvironmentBase::Minimal) };
    for (name, value) in [
        ("GIT_SSH", "/usr/bin/ssh"),
        ("GIT_SSH_COMMAND", "ssh -o ProxyCommand=\"nc %h %p\""),
        ("GIT_PROXY_COMMAND", "proxy"),
        ("https_proxy", "http://user:p%40ss@proxy.example.com:3128"),
        ("HTTP_PROXY", "http://user:p%40ss@proxy.example.com:3128"),
    ] {
        assert_eq!(judge(&with, name, value), None, "{name}");
        assert!(screen(name, value).is_some(), "{name}");
        assert!(judge(&minimal, name, value).is_some(), "{name}");
    }
    assert_eq!(judge(&with, "GIT_ASKPASS", "x"), Some(DropReason::CodeInjection));
    assert_eq!(judge(&with, "OTHER_PROXY", "http://user:p%40ss@proxy.example.com"), Some(DropReason::Secret));
}
