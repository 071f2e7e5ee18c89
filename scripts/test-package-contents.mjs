// What a tarball is to be, wherever it is packed: the same bytes, for everybody to read, nothing that runs when it is installed, and
// the licences of what is in it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './build.mjs';

const PROGRAMS = new Set(['bin/codex.js', 'codex.node', 'codex-launcher']);

/** Holds the tarballs in `folder`, of the root and of a platform, to it; packs them again in a folder of its own there. */
export function testContents(folder, platform) {
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  assert.equal(tarballs.length, 2);
  for (const name of tarballs) testTarball(path.join(folder, name), name.includes(platform));
  // Windows has neither an umask nor modes.
  if (process.platform === 'win32') return;
  const again = path.join(folder, 'again');
  mkdirSync(again);
  spawnSync('sh', ['-c', 'umask 077 && exec "$@"', 'sh', process.execPath, path.join(root, 'scripts', 'pack.mjs'), again, platform], { cwd: os.tmpdir(), stdio: 'ignore' });
  for (const name of tarballs) {
    assert.ok(readFileSync(path.join(folder, name)).equals(readFileSync(path.join(again, name))), `${name} depends on the umask, or on where it is packed`);
    for (const [entry, mode] of modes(path.join(folder, name))) assert.equal(mode, PROGRAMS.has(entry) ? '-rwxr-xr-x' : '-rw-r--r--', entry);
  }
}

function testTarball(tarball, isPlatform) {
  const { scripts = {} } = JSON.parse(read(tarball, 'package.json'));
  assert.deepEqual(Object.keys(scripts).filter((script) => /install|prepare|prepack/.test(script)), []);
  assert.match(read(tarball, 'LICENSE'), /Apache License/);
  if (!isPlatform) return;
  const notices = read(tarball, 'THIRD-PARTY-NOTICES');
  assert.match(notices, /^ {2}serde 1\./m);
  assert.match(notices, /^tokio \S+ \(MIT\)\n\n[^-]*Copyright \(c\) Tokio Contributors[^-]*THE SOFTWARE IS PROVIDED "AS IS"/m);
  // What is only built or tested with is not in it.
  assert.doesNotMatch(notices, /criterion|proptest|napi-derive|syn \d/);
}

function read(tarball, name) {
  return spawnSync('tar', ['-xzOf', tarball, `package/${name}`], { encoding: 'utf8' }).stdout;
}

function modes(tarball) {
  const { stdout } = spawnSync('tar', ['-tvzf', tarball], { encoding: 'utf8' });
  return stdout.trim().split('\n').map((line) => [line.split(' package/')[1], line.slice(0, 10)]);
}
