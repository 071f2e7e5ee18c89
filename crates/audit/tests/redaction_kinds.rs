//! More of each kind than the shared cases hold: other spellings, other programs, other formats, and traps.
//!
//! `CODEX_AUDIT_CASES` sets how many cases each property is tried with; the default is small.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and a child reports by printing"
)]

mod common;

use std::sync::LazyLock;

use codex_audit::{Identity, Redactor};
use proptest::prelude::*;

fn redactor() -> &'static Redactor {
    static ALICE: LazyLock<Redactor> = LazyLock::new(|| {
        let identity = Identity {
            users: vec!["alice".into()],
            homes: vec!["/home/alice".into()],
            hosts: vec!["alice-mbp".into()],
        };
        Redactor::new(&identity).unwrap()
    });
    &ALICE
}

#[track_caller]
fn hides(cases: &[(&str, &str)]) {
    let redactor = redactor();
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, secret)| (text, secret, redactor.text(text).text.into_owned()))
        .filter(|(_, secret, out)| out.to_lowercase().contains(&secret.to_lowercase()))
        .map(|(text, secret, out)| format!("{secret} in: {text} -> {out}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn homes_of_others() {
    hides(&[
        (r"\\wsl$\Ubuntu\home\bob\x", "bob"),
        (r"\\wsl.localhost\Ubuntu-22.04\home\bob\x", "bob"),
        (r"//wsl$/Ubuntu/home/bob/x", "bob"),
        (r"\\server\Users\bob\x", "bob"),
        (r"\\server\c$\Users\bob\x", "bob"),
        (r"\\?\UNC\server\homes\bob\x", "bob"),
        (r"c:\users\bob", "bob"),
        (r"D:\Users\bob\x", "bob"),
        (r"cd C:\Users\Bob Jones\x && dir", "jones"),
        (r#""C:\Users\Bob Jones""#, "jones"),
        ("/Users/Bob Jones/x", "jones"),
        (r"/Users/Bob\ Jones/x", "jones"),
        ("file:///Users/Bob%20Jones/x", "jones"),
        ("file://host/home/bob/x", "bob"),
        ("vscode-remote://ssh-remote+dev/home/bob/x", "bob"),
        ("%2Fhome%2Fbob%2Fx", "bob"),
        ("%2FUsers%2Fbob%2Fx", "bob"),
        ("file%3A%2F%2F%2Fhome%2Fbob%2Fx", "bob"),
        ("c%3A%2FUsers%2Fbob", "bob"),
        ("/proc/1/root/home/bob", "bob"),
        ("/net/nas/home/bob/x", "bob"),
        ("/mnt/data/home/bob/x", "bob"),
        ("/usr/home/bob", "bob"),
        ("~bob/x", "bob"),
        ("cp ~bob/.ssh/id /x", "bob"),
        ("/host/home/bob", "bob"),
        ("PATH=/usr/bin:/home/bob/bin", "bob"),
        ("-I/home/bob/include", "bob"),
        ("user@h:/home/bob/x", "bob"),
        ("~/.claude/projects/-home-bob", "bob"),
        ("-Users-bob-code-x", "bob"),
        ("projects/C--Users-bob-src", "bob"),
        ("/home/bob/../../home/carol/x", "carol"),
        ("[/home/bob/x]", "bob"),
        ("('/home/bob/x')", "bob"),
        ("/run/media/bob/usb", "bob"),
        ("/Volumes/Disk/Users/bob", "bob"),
        ("/c/Users/BOB~1/AppData", "bob"),
        (r"C:\\Users\\bob\\x", "bob"),
        ("/var/home/bob/.config", "bob"),
    ]);
}

#[test]
fn homes_in_rarer_places() {
    hides(&[
        ("/homes/bob/x", "bob"),
        (r"\\server\home$\bob\x", "bob"),
        (r"\\server\users$\bob", "bob"),
        ("/home/local/CORP/bob/x", "bob"),
        ("/Volumes/Macintosh HD/Users/bob/x", "bob"),
        (&format!("{}é /Volumes/Macintosh HD/Users/bob/x", "é".repeat(130)), "bob"),
        (&format!("/Volumes/{} HD/Users/bob/x", "é".repeat(120)), "bob"),
        ("groups=1001(bob),27(sudo)", "bob"),
        ("getent passwd bob", "bob"),
        ("usermod -aG docker bob", "bob"),
        ("sudo usermod -s /bin/zsh bob", "bob"),
    ]);
}

#[test]
fn secrets_in_quoted_command_lines() {
    hides(&[
        ("bash -c 'mysql -phunter22 db'", "hunter22"),
        ("sh -c \"curl -u bob:hunter22 x\"", "hunter22"),
        ("ssh h \"mysql -phunter22 db\"", "hunter22"),
        ("ssh bob@h 'sudo -u carol mysql --password hunter22'", "hunter22"),
        ("docker exec db sh -c 'mysql -uroot -phunter22'", "hunter22"),
        ("sudo bash -c \"echo root:hunter22 | chpasswd\"", "hunter22"),
        ("ssh h \"sh -c 'mysql -phunter22 db'\"", "hunter22"),
    ]);
}

#[test]
fn secrets_that_another_command_reads() {
    hides(&[
        ("echo hunter22 | docker login --password-stdin -u x", "hunter22"),
        ("printf '%s' hunter22 | gh auth login --with-token", "hunter22"),
        ("echo -n hunter22 | sudo -S ls", "hunter22"),
        ("echo hunter22 | sudo passwd --stdin bob", "hunter22"),
        ("echo bob:hunter22 | sudo chpasswd", "hunter22"),
        ("echo hunter22 | gpg --batch --passphrase-fd 0 -d f", "hunter22"),
    ]);
}

#[test]
fn secrets_that_only_words_announce() {
    hides(&[
        ("psql -c \"ALTER USER app WITH PASSWORD 'hunter22'\"", "hunter22"),
        ("psql -c \"ALTER ROLE app WITH ENCRYPTED PASSWORD 'hunter22'\"", "hunter22"),
        ("mysql -e \"CREATE USER 'app'@'%' IDENTIFIED BY 'hunter22'\"", "hunter22"),
        ("mysql -e \"SET PASSWORD FOR app = PASSWORD('hunter22')\"", "hunter22"),
        ("echo \"machine x login bob password hunter22\" > .netrc", "hunter22"),
        ("nmcli dev wifi connect net password hunter22", "hunter22"),
        ("wpa_passphrase net hunter22", "hunter22"),
        ("htpasswd -b f bob hunter22", "hunter22"),
        ("ansible-vault encrypt_string hunter22 --name x", "hunter22"),
        ("etcdctl --user root:hunter22 get x", "hunter22"),
        ("sqlplus -S scott/tiger99@db", "tiger99"),
        ("pypi-AgEIcHlwaS5vcmcCJDU", "AgEIcHlwaS5vcmcCJDU"),
        ("secret_key_base: 0123456789abcdef", "0123456789abcdef"),
        ("requirepass=hunter22", "hunter22"),
    ]);
}

#[test]
fn the_known_user_and_host_anywhere() {
    hides(&[
        ("su - alice -c id", "alice"),
        ("id alice", "alice"),
        ("/var/mail/alice", "alice"),
        ("/var/spool/cron/crontabs/ALICE", "alice"),
        ("--user=alice", "alice"),
        ("alice's laptop", "alice"),
        ("/tmp/claude_alice/x", "alice"),
        ("ALICE@corp", "alice"),
        (r"CORP\\alice", "alice"),
        ("%2Fhome%2Falice", "alice"),
        (r#"{"home":"\\home\\alice"}"#, "alice"),
        ("drwxr-xr-x 2 alice alice 4096 x", "alice"),
        ("alice@alice-mbp:~$", "alice"),
        ("ping ALICE-MBP.local", "mbp"),
        ("http://alice-mbp:3000/x", "alice-mbp"),
        ("git log --author=Alice", "alice"),
        ("ssh -l bob h", "bob"),
        ("ssh bob@h", "bob"),
        ("rsync -a x bob@h:/y", "bob"),
        ("sudo -u bob ls", "bob"),
        ("sudo --user=bob ls", "bob"),
        ("chown -R bob:bob /x", "bob"),
        ("uid=1001(bob) gid=1001(bob)", "bob"),
        ("SUDO_USER=bob", "bob"),
        ("mail bob.jones+x@corp.example", "jones"),
        ("git config user.email bob@corp.co.uk", "bob"),
        ("mailto:bob@corp.example", "bob"),
    ]);
}

const S: &str = "Hunter2Zq9x";

#[test]
fn secrets_by_program() {
    for text in [
        "mysql -u root -pHunter2Zq9x db",
        "/usr/bin/mysqldump -pHunter2Zq9x db",
        "mysql --password=Hunter2Zq9x db",
        "sudo mysql -pHunter2Zq9x",
        "env A=b mysql -pHunter2Zq9x",
        "cd x && mysql -pHunter2Zq9x",
        "sshpass -pHunter2Zq9x ssh h",
        "docker login -u me -p Hunter2Zq9x reg.example",
        "podman login --password Hunter2Zq9x",
        "openssl aes-256-cbc -k Hunter2Zq9x -in x",
        "openssl enc -pass pass:Hunter2Zq9x",
        "openssl rsa -passin pass:Hunter2Zq9x",
        "curl --user me:Hunter2Zq9x https://x",
        "curl -u 'me:Hunter2Zq9x' https://x",
        "curl --proxy-user me:Hunter2Zq9x https://x",
        "curl -H 'X-Api-Key: Hunter2Zq9x' https://x",
        "curl -H 'Authorization: Basic Hunter2Zq9x' https://x",
        "curl -H 'Authorization: token Hunter2Zq9x' https://x",
        "curl -H Authorization:Bearer_Hunter2Zq9x",
        "curl -HAuthorization:\\ Bearer\\ Hunter2Zq9x",
        "curl -H 'Cookie: session=Hunter2Zq9x; a=b'",
        "curl -b session=Hunter2Zq9x https://x",
        "curl -H 'PRIVATE-TOKEN: Hunter2Zq9x'",
        "curl -d '{\"password\":\"Hunter2Zq9x\"}' https://x",
        "curl -d 'user=a&password=Hunter2Zq9x' https://x",
        "wget --password=Hunter2Zq9x https://x",
        "wget --header='Authorization: Bearer Hunter2Zq9x'",
        "http -a me:Hunter2Zq9x https://x",
        "redis-cli -a Hunter2Zq9x ping",
        "mongosh -u me -p Hunter2Zq9x",
        "sqlcmd -S h -U me -P Hunter2Zq9x",
        "PGPASSWORD=Hunter2Zq9x psql -h h",
        "zip -P Hunter2Zq9x x.zip y",
        "7z x -pHunter2Zq9x a.7z",
        "smbclient //h/s -U me%Hunter2Zq9x",
        "ldapsearch -D cn=x -w Hunter2Zq9x",
        "keytool -list -storepass Hunter2Zq9x",
        "gpg --batch --passphrase Hunter2Zq9x -d x",
        "aws configure set aws_secret_access_key Hunter2Zq9x",
        "npm config set //registry.example.org/:_authToken Hunter2Zq9x",
        "gh secret set NAME --body Hunter2Zq9x",
        "vault login Hunter2Zq9x",
        "cargo login Hunter2Zq9x",
        "sqlplus scott/Hunter2Zq9x@db",
        "kubectl create secret generic x --from-literal=password=Hunter2Zq9x",
        "az login -u me -p Hunter2Zq9x",
        "xfreerdp /u:me /p:Hunter2Zq9x /v:h",
        "psql 'host=h user=me password=Hunter2Zq9x'",
        "ansible-playbook -e ansible_become_password=Hunter2Zq9x",
        "tool --api-key Hunter2Zq9x",
        "tool --token Hunter2Zq9x x",
        "tool -token=Hunter2Zq9x",
        "tool --client-secret=Hunter2Zq9x",
        "export AWS_SECRET_ACCESS_KEY=Hunter2Zq9x",
        "sh -c \"mysql_pwd=Hunter2Zq9x; : Hunter2Zq9x\"",
        "true -pHunter2Zq9x",
        "true -u me:Hunter2Zq9x",
    ] {
        hides(&[(text, S)]);
    }
}

#[test]
fn secrets_by_place_and_form() {
    hides(&[
        ("https://u:Hunter2Zq9x@h/x", S),
        ("https://u:p/Hunter2Zq9x@h/x", S),
        ("redis://:Hunter2Zq9x@h:6379", S),
        ("amqps://u:Hunter2Zq9x@h/v", S),
        ("mongodb+srv://u:Hunter2Zq9x@h/x?y=z", S),
        ("jdbc:postgresql://h/db?user=a&password=Hunter2Zq9x", S),
        ("u:Hunter2Zq9x@tcp(h:3306)/db", S),
        ("Server=h;Database=d;User Id=sa;Password=Hunter2Zq9x;", S),
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Hunter2Zq9x==;", S),
        ("Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=Hunter2Zq9x=", S),
        ("https://x/?access_token=Hunter2Zq9x&a=b", S),
        ("https://x/?sv=1&sig=Hunter2Zq9x", S),
        ("https://x/?X-Amz-Signature=Hunter2Zq9x", S),
        ("https://x/#access_token=Hunter2Zq9x", S),
        ("https://maps/?key=Hunter2Zq9x", S),
        ("https://x/cb?code=Hunter2Zq9x&state=y", S),
        ("password: Hunter2Zq9x", S),
        ("\"clientSecret\" : \"Hunter2Zq9x\"", S),
        (r#"{\"apiKey\":\"Hunter2Zq9x\"}"#, S),
        ("password='two words Hunter2Zq9x'", S),
        ("password%3DHunter2Zq9x", S),
        ("secret:Hunter2Zq9x", S),
        ("dbPassword=Hunter2Zq9x", S),
        ("/proc/token=Hunter2Zq9x", S),
        ("Bearer Hunter2Zq9x", S),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFOD"),
        ("github_pat_11ABCDEFG0abcdefghij_klmnop", "11ABC"),
        ("glpat-abcdefghij0123456789", "abcdefghij"),
        ("xoxb-123456789012-abcdefghijkl", "123456789012"),
        ("sk-ant-REDACTME0123456789", "REDACTME"),
        ("sk-ant-api03-abcdefghijklmnop-qrstuv", "api03"),
        ("sk_live_abcdefghijklmnop", "abcdefgh"),
        ("hf_abcdefghijklmnopqrstuvwxyz", "abcdefgh"),
        ("https://hooks.slack.com/services/T000/B000/XXXXXXXX", "XXXXXXXX"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----b3BlbnNzaC1rZXk", "b3BlbnNz"),
        ("-----BEGIN EC PRIVATE KEY-----\nMIIE\n-----END EC PRIVATE KEY-----", "MIIE"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nMIIE", "MIIE"),
        ("wJalr7XUtnFEMIK7MDEN5GbPxRfiCY3EXAMPLEKEY", "wJalr"),
        ("SG.abcdefghijklmnop1234.qrstuvwxyz0123456789ABCDEFGHIJ", "qrstuv"),
        ("ya29.a0AfH6SMBabcdefghijklmno", "AfH6"),
    ]);
}

#[test]
fn what_must_stay() {
    let redactor = redactor();
    let mut wrong = Vec::new();
    for text in [
        "/api/users/42",
        "GET /api/users/42 HTTP/1.1",
        "https://example.com/users/bob",
        "https://example.com/home/page",
        "https://example.com/Users/list",
        "src/home/index.ts",
        "./home/x",
        "components/Users/List.tsx",
        "/usr/lib/node_modules/npm",
        "/home",
        "/home/",
        "ls /home/*",
        "$HOME/x",
        "~/x",
        "~/.ssh/config",
        "/root/.cache",
        "/Users/Shared",
        r"C:\Users\Default\x",
        r"C:\Program Files\nodejs",
        "/media/images/logo.png",
        "npm i lodash@4.17.21 react@^18 vite@latest",
        "npm i @types/node@20.1.0 @scope/pkg",
        "uses: actions/checkout@v4",
        "git clone git@github.com:openai/codex.git",
        "https://git@github.com/x",
        "systemctl status user@1000.service",
        "icon@2x.png",
        "docker run -u 1000:1000 -p 8080:80 img@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "mkdir -p src/a1b2c3",
        "find . -path x -print0 -prune -perm 644",
        "gcc -pthread -pipe x.c",
        "cp -pR a b",
        "ssh -p 2222 h",
        "git show HEAD~2 HEAD@{1}",
        "git log --pretty=format:%h",
        "mysql -p db",
        "grep -r password src",
        "password_reset.html",
        "token_count=5 max_tokens=4096",
        "const tokenizer: Tokenizer = x",
        "Token::new(a)",
        "password=$PASSWORD",
        "--password-stdin",
        "--password-file /run/secrets/x",
        "curl -H \"Authorization: Bearer $TOKEN\"",
        "https://$USER:$PASS@h/x",
        "PWD=/srv/app",
        "cargo test --no-default-features -- --nocapture",
        "secret_name=x public_key=y key=z primary_key=1",
        "sort -k 2 -t , file",
        "tar -xzf a.tgz -C b",
        "malice alices alicex Malice.md",
        "aliceblue",
        "sk-learn-contrib-examples-package",
        "monkey: banana",
        "author: someone",
        "compass=north",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q",
        "550e8400-e29b-41d4-a716-446655440000",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "/nix/store/0c2rhv1jlmkyhd8gd7p4mr1zkkpn9b7q-glibc-2.38",
        "getElementsByClassNameAndAttributeValueFromDocument",
        "test_that_the_parser_handles_long_names_in_tests_2024",
        "10.0.0.1:8080",
        "2026-11-25T04:16:07.123Z",
        "echo hello world",
        "user=42",
        "chown root:root x",
        "chown 1000:1000 x",
        "sudo -u postgres psql",
        "rm -rf /home/$USER/x /home/${USER}/y",
    ] {
        let out = redactor.text(text).text.into_owned();
        if out != text {
            wrong.push(format!("{text} -> {out}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_secret_is_hidden_wherever_it_stands_in_the_arguments() {
    let argv: Vec<String> = ["sh", "-c", "PGPASSWORD=Zz8TopVal true; mysql_pwd=Zz8TopVal; : Zz8TopVal", "Zz8TopVal"]
        .map(Into::into)
        .to_vec();
    let (hidden, count) = redactor().argv(&argv);
    assert!(!hidden.join(" ").contains("Zz8TopVal"), "{hidden:?}");
    assert!(hidden.join(" ").contains("PGPASSWORD=[SECRET] true; mysql_pwd=[SECRET]"), "{hidden:?}");
    assert!(count >= 3);
}

#[test]
fn arguments_keep_program_and_option_names() {
    let argv = |words: &[&str]| redactor().argv(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()).0;
    assert_eq!(argv(&["true", "--token=Hunter2Zq9x"]), ["true", "--token=[SECRET]"]);
    assert_eq!(argv(&["true", "--password Hunter2Zq9x"]), ["true", "--password [SECRET]"]);
    assert_eq!(argv(&["true", "--password", "Hunter2Zq9x", "x"]), ["true", "--password", "[SECRET]", "x"]);
    assert_eq!(argv(&["true", "-H Authorization:Bearer_Hunter2Zq9x"]), ["true", "-H Authorization:Bearer_[SECRET]"]);
    assert_eq!(argv(&["true", "-u me:Hunter2Zq9x"]), ["true", "-u [USER]:[SECRET]"]);
    assert_eq!(argv(&["mysql", "-pTwo Words", "db"]), ["mysql", "-p[SECRET]", "db"]);
    assert_eq!(
        argv(&["telegram", "config", "set", "telegram.token=Zz8TopVal", "secret:Zz8TopVal"]),
        ["telegram", "config", "set", "telegram.token=[SECRET]", "secret:[SECRET]"]
    );
    assert_eq!(argv(&["git", "push", "origin", "main"]), ["git", "push", "origin", "main"]);
}

#[test]
fn pseudonyms_correlate_only_under_one_key() {
    let identity = Identity::default();
    let one = Redactor::new(&identity).unwrap().with_pseudonyms([1; 32]);
    let two = Redactor::new(&identity).unwrap().with_pseudonyms([2; 32]);
    let bob = one.text("/home/bob/x").text.into_owned();
    assert_eq!(one.text("/home/BOB/x").text, bob);
    assert_ne!(one.text("/home/carol/x").text, bob);
    assert_ne!(two.text("/home/bob/x").text, bob);
    assert_eq!(one.text(&bob).text, bob);
}

/// Pieces that rules look at, so that random text often triggers them.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("/home/".to_owned()),
        Just("\\Users\\".to_owned()),
        Just("C:".to_owned()),
        Just("token=".to_owned()),
        Just("password: ".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("]".to_owned()),
        Just("[SECRET]".to_owned()),
        Just("[USER]".to_owned()),
        Just("://".to_owned()),
        Just("@".to_owned()),
        Just("alice".to_owned()),
        Just("alice-mbp".to_owned()),
        Just(" -p".to_owned()),
        Just(" -u ".to_owned()),
        Just("mysql ".to_owned()),
        Just("curl ".to_owned()),
        Just("Authorization: Bearer ".to_owned()),
        Just("Cookie: ".to_owned()),
        Just(" <<< ".to_owned()),
        Just("echo ".to_owned()),
        Just("|".to_owned()),
        Just("vault login ".to_owned()),
        Just("snyk auth ".to_owned()),
        Just("useradd ".to_owned()),
        Just("set API_KEY ".to_owned()),
        Just("=>".to_owned()),
        Just("(\"".to_owned()),
        Just("\",".to_owned()),
        Just("\"value\":".to_owned()),
        Just("password: |\n ".to_owned()),
        Just("<password>".to_owned()),
        Just("<".to_owned()),
        Just(">".to_owned()),
        Just("string".to_owned()),
        Just("%home%".to_owned()),
        Just("/var/mail/".to_owned()),
        Just("-Users-".to_owned()),
        Just("SESSION=".to_owned()),
        Just("Zx9Kq2Lm".to_owned()),
        Just("setfacl -m u:".to_owned()),
        Just("bob@host:/".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----".to_owned()),
        Just("-----END".to_owned()),
        Just("eyJhbGciOiJIUzI1NiJ9.".to_owned()),
        Just("sk-".to_owned()),
        Just("%2F".to_owned()),
        Just("..".to_owned()),
        Just("~".to_owned()),
        Just(" ".to_owned()),
        Just(";".to_owned()),
        Just("\\".to_owned()),
        Just("$".to_owned()),
        Just("é".to_owned()),
        Just("\u{2003}".to_owned()),
        "[a-zA-Z0-9._:/=-]{0,12}".prop_map(String::from),
        "\\PC{0,6}".prop_map(String::from),
    ]
}

#[test]
fn what_a_second_look_would_hide_is_hidden_by_the_first() {
    for text in [
        // A name that is joined to a word which is then hidden stands alone.
        "aliceAuthorization: Bearer Authorization: Bearer ",
        "token=Zz8TopVal aliceZz8TopVal",
    ] {
        let once = redactor().text(text).text.into_owned();
        assert_eq!(redactor().text(&once).text, once);
        assert!(!once.contains("alice["), "{once}");
    }
    let argv = ["echo", "token=Zz8TopVal", "aliceZz8TopVal"].map(Into::into);
    assert_eq!(redactor().argv(&argv).0, ["echo", "token=[SECRET]", "[USER][SECRET]"]);
}

#[test]
fn a_header_name_in_the_place_of_a_value_is_not_hidden_elsewhere() {
    let text = "Authorization: Bearer Authorization: Bearer Hunter2Zq9x";
    assert_eq!(redactor().text(text).text, "Authorization: Bearer [SECRET] Bearer [SECRET]");
}

#[test]
fn a_user_called_like_a_mark_leaves_the_marks_alone() {
    let identity = Identity { users: vec!["secret".into(), "host".into()], ..Identity::default() };
    let redactor = Redactor::new(&identity).unwrap();
    assert_eq!(redactor.text("secret's token=Hunter2Zq9x").text, "[USER]'s token=[SECRET]");
    assert_eq!(redactor.text("[SECRET] [HOST:0123abcd]").text, "[SECRET] [HOST:0123abcd]");
}

proptest! {
    #![proptest_config(common::proptest(1500))]

    #[test]
    fn redacting_twice_changes_nothing(parts in proptest::collection::vec(fragment(), 0..12)) {
        let redactor = redactor();
        let text = parts.concat();
        let once = redactor.text(&text).text.into_owned();
        let twice = redactor.text(&once).text.into_owned();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn redacting_arguments_twice_changes_nothing(argv in proptest::collection::vec(proptest::collection::vec(fragment(), 0..5).prop_map(|p| p.concat()), 0..8)) {
        let (once, _) = redactor().argv(&argv);
        prop_assert_eq!(once.len(), argv.len());
        let (twice, _) = redactor().argv(&once);
        prop_assert_eq!(twice, once);
    }
}
