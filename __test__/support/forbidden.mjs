// A machine on which user namespaces are forbidden: a user namespace in which no further one can be made. Whoever runs there is the
// same user as outside, without any capability.
const SCRIPT = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- "$@"';

/** The command line that runs another one there. */
export function forbidden(commandLine) {
  return ['unshare', '--user', '--map-current-user', '--keep-caps', 'sh', '-c', SCRIPT, 'sh', ...commandLine];
}
