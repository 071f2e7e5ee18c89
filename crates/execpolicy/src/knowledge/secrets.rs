//! Places that hold secrets, by their names.
//!
//! The sandbox is what keeps them; this asks early, with a better reason, and also where no sandbox is.

use crate::judge::{Base, Place};

/// Folders: whatever is in them.
const FOLDERS: &str = ".ssh .gnupg .aws .azure .kube .docker .password-store .mozilla .thunderbird .codex .gcloud gcloud keyrings Keychains .electrum .bitcoin google-chrome chromium .pki secrets";
/// Files of any folder.
const FILES: &str = ".netrc _netrc .npmrc .pypirc .git-credentials .pgpass .my.cnf .vault-token .dockercfg .env .envrc .htpasswd .s3cfg .boto .bash_history .zsh_history .sh_history .python_history .node_repl_history .psql_history .mysql_history .sqlite_history .lesshst .viminfo fish_history hosts.yml credentials credentials.json credentials.toml auth.json secrets.json secrets.yaml secrets.yml secrets.toml shadow gshadow master.passwd kcore kmem opasswd id_rsa id_dsa id_ecdsa id_ed25519 authorized_keys private.key server.key Cookies wallet.dat terraform.tfstate";
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
        && open.starts_with(".e")
    {
        return Some(format!("`{open}` may name a file that holds secrets"));
    }
    if place.base == Base::Root {
        let last = place.parts.last().map_or("", String::as_str);
        match place.first() {
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
                if matches!(last, "mem" | "port")
                    || place.parts.get(1).is_some_and(|p| matches!(p.as_str(), "tcp" | "udp")) =>
            {
                return Some("it reads a device".into());
            }
            "etc"
                if matches!(last, "sudoers" | "krb5.keytab")
                    || place.starts_with("etc/ssl/private")
                    || place.starts_with("etc/sudoers.d") =>
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

/// Whether a search of this place reads every secret of the user or of the machine.
pub(crate) fn holds_all(place: &Place) -> bool {
    place.is_base() && matches!(place.base, Base::Home | Base::Root)
}
