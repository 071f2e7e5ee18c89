import { Sandbox } from '../../index.js';

/** A sandbox that is closed after the test. */
export function sandbox(t, options) {
  const made = new Sandbox(options);
  t.after(() => made.close());
  return made;
}

/** Runs a shell script. */
export function sh(box, script, options) {
  return box.exec('sh', ['-c', script], options);
}

/** The profiles that hold a boundary. */
export const RESTRICTED = ['offline', 'net-read-only', 'workspace-write', 'workspace-net'];
