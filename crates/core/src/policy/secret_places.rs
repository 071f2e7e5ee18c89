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

const fn home(below: &'static str, reason: &'static str) -> Secret {
    Secret { place: Place::Home(below), reason }
}

const fn system(path: &'static str, reason: &'static str) -> Secret {
    Secret { place: Place::System(path), reason }
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

/// All of them. None lies in another, so that each can be granted by itself.
pub const SECRETS: &[Secret] = &[
    home(".ssh", SSH),
    home(".gnupg", PGP),
    home(".aws", CLOUD),
    home(".config/gcloud", CLOUD),
    home(".boto", CLOUD),
    home(".gsutil", CLOUD),
    home(".azure", CLOUD),
    home(".oci", CLOUD),
    home(".aliyun", CLOUD),
    home(".bluemix", CLOUD),
    home(".s3cfg", CLOUD),
    home(".config/doctl", CLOUD),
    home(".config/hcloud", CLOUD),
    home(".config/scw", CLOUD),
    home(".config/linode-cli", CLOUD),
    home(".config/rclone", CLOUD),
    home(".fly", CLOUD),
    home(".config/netlify", CLOUD),
    home(".local/share/com.vercel.cli", CLOUD),
    home(".wrangler", CLOUD),
    home(".config/.wrangler", CLOUD),
    home(".config/heroku", CLOUD),
    home(".terraform.d/credentials.tfrc.json", DEPLOY),
    home(".terraformrc", DEPLOY),
    home(".pulumi/credentials.json", DEPLOY),
    home(".vault-token", DEPLOY),
    home(".config/sops", DEPLOY),
    home(".config/age", DEPLOY),
    home(".chef", DEPLOY),
    home(".databrickscfg", DEPLOY),
    home(".snowsql", DEPLOY),
    home(".snowflake", DEPLOY),
    home(".docker", CONTAINERS),
    home(".config/containers/auth.json", CONTAINERS),
    home(".kube", KUBE),
    home(".config/helm", KUBE),
    home(".minikube/profiles", KUBE),
    home(".minikube/certs", KUBE),
    home(".npmrc", PACKAGES),
    home(".yarnrc", PACKAGES),
    home(".yarnrc.yml", PACKAGES),
    home(".bunfig.toml", PACKAGES),
    home(".pypirc", PACKAGES),
    home(".config/pypoetry/auth.toml", PACKAGES),
    home(".cargo/credentials", PACKAGES),
    home(".cargo/credentials.toml", PACKAGES),
    home(".gem/credentials", PACKAGES),
    home(".composer/auth.json", PACKAGES),
    home(".config/composer/auth.json", PACKAGES),
    home(".m2/settings.xml", PACKAGES),
    home(".m2/settings-security.xml", PACKAGES),
    home(".gradle/gradle.properties", PACKAGES),
    home(".nuget/NuGet/NuGet.Config", PACKAGES),
    home(".config/NuGet", PACKAGES),
    home(".hex/hex.config", PACKAGES),
    home(".git-credentials", FORGES),
    home(".config/git/credentials", FORGES),
    home(".config/gh", FORGES),
    home(".config/glab-cli", FORGES),
    home(".config/hub", FORGES),
    home(".config/tea", FORGES),
    home(".subversion/auth", FORGES),
    home(".netrc", NETRC),
    home("_netrc", NETRC),
    home(".authinfo", NETRC),
    home(".authinfo.gpg", NETRC),
    home(".pgpass", DATABASES),
    home(".my.cnf", DATABASES),
    home(".mylogin.cnf", DATABASES),
    home(".dbshell", DATABASES),
    home(".codex/auth.json", MODELS),
    home(".claude/.credentials.json", MODELS),
    home(".claude.json", MODELS),
    home(".gemini/oauth_creds.json", MODELS),
    home(".config/github-copilot", MODELS),
    home(".local/share/opencode/auth.json", MODELS),
    home(".huggingface", MODELS),
    home(".cache/huggingface/token", MODELS),
    home(".kaggle", MODELS),
    home(".config/openai", MODELS),
    home(".local/share/keyrings", KEYRINGS),
    home(".local/share/kwalletd", KEYRINGS),
    home(".kde/share/apps/kwallet", KEYRINGS),
    home(".pki", KEYRINGS),
    home(".password-store", PASSWORDS),
    home(".local/share/gopass", PASSWORDS),
    home(".config/keepassxc", PASSWORDS),
    home(".cache/keepassxc", PASSWORDS),
    home(".config/KeePass", PASSWORDS),
    home(".config/1Password", PASSWORDS),
    home(".config/op", PASSWORDS),
    home(".op", PASSWORDS),
    home(".config/Bitwarden", PASSWORDS),
    home(".config/Bitwarden CLI", PASSWORDS),
    home(".lpass", PASSWORDS),
    home(".local/share/lpass", PASSWORDS),
    home(".mozilla", BROWSERS),
    home(".config/google-chrome", BROWSERS),
    home(".config/google-chrome-beta", BROWSERS),
    home(".config/chromium", BROWSERS),
    home(".config/BraveSoftware", BROWSERS),
    home(".config/microsoft-edge", BROWSERS),
    home(".config/vivaldi", BROWSERS),
    home(".config/opera", BROWSERS),
    home(".librewolf", BROWSERS),
    home(".waterfox", BROWSERS),
    home(".zen", BROWSERS),
    home("snap/firefox", BROWSERS),
    home("snap/chromium", BROWSERS),
    home(".var/app/org.mozilla.firefox", BROWSERS),
    home(".var/app/com.google.Chrome", BROWSERS),
    home(".var/app/org.chromium.Chromium", BROWSERS),
    home(".var/app/com.brave.Browser", BROWSERS),
    home(".var/app/com.microsoft.Edge", BROWSERS),
    home(".thunderbird", MAIL),
    home(".local/share/evolution", MAIL),
    home(".config/evolution", MAIL),
    home(".msmtprc", MAIL),
    home(".config/msmtp", MAIL),
    home(".fetchmailrc", MAIL),
    home(".config/Signal", MAIL),
    home(".config/Slack", MAIL),
    home(".config/discord", MAIL),
    home(".config/Element", MAIL),
    home(".local/share/TelegramDesktop", MAIL),
    home(".config/filezilla", REMOTE),
    home(".config/remmina", REMOTE),
    home(".local/share/remmina", REMOTE),
    home(".vnc", REMOTE),
    home(".bitcoin", WALLETS),
    home(".ethereum", WALLETS),
    home(".electrum", WALLETS),
    home(".config/solana", WALLETS),
    home(".bash_history", HISTORY),
    home(".zsh_history", HISTORY),
    home(".zhistory", HISTORY),
    home(".histfile", HISTORY),
    home(".zsh_sessions", HISTORY),
    home(".local/share/fish/fish_history", HISTORY),
    home(".config/nushell/history.txt", HISTORY),
    home(".local/share/powershell/PSReadLine", HISTORY),
    home(".local/share/atuin", HISTORY),
    home(".python_history", HISTORY),
    home(".node_repl_history", HISTORY),
    home(".irb_history", HISTORY),
    home(".psql_history", HISTORY),
    home(".mysql_history", HISTORY),
    home(".sqlite_history", HISTORY),
    home(".rediscli_history", HISTORY),
    home(".mongosh", HISTORY),
    home(".lesshst", HISTORY),
    home(".viminfo", HISTORY),
    home("Library/Keychains", KEYRINGS),
    home("Library/Cookies", BROWSERS),
    home("Library/Safari", BROWSERS),
    home("Library/Containers/com.apple.Safari", BROWSERS),
    home("Library/Application Support/Firefox", BROWSERS),
    home("Library/Application Support/Google/Chrome", BROWSERS),
    home("Library/Application Support/Google/Chrome Beta", BROWSERS),
    home("Library/Application Support/Chromium", BROWSERS),
    home("Library/Application Support/BraveSoftware", BROWSERS),
    home("Library/Application Support/Microsoft Edge", BROWSERS),
    home("Library/Application Support/Vivaldi", BROWSERS),
    home("Library/Application Support/com.operasoftware.Opera", BROWSERS),
    home("Library/Application Support/Arc", BROWSERS),
    home("Library/Application Support/1Password", PASSWORDS),
    home("Library/Group Containers/2BUA8C4S2C.com.1password", PASSWORDS),
    home("Library/Application Support/Bitwarden", PASSWORDS),
    home("Library/Mail", MAIL),
    home("Library/Messages", MAIL),
    home("Library/Thunderbird", MAIL),
    home("Library/Application Support/Signal", MAIL),
    home("Library/Application Support/Slack", MAIL),
    home("Library/Application Support/discord", MAIL),
    home("Library/Application Support/Claude", MODELS),
    home("Library/Application Support/Bitcoin", WALLETS),
    home("Library/Ethereum", WALLETS),
    system("/etc/shadow", ACCOUNTS),
    system("/etc/shadow-", ACCOUNTS),
    system("/etc/gshadow", ACCOUNTS),
    system("/etc/gshadow-", ACCOUNTS),
    system("/etc/security/opasswd", ACCOUNTS),
    system("/etc/ssh/ssh_host_rsa_key", HOST_KEYS),
    system("/etc/ssh/ssh_host_ecdsa_key", HOST_KEYS),
    system("/etc/ssh/ssh_host_ed25519_key", HOST_KEYS),
    system("/etc/krb5.keytab", HOST_KEYS),
    system("/private/var/db/dslocal", ACCOUNTS),
    system("/Library/Keychains", HOST_KEYS),
    system("/etc/wireguard", HOST_KEYS),
    system("/etc/NetworkManager/system-connections", HOST_KEYS),
    system("/etc/ssl/private", HOST_KEYS),
    system("/etc/letsencrypt/archive", HOST_KEYS),
    system("/etc/kubernetes", HOST_KEYS),
    system("/etc/rancher", HOST_KEYS),
    system("/var/lib/kubelet/pki", HOST_KEYS),
    system("/run/secrets", MOUNTED),
];
