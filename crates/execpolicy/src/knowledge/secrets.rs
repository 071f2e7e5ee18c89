//! Places that hold secrets, by their names.
//!
//! The sandbox is what keeps them; this asks early, with a better reason, and also where no sandbox is.

use crate::judge::{Base, Place};

/// Folders: whatever is in them.
const FOLDERS: &str = ".ssh .gnupg .aws .azure .kube .docker .password-store .mozilla .thunderbird .codex .gcloud gcloud keyrings Keychains .electrum .bitcoin google-chrome chromium .pki secrets .aliyun .bluemix .gsutil .fly .wrangler .chef .snowsql .snowflake .huggingface .kaggle .op .lpass .librewolf .waterfox .zen .vnc .ethereum .zsh_sessions .mongosh kwalletd gopass keepassxc";
/// Files of any folder.
const FILES: &str = ".netrc _netrc .npmrc .pypirc .git-credentials .pgpass .my.cnf .vault-token .dockercfg .env .envrc .htpasswd .s3cfg .boto .bash_history .zsh_history .sh_history .python_history .node_repl_history .psql_history .mysql_history .sqlite_history .lesshst .viminfo fish_history hosts.yml credentials credentials.json .credentials.json credentials.tfrc.json credentials.toml auth.json secrets.json secrets.yaml secrets.yml secrets.toml shadow gshadow master.passwd kcore kmem opasswd id_rsa id_dsa id_ecdsa id_ed25519 authorized_keys private.key server.key Cookies wallet.dat terraform.tfstate .terraformrc .databrickscfg .authinfo .authinfo.gpg .mylogin.cnf .dbshell .claude.json oauth_creds.json .msmtprc .fetchmailrc .zhistory .histfile .irb_history .rediscli_history shadow- gshadow- settings-security.xml hex.config";
/// Places below a home directory whose parts alone say nothing.
const BELOW_HOME: &str = ".config/gh .config/rclone .config/op .config/hub .config/doctl .config/github-copilot .config/Bitwarden .config/containers .m2/settings.xml .gradle/gradle.properties .terraform.d .subversion/auth .oci .config/hcloud .config/scw .config/linode-cli .config/netlify .config/heroku .config/sops .config/age .config/helm .config/glab-cli .config/tea .config/openai .config/1Password .config/KeePass .config/BraveSoftware .config/microsoft-edge .config/vivaldi .config/opera .config/google-chrome-beta .config/Signal .config/Slack .config/discord .config/Element .config/evolution .config/msmtp .config/filezilla .config/remmina .config/solana .config/NuGet .nuget/NuGet .config/pypoetry/auth.toml .config/nushell/history.txt .local/share/com.vercel.cli .local/share/evolution .local/share/TelegramDesktop .local/share/remmina .local/share/powershell/PSReadLine .local/share/atuin .cache/huggingface/token .minikube/profiles .minikube/certs .yarnrc .yarnrc.yml .bunfig.toml";
/// The same below `/etc`.
const BELOW_ETC: &str = "etc/ssl/private etc/sudoers.d etc/wireguard etc/openvpn etc/ipsec.d etc/NetworkManager/system-connections etc/letsencrypt/archive etc/kubernetes etc/rancher";
const ENDINGS: &str = ".pem .p12 .pfx .keystore .jks .kdbx .key .ppk .ovpn";
const BEGINNINGS: &str = "id_rsa id_ed25519 id_ecdsa .env.";
/// Not secret although they begin so.
const PUBLIC: &str = ".env.example .env.sample .env.template .env.dist id_rsa.pub id_ed25519.pub id_ecdsa.pub";

/// Why reading a place needs a question.
pub(crate) fn why(place: &Place) -> Option<String> {
    for part in &place.parts {
        if super::listed(PUBLIC, part) {
            continue;
        }
        let named = super::listed(FILES, part)
            || ENDINGS.split(' ').any(|e| part.len() > e.len() && part.ends_with(e))
            || BEGINNINGS.split(' ').any(|b| part.starts_with(b));
        if named || super::listed(FOLDERS, part) {
            return Some(format!("`{part}` may hold secrets"));
        }
    }
    if let Some(open) = &place.open
        && (open.split('/').any(may_be_secret) || (place.base == Base::Home && place.is_base() && hidden(open)))
    {
        return Some(format!("`{open}` may name a file that holds secrets"));
    }
    if place.base == Base::Home && BELOW_HOME.split(' ').any(|p| place.starts_with(p)) {
        return Some(format!("`~/{}` may hold secrets", place.path()));
    }
    if place.base == Base::Root {
        let last = place.parts.last().map_or("", String::as_str);
        match place.first() {
            "proc" if into_process(place) => {
                return Some("it looks into a process".into());
            }
            "proc"
                if matches!(last, "environ" | "mem" | "maps" | "cmdline" | "auxv" | "stack" | "syscall")
                    || place
                        .parts
                        .iter()
                        .any(|p| matches!(p.as_str(), "fd" | "root" | "cwd" | "map_files" | "task")) =>
            {
                return Some("it looks into a process".into());
            }
            "dev"
                if place.parts.get(1).is_some_and(|p| p == "fd")
                    && place.parts.get(2).is_some_and(|n| !matches!(n.as_str(), "0" | "1" | "2")) =>
            {
                return Some("it reads a descriptor that isn't known".into());
            }
            "dev"
                if super::protected::write(place).is_some()
                    || place.parts.get(1).is_some_and(|p| matches!(p.as_str(), "tcp" | "udp")) =>
            {
                return Some("it reads a device".into());
            }
            "etc"
                if matches!(last, "sudoers" | "krb5.keytab")
                    || (place.starts_with("etc/ssh") && last.starts_with("ssh_host_") && !last.ends_with(".pub"))
                    || BELOW_ETC.split(' ').any(|p| place.starts_with(p)) =>
            {
                return Some("it may hold secrets".into());
            }
            _ => {}
        }
    }
    // A file that calls itself a link is the one case where the name says that the content is somewhere else.
    if let Some(last) = place.parts.last()
        && place.base == Base::Workspace
        && !last.contains('.')
        && last.split(['-', '_']).any(|w| matches!(w, "link" | "symlink"))
    {
        return Some(format!("`{last}` is named as a link, and where it leads isn't known"));
    }
    None
}

/// Whether a part of a path, in which wildcards may stand, could be the name of a secret.
fn may_be_secret(part: &str) -> bool {
    let fixed = part.find(['*', '?', '[', '$']).unwrap_or(part.len());
    let Some(known) = part.get(..fixed) else { return false };
    if fixed == part.len() {
        return !known.is_empty() && (super::listed(FILES, known) || super::listed(FOLDERS, known));
    }
    // `*.json` names much and few secrets; a pattern that begins as a secret does is meant for it.
    let rest = part.get(fixed..).unwrap_or("");
    let end = rest.rfind(['*', '?', ']']).and_then(|i| rest.get(i + 1..)).unwrap_or("");
    let narrow = !known.is_empty() && known.len() + end.len() >= if known.starts_with('.') { 2 } else { 4 };
    let names = || FILES.split(' ').chain(FOLDERS.split(' '));
    ENDINGS.split(' ').any(|e| end.ends_with(e))
        || BEGINNINGS.split(' ').any(|b| known.starts_with(b))
        || (narrow && !rest.starts_with('$') && names().any(|name| name.starts_with(known) && name.ends_with(end)))
}

/// `.*` in a home directory is all that is kept there.
fn hidden(open: &str) -> bool {
    open.starts_with(".*") || open.starts_with(".?") || open.starts_with(".[")
}

/// Whether a path below `/proc` whose process isn't known leads to more than its figures.
fn into_process(place: &Place) -> bool {
    const FIGURES: &str = "status stat statm comm limits cgroup io sched oom_score loadavg";
    let Some(open) = &place.open else { return false };
    let figure = |path: &str| super::listed(FIGURES, path);
    match place.parts.get(1).map(String::as_str) {
        None => !open.split_once('/').is_some_and(|(_, rest)| figure(rest)),
        Some("self" | "thread-self") => !figure(open),
        Some(process) => process.bytes().all(|b| b.is_ascii_digit()) && !figure(open),
    }
}

/// Whether a search of this place reads every secret of the user or of the machine.
pub(crate) fn holds_all(place: &Place) -> bool {
    let homes = place.base == Base::Root && matches!(place.path().as_str(), "home" | "Users");
    homes || (place.is_base() && matches!(place.base, Base::Home | Base::Root))
}
