//! Programs that take secrets and names of users as arguments, and where: `mysql -p…`, `curl -u user:…`, `ssh bob@…`.

use std::sync::LazyLock;

/// What a value holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// A secret as a whole.
    Secret,
    /// `user:password`.
    Colon,
    /// `user%password`.
    Percent,
    /// `user,password`.
    Comma,
    /// `pass:password`.
    Pass,
    /// `user/password@place`.
    Slash,
    /// A user name.
    User,
    /// `user:group`.
    Owner,
    /// `user@host`.
    Destination,
    /// `name=value; …`, or a file.
    Cookie,
    /// `name=value`, whatever the name.
    Assigned,
    /// `file:password`.
    Certificate,
    /// `u:user:rw,g:group:r`.
    Acl,
    /// `user:password` or `user:password@host`; anything else is no login.
    Login,
    /// Nothing to hide.
    Plain,
}

/// Where an option's value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Only behind the option in the same word: `-pVALUE`.
    Glued,
    /// In the next word, or behind `=`.
    Next,
    /// Either.
    Both,
}
pub(super) use Place::{Both, Glued, Next};
pub(super) use Value::{
    Acl, Assigned, Certificate, Colon, Comma, Cookie, Destination, Login, Owner, Pass, Percent, Plain, Secret, Slash,
    User,
};

/// The rules for some programs.
pub(super) struct Program {
    /// Separated by blanks.
    names: &'static str,
    /// The rules hold only when one of these words stands before the option; empty for always.
    pub(super) after: &'static [&'static str],
    pub(super) options: &'static [(&'static str, Place, Value)],
    /// What the first argument that is no option holds.
    pub(super) first: Option<Value>,
    /// What every argument that is no option holds.
    pub(super) every: Option<Value>,
    /// What the last argument holds.
    pub(super) last: Option<Value>,
    /// What each argument behind a word holds.
    pub(super) then: &'static [(&'static str, Value)],
}

const fn program(names: &'static str, options: &'static [(&'static str, Place, Value)]) -> Program {
    Program { names, after: &[], options, first: None, every: None, last: None, then: &[] }
}

/// Programs whose arguments behind a word are secrets.
const fn then(names: &'static str, then: &'static [(&'static str, Value)]) -> Program {
    Program { then, ..program(names, &[]) }
}

static PROGRAMS: [Program; 84] = [
    program(
        "mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlcheck mariadb mariadb-dump",
        &[("-p", Glued, Secret), ("-u", Both, User)],
    ),
    program("mycli pgcli", &[("-p", Both, Secret), ("-u", Both, User)]),
    program("sshpass", &[("-p", Both, Secret)]),
    Program {
        after: &["login"],
        ..program(
            "docker podman nerdctl buildah skopeo oras crane helm az oc ibmcloud registry",
            &[("-p", Both, Secret), ("-u", Both, User)],
        )
    },
    Program {
        then: &[("passwd", Secret)],
        ..program(
            "openssl",
            &[
                ("-hmac", Next, Secret),
                ("-psk", Next, Secret),
                ("hexkey:", Glued, Secret),
                ("key:", Glued, Secret),
                ("-k", Next, Secret),
                ("-K", Next, Secret),
                ("-pass", Next, Pass),
                ("-passin", Next, Pass),
                ("-passout", Next, Pass),
                ("-password", Next, Pass),
            ],
        )
    },
    program(
        "curl",
        &[
            ("-u", Both, Colon),
            ("--user", Next, Colon),
            ("-U", Both, Colon),
            ("--proxy-user", Next, Colon),
            ("-b", Both, Cookie),
            ("--cookie", Next, Cookie),
            ("--oauth2-bearer", Next, Secret),
            ("--pass", Next, Secret),
            ("-E", Both, Certificate),
            ("--cert", Next, Certificate),
        ],
    ),
    program("http https httpie xh xhs", &[("-a", Both, Colon), ("--auth", Next, Colon)]),
    Program {
        then: &[("AUTH", Secret), ("auth", Secret)],
        ..program("redis-cli valkey-cli", &[("-a", Both, Secret), ("--pass", Next, Secret), ("--user", Next, User)])
    },
    program(
        "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat cqlsh rabbitmqadmin twine arangosh cypher-shell conan altool notarytool supabase yt-dlp",
        &[("-p", Both, Secret), ("-u", Both, User)],
    ),
    program("sqlcmd bcp isql osql", &[("-P", Both, Secret), ("-U", Both, User)]),
    program(
        "psql pg_dump pg_restore pg_dumpall createdb dropdb createuser",
        &[("-U", Both, User), ("--username", Next, User)],
    ),
    program("zip unzip zipcloak mosquitto_pub mosquitto_sub ipmitool", &[("-P", Both, Secret), ("-U", Both, User)]),
    program("7z 7za 7zz 7zr rar unrar", &[("-p", Glued, Secret), ("-hp", Glued, Secret)]),
    program("smbclient rpcclient smbget winexe wmic", &[("-U", Both, Percent), ("--user", Next, Percent)]),
    program(
        "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami",
        &[("-w", Both, Secret), ("-s", Both, Secret)],
    ),
    program(
        "snmpwalk snmpget snmpset snmpbulkwalk",
        &[("-c", Both, Secret), ("-A", Both, Secret), ("-X", Both, Secret)],
    ),
    program(
        "keytool jarsigner",
        &[
            ("-storepass", Next, Secret),
            ("-keypass", Next, Secret),
            ("-srcstorepass", Next, Secret),
            ("-deststorepass", Next, Secret),
        ],
    ),
    program("plink pscp psftp putty plink.exe pscp.exe", &[("-pw", Next, Secret), ("-l", Next, User)]),
    program("lftp ncftp ncftpput ncftpget", &[("-u", Both, Comma), ("-p", Both, Secret)]),
    Program { then: &[("setapikey", Secret)], ..program("nuget", &[("-ApiKey", Next, Secret)]) },
    Program {
        after: &["nuget"],
        ..program(
            "dotnet",
            &[("-k", Next, Secret), ("--api-key", Next, Secret), ("-p", Next, Secret), ("-u", Next, User)],
        )
    },
    program("doctl vercel fly flyctl netlify surge", &[("-t", Both, Secret), ("--auth", Next, Secret)]),
    Program {
        after: &["secret", "variable", "login"],
        ..program(
            "gh glab tea",
            &[("-b", Both, Secret), ("--body", Next, Secret), ("-t", Both, Secret), ("-v", Both, Secret)],
        )
    },
    Program { after: &["login"], first: Some(Secret), ..program("cargo", &[]) },
    Program {
        then: &[
            ("login", Secret),
            ("unseal", Secret),
            ("unwrap", Secret),
            ("revoke", Secret),
            ("renew", Secret),
            ("lookup", Secret),
            ("put", Assigned),
            ("patch", Assigned),
        ],
        ..program("vault", &[("secret_id=", Glued, Secret)])
    },
    Program { after: &["secret"], ..program("kubectl", &[("--from-literal", Next, Assigned)]) },
    then("neo4j-admin", &[("set-initial-password", Secret)]),
    program("security", &[("-w", Both, Secret), ("-p", Both, Secret), ("-P", Both, Secret), ("-a", Both, User)]),
    then("snyk", &[("auth", Secret)]),
    then("wandb", &[("login", Secret)]),
    then("ngrok", &[("authtoken", Secret), ("add-authtoken", Secret)]),
    then("cloudflared", &[("install", Secret)]),
    then("bw", &[("login", Secret), ("unlock", Secret)]),
    Program {
        after: &["login", "auth"],
        then: &[("auth", Secret)],
        ..program("cf", &[("-p", Both, Secret), ("-u", Both, User)])
    },
    Program { first: Some(User), ..program("kinit", &[]) },
    Program { first: Some(Secret), ..program("convertto-securestring", &[("-String", Next, Secret)]) },
    // What they read, or an option that others don't have, is judged elsewhere.
    program("cryptsetup aws gcloud wrangler pass keyring secret-tool", &[]),
    then("pulumi", &[("--secret", Secret)]),
    then("rabbitmqctl", &[("add_user", Secret), ("change_password", Secret), ("authenticate_user", Secret)]),
    Program {
        then: &[("http-basic.", Secret), ("pypi-token.", Secret)],
        ..program("poetry", &[("-p", Both, Secret), ("-u", Both, User)])
    },
    then(
        "composer",
        &[("http-basic.", Secret), ("github-oauth.", Secret), ("gitlab-token.", Secret), ("bearer.", Secret)],
    ),
    then("bundle", &[("config", Login)]),
    then("mc mcli", &[("set", Secret), ("host", Secret)]),
    program("iwconfig", &[("key", Next, Secret)]),
    program("nmcli", &[("wifi-sec.psk", Next, Secret), ("802-11-wireless-security.psk", Next, Secret)]),
    then("networksetup", &[("-setairportnetwork", Secret)]),
    program("uv", &[("-p", Both, Secret), ("-t", Both, Secret), ("-u", Both, User)]),
    program("codecov coveralls influx", &[("-t", Both, Secret)]),
    program("crackmapexec netexec nxc evil-winrm hydra", &[("-p", Both, Secret), ("-u", Both, User)]),
    program("pdftotext pdfimages pdftoppm pdfinfo", &[("-upw", Next, Secret), ("-opw", Next, Secret)]),
    then("pdftk", &[("input_pw", Secret), ("user_pw", Secret), ("owner_pw", Secret)]),
    then("llm", &[("--value", Secret)]),
    program("openai", &[("-k", Both, Secret)]),
    program("swaks", &[("-ap", Next, Secret), ("-au", Next, User)]),
    program("ssh-keygen", &[("-N", Both, Secret), ("-P", Both, Secret)]),
    Program { every: Some(Secret), ..program("mkpasswd", &[("-m", Both, Plain), ("-R", Both, Plain)]) },
    Program { every: Some(Login), ..program("curlftpfs", &[]) },
    program("runas cmdkey", &[("/user:", Glued, User), ("/pass:", Glued, Secret)]),
    Program {
        then: &[("use", Secret), ("user", Secret)],
        ..program("net", &[("/user:", Glued, User), ("-U", Both, Percent), ("--user", Next, Percent)])
    },
    program("ansible ansible-playbook", &[("-u", Both, User)]),
    Program { first: Some(Slash), ..program("sqlplus sqlldr expdp impdp exp imp", &[]) },
    program(
        "xfreerdp wlfreerdp xfreerdp3 rdesktop mstsc",
        &[("/p:", Glued, Secret), ("/u:", Glued, User), ("-p", Both, Secret), ("-u", Both, User)],
    ),
    program(
        "signtool certutil schtasks psexec",
        &[("/p", Next, Secret), ("-p", Next, Secret), ("/rp", Next, Secret), ("/u", Next, User), ("-u", Next, User)],
    ),
    Program {
        then: &[("obscure", Secret)],
        ..program("rclone", &[("secret_access_key", Next, Secret), ("pass", Next, Secret)])
    },
    program("restic borg gpg gpg2 age", &[("--passphrase", Next, Secret)]),
    program(
        "sudo doas pkill pgrep ps crontab systemctl quota at lsof",
        &[("-u", Both, User), ("-U", Both, User), ("--user", Next, User)],
    ),
    Program {
        first: Some(User),
        last: Some(User),
        ..program(
            "passwd usermod useradd userdel adduser deluser chage chsh chfn",
            &[("-p", Both, Secret), ("--password", Next, Secret)],
        )
    },
    Program {
        first: Some(User),
        ..program(
            "su runuser id finger groups last",
            &[("-u", Next, User), ("-l", Next, User), ("--login", Next, User)],
        )
    },
    program("gpasswd", &[("-a", Both, User), ("-d", Both, User)]),
    program("find", &[("-user", Next, User)]),
    then(
        "loginctl",
        &[
            ("enable-linger", User),
            ("disable-linger", User),
            ("terminate-user", User),
            ("kill-user", User),
            ("user-status", User),
            ("show-user", User),
        ],
    ),
    then("git", &[("user.name", User)]),
    Program { first: Some(Owner), ..program("chown chgrp", &[]) },
    Program {
        every: Some(Destination),
        ..program(
            "ssh scp sftp rsync mosh autossh ssh-copy-id sshfs telnet mail mailx",
            &[("-l", Both, User), ("-oUser=", Glued, User)],
        )
    },
    Program { every: Some(Colon), ..program("chpasswd", &[]) },
    program("wget", &[("--user", Next, User), ("--http-user", Next, User), ("--ftp-user", Next, User)]),
    program("setfacl", &[("-m", Both, Acl), ("-x", Both, Acl), ("--modify", Next, Acl), ("--remove", Next, Acl)]),
    Program { after: &["passwd", "shadow", "group"], every: Some(User), ..program("getent", &[]) },
    Program { after: &["encrypt_string"], every: Some(Secret), ..program("ansible-vault", &[]) },
    Program { after: &["authorize-account", "account"], every: Some(Secret), ..program("b2", &[]) },
    program("etcdctl", &[("--user", Next, Colon)]),
    program("sendemail", &[("-xp", Next, Secret), ("-xu", Next, User)]),
    Program { every: Some(Secret), ..program("wpa_passphrase", &[]) },
    Program {
        after: &["-b", "-bc", "-cb", "-nb", "-bn", "-bB", "-Bb", "-nbB", "-nbBC", "-bcB", "-cbB"],
        every: Some(Secret),
        ..program("htpasswd", &[])
    },
];

/// Programs that run the program in their arguments.
const WRAPPERS: [&str; 19] = [
    "sudo", "doas", "env", "nohup", "time", "exec", "command", "xargs", "nice", "timeout", "stdbuf", "setsid",
    "ionice", "watch", "xcrun", "sshpass", "runuser", "busybox", "npx",
];

/// A program that means something to redaction.
pub(super) struct Known {
    name: &'static str,
    pub(super) rules: Option<&'static Program>,
    /// It runs the program in its arguments.
    pub(super) wraps: bool,
}

/// The program of this name, in any case.
pub(super) fn known(name: &[u8]) -> Option<&'static Known> {
    static BY_NAME: LazyLock<Box<[Vec<Known>; 256]>> = LazyLock::new(|| {
        let mut table = Box::new([const { Vec::<Known>::new() }; 256]);
        let rules = PROGRAMS.iter().flat_map(|program| program.names.split(' ').map(move |name| (name, Some(program))));
        for (name, rules) in rules.chain(WRAPPERS.map(|name| (name, None))) {
            let entry = &mut table[slot(name.as_bytes())];
            match entry.iter_mut().find(|known| known.name == name) {
                Some(known) => known.wraps |= rules.is_none(),
                None => entry.push(Known { name, rules, wraps: rules.is_none() }),
            }
        }
        table
    });
    BY_NAME[slot(name)].iter().find(|known| known.name.as_bytes().eq_ignore_ascii_case(name))
}

/// Where a name stands in the table: by its length and its first and last letter.
fn slot(name: &[u8]) -> usize {
    let letter = |byte: Option<&u8>| usize::from(byte.map_or(0, |b| b | 0x20));
    (letter(name.first()) * 31 + letter(name.last()) * 7 + name.len()) % 256
}

/// Whether a program of this name has rules.
pub(super) fn has_rules(name: &[u8]) -> bool {
    known(name).is_some_and(|known| known.rules.is_some())
}
