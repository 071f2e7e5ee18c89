// What specs need that run on every platform: no shell, no /proc, no paths of one system.
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Sandbox, SecurityProfile } from '../../index.js';

const made = [];
process.on('exit', () => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Not below a tmp directory, which may be the sandbox's own inside. */
const parent = path.join(process.env.CODEX_TEST_ROOT ?? os.homedir(), '.codex-test');

/** A new folder of the host. */
export function folder() {
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(path.join(realpathSync(parent), 'any-'));
  made.push(directory);
  return directory;
}

/** A sandbox that can run this Node, closed after the test. On Windows a container sees only what it is granted, so that Node's
 * own folder has to be, and no writing profile can be had with enforcement required. */
export function sandbox(t, { profile, workspace = folder(), denyRead, enforcement, denials }) {
  const windows = process.platform === 'win32' && profile !== 'trusted';
  const overrides = { ...(denyRead && { denyRead }), ...(windows && { readable: [path.dirname(process.execPath)] }) };
  const writes = profile.startsWith('workspace');
  const box = new Sandbox({
    profile: new SecurityProfile(profile, overrides), workspace, enforcement: enforcement ?? (windows && writes ? 'best-effort' : 'required'), denials,
  });
  t.after(() => box.close());
  return box;
}

/** Runs a script of Node's. */
export function node(box, script, args = [], options) {
  return box.exec(process.execPath, ['-e', script, '--', ...args], options);
}
