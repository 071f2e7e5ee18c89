// A user that owns nothing on the machine, and what it needs to use the package: the checkout may lie where only root can read.
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './build.mjs';

const ORDINARY = 61234;
/** What a copy of the package needs to be used from elsewhere. */
const PACKAGE = ['package.json', 'index.js', 'index.d.ts', 'child_process.js', 'child_process.d.ts', 'register.js', 'native.js', 'native-failure.js', 'lib', 'bin', 'npm', 'examples', 'schemas', 'scripts', '__test__', 'node_modules'];

/** Calls `use` with the user's copy of the package, a place to put more, and the options with which a process is this user. */
export function withOrdinaryUser(use) {
  const place = mkdtempSync(path.join(os.tmpdir(), 'codex-ordinary-'));
  // Not below the temporary folder of the machine, which a sandbox hides: some tests want to see it from inside.
  const home = mkdtempSync('/var/codex-home-');
  try {
    chmodSync(place, 0o755);
    const checkout = path.join(place, 'package');
    for (const entry of PACKAGE) cpSync(path.join(root, entry), path.join(checkout, entry), { recursive: true, verbatimSymlinks: true });
    chownSync(home, ORDINARY, ORDINARY);
    const env = { PATH: process.env.PATH, HOME: home, CODEX_TEST_ROOT: home, LANG: 'C.UTF-8' };
    return use({ place, checkout, home, options: { uid: ORDINARY, gid: ORDINARY, env } });
  } finally {
    rmSync(home, { recursive: true, force: true });
    rmSync(place, { recursive: true, force: true });
  }
}
