//! Where host services listen now: the paths of their sockets outside of what every sandbox covers.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Directories that are a sandbox's own.
const COVERED: [&str; 5] = ["/run", "/var/run", "/tmp", "/var/tmp", "/dev"];

/// Variables of the host that name a socket, as a path or as `unix:path=…`, `unix://…`.
const NAMING: [&str; 4] = ["SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DOCKER_HOST", "CONTAINER_HOST"];

/// Sockets to hide: those that the kernel lists, and those that variables of the host name. Not those that are `granted`.
pub fn listening(granted: &BTreeSet<PathBuf>) -> Vec<Vec<u8>> {
    let listed = fs::read("/proc/net/unix").unwrap_or_default();
    let named = NAMING.iter().filter_map(std::env::var_os).filter_map(|value| path_in(value.as_bytes()));
    let mut found = BTreeSet::new();
    found.extend(paths(&listed).chain(named));
    let covered = |path: &Path| COVERED.iter().any(|directory| path.starts_with(directory));
    let hidden = found.into_iter().filter(|path| !covered(path) && !granted.contains(path));
    hidden.map(|path| path.into_os_string().as_bytes().to_vec()).collect()
}

/// The absolute paths in the kernel's list. An abstract name begins with `@`; a relative one says nothing here.
fn paths(listed: &[u8]) -> impl Iterator<Item = PathBuf> + '_ {
    listed.split(|&byte| byte == b'\n').skip(1).filter_map(|line| {
        // Seven columns, and the name with all that is in it.
        let start = line.iter().position(|&byte| byte == b'/')?;
        Some(PathBuf::from(OsStr::from_bytes(line.get(start..)?)))
    })
}

fn path_in(value: &[u8]) -> Option<PathBuf> {
    let start = value.iter().position(|&byte| byte == b'/')?;
    let path = value.get(start..)?;
    let path = path.strip_prefix(b"//").unwrap_or(path);
    let end = path.iter().position(|byte| b",;".contains(byte)).unwrap_or(path.len());
    Some(PathBuf::from(OsStr::from_bytes(path.get(..end)?)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{path_in, paths};

    #[test]
    fn takes_absolute_paths_only() {
        let listed = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            00000000e5073813: 00000003 00000000 00000000 0001 03 2206186\n\
            00000000e5073814: 00000002 00000000 00010000 0001 01 2206187 /home/u/a b.sock\n\
            00000000e5073815: 00000002 00000000 00010000 0001 01 2206188 @abstract\n";
        assert_eq!(paths(listed).collect::<Vec<_>>(), [PathBuf::from("/home/u/a b.sock")]);
    }

    #[test]
    fn understands_what_variables_hold() {
        for (value, path) in [
            ("/home/u/agent.1", "/home/u/agent.1"),
            ("unix:path=/home/u/bus,guid=1", "/home/u/bus"),
            ("unix:///home/u/docker.sock", "/home/u/docker.sock"),
        ] {
            assert_eq!(path_in(value.as_bytes()), Some(PathBuf::from(path)), "{value}");
        }
        assert_eq!(path_in(b"relative"), None);
    }
}
