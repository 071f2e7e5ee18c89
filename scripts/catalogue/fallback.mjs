import path from 'node:path';
import { forbidden } from '../../__test__/support/forbidden.mjs';

/** How to run specs of a checkout where user namespaces are forbidden and best effort is taken: `{ file, args, env }`. */
export function inFallback(checkout, specs, environment) {
  const preload = ['--require', path.join(checkout, 'scripts', 'catalogue', 'best-effort.cjs')];
  const [file, ...args] = forbidden([process.execPath, ...preload, '--test', '--test-concurrency=2', ...specs]);
  // What a spec starts loads it, too: workers by the options of the process, processes by this.
  return { file, args, env: { ...environment, NODE_OPTIONS: preload.join(' ') } };
}
