//! What a policy answers, without a run.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use super::{Access, Decision, NetworkPolicy, SandboxPolicy, WriteAccess};
use crate::profile::{self, ProfileName, land};

/// Directories that a sandboxed run has for itself.
#[cfg(target_os = "linux")]
fn private_tmp() -> Vec<PathBuf> {
    let runtime = format!("/run/user/{}", rustix::process::geteuid().as_raw());
    ["/tmp", "/var/tmp", "/dev/shm", "/run/lock", &runtime].map(PathBuf::from).to_vec()
}

/// Directories that a sandboxed run has for itself: none but the one that `TMPDIR` names.
#[cfg(not(target_os = "linux"))]
fn private_tmp() -> Vec<PathBuf> {
    Vec::new()
}

/// Directories of the host that are as good as empty in a sandbox which has its own elsewhere.
const HOST_TMP: &[&str] = if cfg!(target_os = "macos") { &["/private/tmp", "/private/var/tmp"] } else { &[] };

/// Devices that take what is written to them and keep nothing.
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty"];

/// Where no grant is proposed, each with why: what the kernel shows, and devices, are no places to keep things in.
#[cfg(target_os = "linux")]
const SYSTEM_FILES: [(&str, &str); 3] = [
    ("/proc", "is read-only in every sandbox"),
    ("/sys", "is read-only in every sandbox"),
    ("/dev", "is the sandbox's own, with a few harmless devices"),
];
#[cfg(not(target_os = "linux"))]
const SYSTEM_FILES: [(&str, &str); 0] = [];

impl SandboxPolicy {
    /// Whether a run under this policy may do `access`, by which rule, and what would allow it.
    ///
    /// A path is judged by where it lands now, with symbolic links and `..` resolved. This is a forecast for people:
    /// enforcement doesn't rely on it.
    #[must_use]
    pub fn explain(&self, access: &Access) -> Decision {
        match access {
            Access::Read(path) => self.with_landing(path, |landed| match self.secret(landed) {
                Some((place, reason)) => deny_secret(landed, place, reason),
                None => self.explain_read(landed),
            }),
            Access::Write(path) => self.with_landing(path, |landed| self.explain_write(landed, Makes::Anything)),
            Access::Connect(host) => self.explain_connect(host),
        }
    }

    /// The same for a directory that the run makes.
    #[cfg(target_os = "linux")]
    pub(crate) fn explain_new_directory(&self, path: &Path) -> Decision {
        self.with_landing(path, |landed| self.explain_write(landed, Makes::Directory))
    }

    fn with_landing(&self, path: &Path, judge: impl FnOnce(&Path) -> Decision) -> Decision {
        let landed = match land(path, &self.workspace, profile::home().as_deref()) {
            Ok(landed) => landed,
            Err(problem) => {
                return Decision::denied("unusable-path", format!("{path:?} {problem}"), None);
            }
        };
        if let Some(pattern) = self.deny_read_patterns.iter().find(|pattern| pattern.denies(&landed)) {
            let reason = format!("{} matches the denyRead pattern {pattern}", landed.display());
            return Decision::denied("deny-read", reason, Some(format!("narrow {pattern} in denyRead")));
        }
        // Denials come first, so that no grant below can reopen what one closes.
        match self.deny_read.iter().find(|denied| landed.starts_with(denied)) {
            Some(denied) => Decision::denied(
                "deny-read",
                format!("{} is denied by denyRead", denied.display()),
                Some(format!("remove {} from denyRead", denied.display())),
            ),
            None => judge(&landed),
        }
    }

    fn explain_read(&self, landed: &Path) -> Decision {
        match self.place(landed) {
            Place::Host => Decision::allowed("no-sandbox", "trusted runs without a sandbox"),
            Place::PrivateTmp => Decision::allowed("private-tmp", PRIVATE_TMP_REASON),
            Place::Workspace { .. } => Decision::allowed("workspace", "the workspace can be read"),
            Place::Root(root) => {
                Decision::allowed("writable-root", format!("{} is granted by writable", root.display()))
            }
            Place::Readable(root) => {
                Decision::allowed("readable-root", format!("{} is granted by readable", root.display()))
            }
            Place::Elsewhere if HOST_TMP.iter().any(|tmp| landed.starts_with(tmp)) => Decision::denied(
                "host-tmp",
                "what is in the host's temporary directories is hidden; TMPDIR names the run's own",
                Some(format!("add readable: [{:?}]", landed.display().to_string())),
            ),
            Place::Cache(_) | Place::Elsewhere => {
                Decision::allowed("readable", "the profile reads everything that isn't denied")
            }
        }
    }

    fn explain_write(&self, landed: &Path, makes: Makes) -> Decision {
        let decision = self.explain_open_write(landed, makes);
        let Some((place, reason)) = self.secret(landed) else {
            return decision;
        };
        if decision.allowed {
            return deny_secret(landed, place, reason);
        }
        // To see the secret would not be enough; and what lies above it is more than was asked for, and opens no secret.
        let opens = directory_for(landed, makes).1.is_some_and(|directory| directory.starts_with(place));
        let grant = decision.grant.filter(|_| opens);
        if place.exists() {
            Decision { grant, ..deny_secret(landed, place, reason) }
        } else {
            Decision { grant, ..decision }
        }
    }

    /// The same where nothing is secret.
    fn explain_open_write(&self, landed: &Path, makes: Makes) -> Decision {
        if let Some(kept) = self.kept.iter().find(|kept| landed.starts_with(kept)) {
            return Decision::denied("audit-log", format!("the audit log of the run lies in {}", kept.display()), None);
        }
        if let Some((carve_out, reason)) = self.carve_out(landed) {
            let grant = format!("add writable: [{:?}]", carve_out.display().to_string());
            return Decision::denied("carve-out", format!("{}: {reason}", carve_out.display()), Some(grant));
        }
        match self.place(landed) {
            Place::Host => Decision::allowed("no-sandbox", "trusted runs without a sandbox"),
            Place::PrivateTmp => Decision::allowed("private-tmp", PRIVATE_TMP_REASON),
            Place::Workspace { writable: true } => Decision::allowed("workspace", "the workspace is writable"),
            Place::Root(root) => {
                Decision::allowed("writable-root", format!("{} is granted by writable", root.display()))
            }
            Place::Cache(cache) => Decision::allowed(
                "cache",
                format!(
                    "{} is a cache: what the run writes there goes to an overlay, not to the host",
                    cache.display()
                ),
            ),
            Place::Elsewhere if DEVICES.iter().any(|device| landed == Path::new(device)) => {
                Decision::allowed("device", format!("{} keeps nothing that is written to it", landed.display()))
            }
            Place::Workspace { writable: false } | Place::Readable(_) | Place::Elsewhere => {
                self.deny_write(landed, makes)
            }
        }
    }

    fn deny_write(&self, landed: &Path, makes: Makes) -> Decision {
        if let Some((place, reason)) = SYSTEM_FILES.iter().find(|(place, _)| landed.starts_with(place)) {
            return Decision::denied("system-files", format!("{place} {reason}"), None);
        }
        let in_workspace = landed.starts_with(&self.workspace);
        let (make, directory) = directory_for(landed, makes);
        let writable = directory.map(|directory| format!("writable: [{:?}]", directory.display().to_string()));
        if self.profile.writes_workspace() {
            let reason = format!("{} is in no writable directory", landed.display());
            return Decision::denied(
                "outside-writable-roots",
                reason,
                writable.map(|writable| format!("{make}add {writable}")),
            );
        }
        let profile = if self.network == NetworkPolicy::None { "workspace-write" } else { "workspace-net" };
        let grant = match writable {
            _ if in_workspace => Some(format!("use the profile {profile}")),
            Some(writable) => Some(format!("{make}use the profile {profile} with {writable}")),
            None => Some("use the profile trusted".to_owned()),
        };
        let reason = format!("the profile {} writes nothing but a private tmp", self.profile);
        Decision::denied("read-only-profile", reason, grant)
    }

    fn explain_connect(&self, host: &str) -> Decision {
        let host = host.trim();
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Decision::denied("unusable-host", "name one host, such as example.com or example.com:443", None);
        }
        match self.network {
            NetworkPolicy::Host => Decision::allowed("no-sandbox", "trusted uses the host's network"),
            NetworkPolicy::Outbound => Decision::allowed("outbound-network", "outbound connections are allowed"),
            NetworkPolicy::None if is_loopback(host) => Decision::allowed(
                "private-loopback",
                "the run has a loopback of its own: it reaches servers that it starts, and none of the host's",
            ),
            NetworkPolicy::None => {
                let grant = match self.profile {
                    ProfileName::Offline => "use the profile net-read-only",
                    ProfileName::WorkspaceWrite => "use the profile workspace-net",
                    ProfileName::NetReadOnly | ProfileName::WorkspaceNet | ProfileName::Trusted => {
                        "take network: \"none\" out of the profile"
                    }
                };
                let (reason, grant) = (format!("{} has no network", self.profile), Some(grant.to_owned()));
                Decision::denied("no-network", reason, grant)
            }
        }
    }

    /// The innermost place that holds a path. A workspace or root below `/tmp` is the real one.
    fn place(&self, landed: &Path) -> Place<'_> {
        let WriteAccess::Roots(roots) = &self.write else {
            return Place::Host;
        };
        let workspace = Place::Workspace { writable: roots.contains(&self.workspace) };
        let private = private_tmp().into_iter().flat_map(|literal| {
            // Where `/tmp` itself is a link, both of its names are private.
            let resolved = land(&literal, Path::new("/"), None).unwrap_or_else(|_| literal.clone());
            [literal, resolved]
        });
        let granted = roots.iter().filter(|root| **root != self.workspace);
        // What a cache shows is in its overlay.
        let in_cache = |root: &Path| self.caches.iter().any(|cache| root.starts_with(cache));
        let readable =
            self.readable.iter().filter(|root| !in_cache(root)).map(|root| (root.clone(), Place::Readable(root)));
        let caches = self.caches.iter().map(|cache| (cache.clone(), Place::Cache(cache)));
        // The last of equals wins: where `/tmp` itself is the workspace or a root, it is the real one.
        private
            .map(|tmp| (tmp, Place::PrivateTmp))
            .chain(readable)
            .chain(caches)
            .chain(granted.map(|root| (root.clone(), Place::Root(root))))
            .chain([(self.workspace.clone(), workspace)])
            .filter(|(directory, _)| landed.starts_with(directory))
            .max_by_key(|(directory, _)| directory.components().count())
            .map_or(Place::Elsewhere, |(_, place)| place)
    }
}

const PRIVATE_TMP_REASON: &str = "this is the run's private tmp: it starts empty, and the host's files aren't in it";

#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Host,
    Root(&'a PathBuf),
    Readable(&'a PathBuf),
    Cache(&'a PathBuf),
    Workspace { writable: bool },
    PrivateTmp,
    Elsewhere,
}

/// What a write makes, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Makes {
    #[cfg(target_os = "linux")]
    Directory,
    Anything,
}

/// The directory to grant for a write, and what has to be done for that first: the path itself where it is a directory, else
/// the nearest that exists above it; never the root. Rather than a whole home directory, a directory that is to be in it.
fn directory_for(landed: &Path, makes: Makes) -> (String, Option<&Path>) {
    let nearest = landed.ancestors().find(|path| path.is_dir()).filter(|path| path.parent().is_some());
    let homes = profile::home();
    let holds_home = |directory: &Path| homes.as_ref().is_some_and(|home| home.starts_with(directory));
    let missing = nearest.filter(|nearest| holds_home(nearest)).and_then(|nearest| {
        let missing = landed.ancestors().find(|path| path.parent() == Some(nearest))?;
        (missing != landed || makes != Makes::Anything).then_some(missing)
    });
    match missing {
        Some(missing) => (format!("make the directory {:?}, and ", missing.display().to_string()), Some(missing)),
        None => (String::new(), nearest),
    }
}

fn deny_secret(landed: &Path, place: &Path, reason: &str) -> Decision {
    let grant = format!("add readable: [{:?}]", nearest(landed, place).display().to_string());
    Decision::denied("secret", format!("{} is hidden: {reason}", place.display()), Some(grant))
}

/// What of a secret to grant: the path itself where it exists, else the whole place.
fn nearest<'a>(landed: &'a Path, place: &'a Path) -> &'a Path {
    if landed.exists() { landed } else { place }
}

fn is_loopback(host: &str) -> bool {
    let address = host
        .parse::<SocketAddr>()
        .map(|address| address.ip())
        .or_else(|_| host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>());
    if let Ok(address) = address {
        return address.is_loopback();
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
