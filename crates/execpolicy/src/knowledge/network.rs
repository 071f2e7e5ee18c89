//! Programs that use the network.

use std::sync::LazyLock;

use super::Index;

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new([FETCHES, OTHERS].into_iter()));

/// Programs that print what they fetch, so that a shell behind them runs it.
const FETCHES: &str = "curl wget wget2 aria2c fetch lynx links w3m elinks http https xh nc ncat netcat telnet socat openssl ftp lftp tftp gsutil s3cmd GET lwp-request lwp-download httpie curlie rclone ipfs finger mosquitto_sub dig host nslookup drill whois redis-cli gh aws gcloud az kubectl ssh scp";
/// Programs that talk to a network in any other way.
const OTHERS: &str = "sftp rsync ping ping6 traceroute tracepath mtr ssh-keyscan getent nmap masscan arp rsh rlogin rexec mosh dog grpcurl websocat iperf iperf3 speedtest resolvectl avahi-browse smbclient mount.nfs showmount rpcinfo snmpwalk ldapsearch psql mysql mongo mongosh glab helm doctl flyctl vercel netlify heroku docker podman nerdctl crictl";

pub(crate) fn fetches(name: &str) -> bool {
    INDEX.find(name) == Some(0)
}

pub(crate) fn uses(name: &str) -> bool {
    INDEX.find(name).is_some()
}

/// Programs that carry the input or output of a shell to another machine.
pub(crate) fn carries(name: &str) -> bool {
    super::listed("nc ncat netcat telnet socat openssl", name)
}
