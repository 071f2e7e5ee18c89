//! Places that a command must not write or destroy.

use crate::judge::{Base, Place};

/// Folders of the operating system.
const SYSTEM: &str = "bin boot dev etc lib lib32 lib64 libx32 proc sbin sys usr System Library";
/// Top folders that hold data of users and services: the folders themselves, not what is in them.
const TOPS: &str = "dev home opt root srv var mnt media run snap tmp Users Applications Volumes private nix data";
/// Folders below `/var` that the machine needs.
const VAR: &str = "var/log var/lib var/spool var/db var/mail var/cache var/run var/www";

/// Files and folders below a home directory that run code later, or hold what protects the user.
const HOME: &str = ".ssh .gnupg .codex .config/codex .local/state/codex .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .zshrc .zshenv .zprofile .zlogin .zlogout .bash_completion .xsessionrc .kshrc .cshrc .tcshrc .inputrc .xinitrc .xprofile .xsession .pam_environment .gitconfig .npmrc .vimrc .emacs .gdbinit .config/fish .config/zsh .config/nushell .config/autostart .config/systemd .config/git .config/environment.d .local/share/systemd Library/LaunchAgents Library/LaunchDaemons .bash_history .zsh_history .python_history .aws .kube .docker/config.json .netrc .git-credentials .password-store";
/// The same below a repository.
const REPOSITORY: &str = ".git/hooks .git/config .git/config.worktree .git/info/attributes";

/// Why writing to a place is refused.
pub(crate) fn write(place: &Place) -> Option<String> {
    match place.base {
        Base::Root => {
            if place.first() == "dev" {
                return device(place);
            }
            if place.first() == "proc"
                && place.open.is_none()
                && place.parts.get(1).is_some_and(|p| p == "self")
                && !place.starts_with("proc/self/root")
            {
                return None;
            }
            if super::listed(SYSTEM, place.first()) && !below_local(place) {
                return Some(format!("`/{}` belongs to the operating system", place.path()));
            }
            if place.starts_with("var/log") || place.starts_with("var/spool/cron") {
                return Some(format!("`/{}` is a log or a timetable of the machine", place.path()));
            }
            None
        }
        Base::Home => HOME
            .split(' ')
            .find(|h| place.starts_with(h))
            .map(|h| format!("`~/{h}` runs code later or protects the user")),
        _ => own_state(place).or_else(|| hook(place)),
    }
    .or_else(|| hook(place))
}

/// What is private to this tool, wherever a line has moved to.
fn own_state(place: &Place) -> Option<String> {
    (place.first() == ".codex").then(|| "it holds the state of this tool".into())
}

fn hook(place: &Place) -> Option<String> {
    let path = place.path();
    let at = path.find(".git/")?;
    if at > 0 && path.as_bytes().get(at - 1) != Some(&b'/') {
        return None;
    }
    let inside = path.get(at..)?;
    // A submodule's are below `.git/modules/`, whatever its name is.
    let nested = inside
        .strip_prefix(".git/modules/")
        .and_then(|m| m.find("/hooks/").or(m.find("/config")).and_then(|i| m.get(i..)));
    let module = nested.map(|rest| format!(".git{rest}"));
    let inside = module.as_deref().unwrap_or(inside);
    let mut protected = REPOSITORY
        .split(' ')
        .filter(|r| inside.strip_prefix(r).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    protected.next().map(|r| format!("`{r}` runs code when git is used"))
}

fn below_local(place: &Place) -> bool {
    place.starts_with("usr/local") && place.parts.len() > 2
}

fn device(place: &Place) -> Option<String> {
    const NAMES: &str = "mem kmem port kmsg mapper disk input bus block char vfio kvm fuse dri watchdog nvram hpet autofs btrfs-control loop-control cdrom";
    const BEGINNINGS: &str = "sd hd vd xvd nvme mmcblk rdisk disk md dm- loop sr ram zram nbd bcache rbd drbd mtd ubi fb hidraw uinput mei tpm ng nst dasd fd0 watchdog";
    let Some(name) = place.parts.get(1) else {
        return place.open.is_none().then(|| "`/dev` holds the devices of the machine".into());
    };
    let device = super::listed(NAMES, name) || BEGINNINGS.split(' ').any(|b| name.starts_with(b));
    device.then(|| format!("`/dev/{name}` is a device"))
}

/// Why deleting a place and all below it is refused.
pub(crate) fn destroy(place: &Place) -> Option<String> {
    let everything = match &place.open {
        None => true,
        // `/*` is everything in a folder; other patterns may match anything of it.
        Some(open) => open.split('/').next().is_some_and(|p| p.contains(['*', '?', '['])),
    };
    let named = if place.parts.is_empty() { String::new() } else { format!("/{}", place.path()) };
    match place.base {
        Base::Root if place.parts.is_empty() && everything => Some("`/` is the whole machine".into()),
        Base::Home if place.parts.is_empty() && everything => Some("it is a home directory".into()),
        Base::Root
            if place.parts.len() == 1
                && everything
                && super::listed(TOPS, place.first())
                && !(place.first() == "tmp" && place.open.is_some()) =>
        {
            Some(format!("`{named}` holds the data of users or services"))
        }
        Base::Root if everything && VAR.split(' ').any(|v| v == place.path()) => {
            Some(format!("`{named}` is needed by the machine"))
        }
        _ => write(place),
    }
}
