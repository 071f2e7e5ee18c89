//! Whom to hide: the people and machines whose names are known.

use std::collections::BTreeSet;

/// The names to hide wherever they stand. Homes of other people are found by their place in a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// User names, such as `alice`; a display name counts too.
    pub users: Vec<String>,
    /// Home directories, such as `/home/alice`; the last component is hidden.
    pub homes: Vec<String>,
    /// Host names, short or full.
    pub hosts: Vec<String>,
}

/// Names that many machines have: hiding them as words would only spoil the log. One text, since a list has an address for each.
const GENERIC_USERS: &str = "\
    root user users admin administrator ubuntu debian fedora centos ec2-user node git www-data nobody daemon \
    runner vscode codespace test dev build app guest default public shared home docker jenkins developer coder \
    work bin src tmp staff wheel postgres mysql redis nginx oauth2 x-access-token anonymous hg svn system www \
    web api data main code temp lib usr var opt etc dist local server client service agent ci deploy deployer \
    backup cache config demo example project workspace sandbox vagrant operator master student owner python ruby \
    java rust linux oracle elastic noreply";
const GENERIC_HOSTS: [&str; 16] = [
    "localhost",
    "ubuntu",
    "debian",
    "fedora",
    "server",
    "host",
    "laptop",
    "desktop",
    "macbook",
    "local",
    "node",
    "docker",
    "build",
    "runner",
    "test",
    "linux",
];

/// Whether a user name belongs to a role and not to a person.
pub(super) fn is_generic_user(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'))
        || GENERIC_USERS.split(' ').any(|generic| generic.eq_ignore_ascii_case(name))
}

impl Identity {
    /// The user, home and host of this process, from the environment and the system.
    pub fn current() -> Self {
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let named = ["HOSTNAME", "COMPUTERNAME"].into_iter().filter_map(env);
        #[cfg(unix)]
        let named = named.chain(rustix::system::uname().nodename().to_str().map(str::to_owned).ok());
        Self {
            users: ["USER", "LOGNAME", "USERNAME", "SUDO_USER"].into_iter().filter_map(env).collect(),
            homes: ["HOME", "USERPROFILE"].into_iter().filter_map(env).collect(),
            hosts: named.collect(),
        }
    }

    /// The words that hide a user, longest first, lower case.
    pub(super) fn user_words(&self) -> Vec<String> {
        let homes = self.homes.iter().filter_map(|home| home.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next());
        let mut words = BTreeSet::new();
        for name in self.users.iter().map(String::as_str).chain(homes) {
            let name = name.trim().to_lowercase();
            if name.chars().count() < 3 || is_generic_user(&name) {
                continue;
            }
            let bare: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
            if bare.len() > 6 {
                words.insert(format!("{}~", &bare[..6]));
            }
            if !name.is_ascii() {
                words.insert(percent_encoded(&name));
            }
            words.insert(name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect());
            words.insert(name.replace(' ', "%20"));
            words.insert(name);
        }
        longest_first(words)
    }

    /// The words that hide a host, longest first, lower case.
    pub(super) fn host_words(&self) -> Vec<String> {
        let mut words = BTreeSet::new();
        for host in &self.hosts {
            let host = host.trim().trim_end_matches('.').to_lowercase();
            for name in [host.as_str(), host.split('.').next().unwrap_or_default()] {
                let generic = GENERIC_HOSTS.contains(&name) || name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                if name.chars().count() >= 4 && !generic {
                    words.insert(name.to_owned());
                }
            }
        }
        longest_first(words)
    }

    /// Homes whose last component is too short or too common to hide as a word.
    pub(super) fn odd_homes(&self) -> Vec<String> {
        let words = self.user_words();
        self.homes
            .iter()
            .map(|home| home.trim_end_matches(['/', '\\']).to_lowercase())
            .filter(|home| home.len() > 3 && home.matches(['/', '\\']).count() >= 2)
            .filter(|home| {
                home.rsplit(['/', '\\'])
                    .next()
                    .is_some_and(|last| !is_generic_user(last) && !words.iter().any(|word| word == last))
            })
            .collect()
    }
}

fn longest_first(words: BTreeSet<String>) -> Vec<String> {
    let mut words: Vec<String> = words.into_iter().collect();
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

fn percent_encoded(name: &str) -> String {
    name.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
                char::from(b).to_string()
            } else {
                format!("%{b:02x}")
            }
        })
        .collect()
}
