import { start } from './node.mjs';
import { PROBE } from './probe.mjs';
import { until } from './until.mjs';

/** A service of the host at a socket in the file system; what it was told. */
export async function service(t, socket, kind = 'stream') {
  const child = start([PROBE, 'serve-unix', socket, kind]);
  t.after(() => child.kill('SIGKILL'));
  const seen = [];
  child.stdout.setEncoding('utf8').on('data', (text) => seen.push(...text.split('\n').filter(Boolean)));
  await until(() => seen.includes('ready'), `the service at ${socket}`);
  seen.length = 0;
  return seen;
}
