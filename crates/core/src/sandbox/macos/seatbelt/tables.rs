//! What every sandboxed program may ask of the system, each with its reason. Whatever isn't here is closed.

/// A name, and why it is open.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// The name of a service, a system value, a device or a kind of shared memory.
    pub name: &'static str,
    /// Why programs need it.
    pub reason: &'static str,
}

const fn open(name: &'static str, reason: &'static str) -> Open {
    Open { name, reason }
}

const USERS: &str = "names and numbers of users and groups (getpwnam, id, ls -l)";
const LOGGING: &str = "libraries of the system log through it, and wait for it where it is missing";

/// Services of launchd that programs may look up.
///
/// None of them opens a file, a program, a key of a keychain or a connection for its client.
pub const SERVICES: &[Open] = &[
    open("com.apple.system.opendirectoryd.libinfo", USERS),
    open("com.apple.system.opendirectoryd.membership", USERS),
    open("com.apple.system.DirectoryService.libinfo_v1", USERS),
    open("com.apple.system.logger", LOGGING),
    open("com.apple.logd", LOGGING),
    open("com.apple.system.notification_center", "notify(3), by which the C library learns of a new time zone"),
    open("com.apple.bsd.dirhelper", "confstr(3), by which programs find their cache and temporary folders"),
    open("com.apple.SystemConfiguration.configd", "settings of the network, which libraries (uv, curl) abort without"),
];

const NAMES: &str = "looks up names of hosts, and how";
const TRUST: &str = "judges certificates of servers";

/// Services that programs with a network may look up, too.
pub const NETWORK_SERVICES: &[Open] = &[
    open("com.apple.dnssd.service", NAMES),
    open("com.apple.SystemConfiguration.DNSConfiguration", NAMES),
    open("com.apple.networkd", "paths of connections, as the network library asks for them"),
    open("com.apple.trustd", TRUST),
    open("com.apple.trustd.agent", TRUST),
    open("com.apple.ocspd", TRUST),
];

/// The socket of the resolver, for programs with a network.
pub const RESOLVER: &str = "/private/var/run/mDNSResponder";

const PROCESSOR: &str = "what the processor is and can do, for libraries and languages that choose their code by it";
const COUNT: &str = "how much of the machine there is to use";
const SYSTEM: &str = "which system this is";
const INTERFACES: &str = "the interfaces of the machine and their addresses (getifaddrs, os.networkInterfaces)";
const BOUNDS: &str = "bounds of the system that programs size their tables by";

/// System values that programs may read. A name that ends with `.` or `_` stands for all that begin with it. Those that tell of
/// other processes (`kern.proc…`, `kern.procargs2`) are not here.
pub const VALUES: &[Open] = &[
    open("hw.activecpu", COUNT),
    open("hw.logicalcpu", COUNT),
    open("hw.logicalcpu_max", COUNT),
    open("hw.memsize", COUNT),
    open("hw.ncpu", COUNT),
    open("hw.nperflevels", COUNT),
    open("hw.physicalcpu", COUNT),
    open("hw.physicalcpu_max", COUNT),
    open("vm.loadavg", COUNT),
    open("hw.busfrequency_compat", PROCESSOR),
    open("hw.byteorder", PROCESSOR),
    open("hw.cacheconfig", PROCESSOR),
    open("hw.cachelinesize", PROCESSOR),
    open("hw.cachelinesize_compat", PROCESSOR),
    open("hw.cpu64bit_capable", PROCESSOR),
    open("hw.cpufamily", PROCESSOR),
    open("hw.cpufrequency", PROCESSOR),
    open("hw.cpufrequency_compat", PROCESSOR),
    open("hw.cpusubtype", PROCESSOR),
    open("hw.cputype", PROCESSOR),
    open("hw.l1dcachesize_compat", PROCESSOR),
    open("hw.l1icachesize_compat", PROCESSOR),
    open("hw.l2cachesize_compat", PROCESSOR),
    open("hw.l3cachesize_compat", PROCESSOR),
    open("hw.machine", PROCESSOR),
    open("hw.model", PROCESSOR),
    open("hw.optional.", PROCESSOR),
    open("hw.packages", PROCESSOR),
    open("hw.pagesize", PROCESSOR),
    open("hw.pagesize_compat", PROCESSOR),
    open("hw.perflevel0.", PROCESSOR),
    open("hw.perflevel1.", PROCESSOR),
    open("hw.tbfrequency_compat", PROCESSOR),
    open("hw.vectorunit", PROCESSOR),
    open("machdep.cpu.", PROCESSOR),
    open("sysctl.proc_cputype", PROCESSOR),
    open("net.routetable.0.0.3.", INTERFACES),
    open("net.routetable.0.0.6.", INTERFACES),
    open("sysctl.proc_translated", "whether Rosetta translates the program"),
    open("kern.boottime", "how long the system is up (uptime, os.uptime)"),
    open("kern.hostname", SYSTEM),
    open("kern.osproductversion", SYSTEM),
    open("kern.osproductversioncompat", SYSTEM),
    open("kern.osrelease", SYSTEM),
    open("kern.ostype", SYSTEM),
    open("kern.osvariant_status", SYSTEM),
    open("kern.osversion", SYSTEM),
    open("kern.secure_kernel", SYSTEM),
    open("kern.version", SYSTEM),
    open("security.mac.lockdown_mode_state", SYSTEM),
    open("kern.argmax", BOUNDS),
    open("kern.iossupportversion", SYSTEM),
    open("kern.maxfiles", BOUNDS),
    open("kern.maxfilesperproc", BOUNDS),
    open("kern.maxproc", BOUNDS),
    open("kern.ngroups", BOUNDS),
    open("kern.usrstack64", "where the stack of the program itself begins"),
];

/// A system value that Java asks for by writing the question.
pub const ASKED_VALUE: Open = open("kern.grade_cputype", "which processors a program may be for, as Java asks");

/// Devices that programs may read, write and control. Nothing is kept in them.
pub const DEVICES: &[Open] = &[
    open("/dev/null", "takes everything"),
    open("/dev/zero", "zeros"),
    open("/dev/random", "random bytes"),
    open("/dev/urandom", "random bytes"),
    open("/dev/tty", "the terminal of the program, if it has one"),
    open("/dev/ptmx", "new terminals of the program's own"),
    open("/dev/autofs_nowait", "the C library asks it not to wait for file servers"),
    open("/dev/dtracehelper", "the C library opens it when a program starts"),
];

/// Beginnings of names of semaphores and shared memory that libraries make for the processes of one program.
pub const SHARED_MEMORY: &[Open] = &[
    open("/mp-", "multiprocessing of Python"),
    open("/loky-", "joblib, and with it scikit-learn"),
    open("/psm_", "shared memory of Python"),
    open("/torch_", "PyTorch"),
    open("/PostgreSQL.", "a test database"),
    open("/__KMP_REGISTERED_LIB_", "OpenMP"),
];
