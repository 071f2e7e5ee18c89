//! The table of places that hold secrets.

/// One place, and why it is hidden.
pub struct Secret {
    /// Where it is.
    pub place: Place,
    /// What is there.
    pub reason: &'static str,
}

/// Where a secret is.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// Below a home directory.
    Home(&'static str),
    /// At a path of the machine.
    System(&'static str),
}

/// All of them.
pub fn secrets() -> impl Iterator<Item = Secret> {
    SECRETS.iter().flat_map(|(reason, places)| {
        places.split(':').map(|place| Secret {
            place: if place.starts_with('/') { Place::System(place) } else { Place::Home(place) },
            reason,
        })
    })
}

const SSH: &str = "keys, under whatever name, and the hosts that they open; without the keys, `config` and \
     `known_hosts` only tell where they would lead";
const PGP: &str = "private keys for signing and decrypting";
const CLOUD: &str = "access keys and tokens of a cloud provider";
const DEPLOY: &str = "tokens that change infrastructure";
const CONTAINERS: &str = "registry passwords and the keys of remote engines";
const KUBE: &str = "credentials of clusters";
const PACKAGES: &str = "tokens that publish packages or open private registries";
const FORGES: &str = "passwords and tokens of code hosts";
const NETRC: &str = "passwords by host, which many programs send by themselves";
const DATABASES: &str = "database passwords";
const MODELS: &str = "tokens of models and agents, and what was said to them";
const KEYRINGS: &str = "keyrings of the desktop";
const PASSWORDS: &str = "password managers";
const BROWSERS: &str = "cookies and saved passwords of a browser";
const MAIL: &str = "mail, messages, and the passwords for them";
const REMOTE: &str = "passwords of remote machines";
const WALLETS: &str = "wallets";
const HISTORY: &str = "what was typed before, passwords and tokens among it";
const ACCOUNTS: &str = "password hashes of this machine, which root could read";
const HOST_KEYS: &str = "keys and passwords of this machine, which root could read";
const MOUNTED: &str = "secrets that a container engine mounted";

/// Each reason with the places that it stands for, between colons: as one text, since each pointer to a text takes 40 bytes of a
/// library. None lies in another, so that each can be granted by itself.
const SECRETS: &[(&str, &str)] = &[
    (SSH, ".ssh"),
    (PGP, ".gnupg"),
    (
        CLOUD,
        ".aws:.config/gcloud:.boto:.gsutil:.azure:.oci:.aliyun:.bluemix:.s3cfg:.config/doctl:.config/hcloud:\
         .config/scw:.config/linode-cli:.config/rclone:.fly:.config/netlify:.local/share/com.vercel.cli:\
         .wrangler:.config/.wrangler:.config/heroku",
    ),
    (
        DEPLOY,
        ".terraform.d/credentials.tfrc.json:.terraformrc:.pulumi/credentials.json:.vault-token:.config/sops:\
         .config/age:.chef:.databrickscfg:.snowsql:.snowflake",
    ),
    (CONTAINERS, ".docker:.config/containers/auth.json"),
    (KUBE, ".kube:.config/helm:.minikube/profiles:.minikube/certs"),
    (
        PACKAGES,
        ".npmrc:.yarnrc:.yarnrc.yml:.bunfig.toml:.pypirc:.config/pypoetry/auth.toml:.cargo/credentials:\
         .cargo/credentials.toml:.gem/credentials:.composer/auth.json:.config/composer/auth.json:\
         .m2/settings.xml:.m2/settings-security.xml:.gradle/gradle.properties:.nuget/NuGet/NuGet.Config:\
         .config/NuGet:.hex/hex.config:.sbt/.credentials:.ivy2/.credentials:.pub-cache/credentials.json:\
         .config/dart/pub-credentials.json:.ansible/galaxy_token",
    ),
    (
        FORGES,
        ".git-credentials:.config/git/credentials:.config/gh:.config/glab-cli:.config/hub:.config/tea:\
         .subversion/auth",
    ),
    (NETRC, ".netrc:_netrc:.authinfo:.authinfo.gpg"),
    (DATABASES, ".pgpass:.my.cnf:.mylogin.cnf:.dbshell"),
    (
        MODELS,
        ".codex/auth.json:.claude/.credentials.json:.claude.json:.gemini/oauth_creds.json:\
         .config/github-copilot:.local/share/opencode/auth.json:.huggingface:.cache/huggingface/token:\
         .kaggle:.config/openai",
    ),
    (KEYRINGS, ".local/share/keyrings:.local/share/kwalletd:.kde/share/apps/kwallet:.pki"),
    (
        PASSWORDS,
        ".password-store:.local/share/gopass:.config/keepassxc:.cache/keepassxc:.config/KeePass:\
         .config/1Password:.config/op:.op:.config/Bitwarden:.config/Bitwarden CLI:.lpass:.local/share/lpass",
    ),
    (
        BROWSERS,
        ".mozilla:.config/google-chrome:.config/google-chrome-beta:.config/chromium:.config/BraveSoftware:\
         .config/microsoft-edge:.config/vivaldi:.config/opera:.librewolf:.waterfox:.zen:snap/firefox:\
         snap/chromium:.var/app/org.mozilla.firefox:.var/app/com.google.Chrome:\
         .var/app/org.chromium.Chromium:.var/app/com.brave.Browser:.var/app/com.microsoft.Edge",
    ),
    (
        MAIL,
        ".thunderbird:.local/share/evolution:.config/evolution:.msmtprc:.config/msmtp:.fetchmailrc:\
         .config/Signal:.config/Slack:.config/discord:.config/Element:.local/share/TelegramDesktop",
    ),
    (REMOTE, ".config/filezilla:.config/remmina:.local/share/remmina:.vnc"),
    (WALLETS, ".bitcoin:.ethereum:.electrum:.config/solana"),
    (
        HISTORY,
        ".bash_history:.zsh_history:.zhistory:.histfile:.zsh_sessions:.local/share/fish/fish_history:\
         .config/nushell/history.txt:.local/share/powershell/PSReadLine:.local/share/atuin:.python_history:\
         .node_repl_history:.irb_history:.psql_history:.mysql_history:.sqlite_history:.rediscli_history:\
         .mongosh:.lesshst:.viminfo",
    ),
    (KEYRINGS, "Library/Keychains"),
    (
        BROWSERS,
        "Library/Cookies:Library/Safari:Library/Containers/com.apple.Safari:\
         Library/Application Support/Firefox:Library/Application Support/Google/Chrome:\
         Library/Application Support/Google/Chrome Beta:Library/Application Support/Chromium:\
         Library/Application Support/BraveSoftware:Library/Application Support/Microsoft Edge:\
         Library/Application Support/Vivaldi:Library/Application Support/com.operasoftware.Opera:\
         Library/Application Support/Arc",
    ),
    (
        PASSWORDS,
        "Library/Application Support/1Password:Library/Group Containers/2BUA8C4S2C.com.1password:\
         Library/Application Support/Bitwarden",
    ),
    (
        MAIL,
        "Library/Mail:Library/Messages:Library/Thunderbird:Library/Application Support/Signal:\
         Library/Application Support/Slack:Library/Application Support/discord",
    ),
    (MODELS, "Library/Application Support/Claude"),
    (WALLETS, "Library/Application Support/Bitcoin:Library/Ethereum"),
    (ACCOUNTS, "/etc/shadow:/etc/shadow-:/etc/gshadow:/etc/gshadow-:/etc/security/opasswd"),
    (HOST_KEYS, "/etc/ssh/ssh_host_rsa_key:/etc/ssh/ssh_host_ecdsa_key:/etc/ssh/ssh_host_ed25519_key:/etc/krb5.keytab"),
    (ACCOUNTS, "/private/var/db/dslocal"),
    (
        HOST_KEYS,
        "/Library/Keychains:/etc/wireguard:/etc/NetworkManager/system-connections:/etc/ssl/private:\
         /etc/letsencrypt/archive:/etc/kubernetes:/etc/rancher:/var/lib/kubelet/pki",
    ),
    (MOUNTED, "/run/secrets"),
];
