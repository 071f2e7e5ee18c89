//! The calls that are looked at before they are made, as data: what each would change, and where it says so.

use codex_launcher::protocol::{Boundary, Network, Watch};
use rustix::fs::AtFlags;
// For the number that `libc` doesn't have everywhere.
use syscalls::Sysno;

use super::filter_table::{Argument, has, is};

/// One watched call.
pub struct Watched {
    /// Its number on this machine.
    pub call: libc::c_long,
    /// Its name.
    pub name: &'static str,
    /// What must hold of its arguments, one of them; none: always watched.
    pub when: &'static [Argument],
    /// What it would do.
    pub shape: Shape,
}

/// What a call would do, with the numbers of the arguments that say where.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Opens a file, maybe to write or to make it.
    Open { place: Place, flags: Option<u8> },
    /// Makes a name that must not be there yet.
    Make(Place),
    /// Takes away a name, that of a directory where the flags say so.
    Remove { place: Place, flags: Flags },
    /// Gives what is there a further name, that must not be there yet.
    Link { from: Place, to: Place },
    /// Moves a name; with the number of the argument that has flags.
    Move { from: Place, to: Place, flags: Option<u8> },
    /// Cuts a file that is there already.
    Cut(Place),
    /// Changes the mode or the owner of what is there already.
    Change(Place),
    /// Changes an open file, which has no path to tell.
    ChangeOpen,
    /// Executes a file.
    Execute(Place),
    /// Connects a socket to an address.
    Connect,
    /// Makes a socket.
    MakeSocket,
}

/// The flags of a call that takes away a name.
#[derive(Clone, Copy)]
pub enum Flags {
    /// Always these.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "the older calls are not there"))]
    Are(AtFlags),
    /// In the argument of that number.
    In(u8),
}

/// A path in an argument.
#[derive(Clone, Copy)]
pub struct Place {
    /// The argument with the directory that the path starts from; none: the working directory.
    pub directory: Option<u8>,
    /// The argument with the path.
    pub path: u8,
}

const fn at(directory: u8, path: u8) -> Place {
    Place { directory: Some(directory), path }
}

#[cfg(target_arch = "x86_64")]
const fn cwd(path: u8) -> Place {
    Place { directory: None, path }
}

const fn always(call: libc::c_long, name: &'static str, shape: Shape) -> Watched {
    Watched { call, name, when: &[], shape }
}

/// The flags of an open that changes something, wherever the argument with them stands.
const OPENS_TO_CHANGE: [u32; 4] =
    [libc::O_WRONLY as u32, libc::O_RDWR as u32, libc::O_CREAT as u32, libc::O_TRUNC as u32];

const fn changing(index: u8) -> [Argument; 4] {
    let [write, both, create, cut] = OPENS_TO_CHANGE;
    [has(index, write), has(index, both), has(index, create), has(index, cut)]
}

#[cfg(target_arch = "x86_64")]
static OPEN: [Argument; 4] = changing(1);
static OPENAT: [Argument; 4] = changing(2);

static SETS_GROUP_ID: [Argument; 1] = [has(1, libc::S_ISGID)];

/// Calls that change the file system by a path, and the one without that is made in the place of the run when it would set
/// a set-group-id bit.
pub static WRITES: &[Watched] = &[
    Watched {
        call: libc::SYS_openat,
        name: "openat",
        when: &OPENAT,
        shape: Shape::Open { place: at(0, 1), flags: Some(2) },
    },
    #[cfg(target_arch = "x86_64")]
    Watched { call: libc::SYS_open, name: "open", when: &OPEN, shape: Shape::Open { place: cwd(0), flags: Some(1) } },
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_creat, "creat", Shape::Open { place: cwd(0), flags: None }),
    always(libc::SYS_mkdirat, "mkdirat", Shape::Make(at(0, 1))),
    always(libc::SYS_mknodat, "mknodat", Shape::Make(at(0, 1))),
    always(libc::SYS_symlinkat, "symlinkat", Shape::Make(at(1, 2))),
    always(libc::SYS_linkat, "linkat", Shape::Link { from: at(0, 1), to: at(2, 3) }),
    always(libc::SYS_unlinkat, "unlinkat", Shape::Remove { place: at(0, 1), flags: Flags::In(2) }),
    always(libc::SYS_renameat, "renameat", Shape::Move { from: at(0, 1), to: at(2, 3), flags: None }),
    always(libc::SYS_renameat2, "renameat2", Shape::Move { from: at(0, 1), to: at(2, 3), flags: Some(4) }),
    always(libc::SYS_truncate, "truncate", Shape::Cut(Place { directory: None, path: 0 })),
    always(libc::SYS_fchmodat, "fchmodat", Shape::Change(at(0, 1))),
    always(Sysno::fchmodat2 as libc::c_long, "fchmodat2", Shape::Change(at(0, 1))),
    Watched { call: libc::SYS_fchmod, name: "fchmod", when: &SETS_GROUP_ID, shape: Shape::ChangeOpen },
    always(libc::SYS_fchownat, "fchownat", Shape::Change(at(0, 1))),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_mkdir, "mkdir", Shape::Make(cwd(0))),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_mknod, "mknod", Shape::Make(cwd(0))),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_symlink, "symlink", Shape::Make(cwd(1))),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_link, "link", Shape::Link { from: cwd(0), to: cwd(1) }),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_unlink, "unlink", Shape::Remove { place: cwd(0), flags: Flags::Are(AtFlags::empty()) }),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_rmdir, "rmdir", Shape::Remove { place: cwd(0), flags: Flags::Are(AtFlags::REMOVEDIR) }),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_rename, "rename", Shape::Move { from: cwd(0), to: cwd(1), flags: None }),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_chmod, "chmod", Shape::Change(cwd(0))),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_chown, "chown", Shape::Change(cwd(0))),
    #[cfg(target_arch = "x86_64")]
    always(libc::SYS_lchown, "lchown", Shape::Change(cwd(0))),
];

/// Calls that execute a file by a path. The launcher itself starts a run's program by `execveat`, which programs use for
/// open files, and is not watched: the engine tells of a program that can't be started.
pub static EXECS: &[Watched] =
    &[always(libc::SYS_execve, "execve", Shape::Execute(Place { directory: None, path: 0 }))];

/// Calls that reach out.
pub static CONNECTS: &[Watched] = &[always(libc::SYS_connect, "connect", Shape::Connect)];

/// Calls that make sockets of the internet, where no run may have one. They are refused by whoever looks at them: all that
/// they say is in their arguments, which can't change meanwhile.
pub static SOCKETS: &[Watched] = &[Watched {
    call: libc::SYS_socket,
    name: "socket",
    when: &[is(0, libc::AF_INET as u32), is(0, libc::AF_INET6 as u32)],
    shape: Shape::MakeSocket,
}];

/// The calls that are watched of runs that `boundary` holds.
pub fn watched(watch: Watch, boundary: Boundary, network: Network) -> Vec<&'static Watched> {
    let files = WRITES.iter().chain(EXECS).filter(|_| watch == Watch::Full);
    let reaching = |calls: &'static [Watched]| calls.iter().filter(move |_| watch != Watch::Off);
    match boundary {
        Boundary::Namespaces => files.chain(reaching(CONNECTS)).collect(),
        // It has no right for modes and owners, and refuses nobody.
        Boundary::Landlock => files
            .filter(|call| !matches!(call.shape, Shape::Change(_) | Shape::ChangeOpen))
            // With the host's network none is refused.
            .chain(reaching(SOCKETS).filter(|_| network == Network::Private))
            .collect(),
        Boundary::None => Vec::new(),
    }
}

/// The watched call of that number.
pub fn find(call: libc::c_long) -> Option<&'static Watched> {
    [WRITES, EXECS, CONNECTS, SOCKETS].into_iter().flatten().find(|watched| watched.call == call)
}
