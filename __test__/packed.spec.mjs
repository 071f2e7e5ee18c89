// Packages are the same wherever they are packed, can be read by everybody, and run nothing when they are installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PLATFORM } from './support/installation.mjs';
import { PACKAGE, workspace } from './support/places.mjs';

/** The tarballs that come of packing with an umask, each by its name. */
function packed(umask, cwd) {
  const folder = workspace();
  const script = `umask ${umask} && exec "$@"`;
  const { stdout } = spawnSync('sh', ['-c', script, 'sh', process.execPath, path.join(PACKAGE, 'scripts', 'pack.mjs'), folder, PLATFORM], { cwd, encoding: 'utf8' });
  // How large an addon is that was not built for a release is not judged.
  assert.doesNotMatch(stdout, /missing|files are over/);
  return new Map(readdirSync(folder).map((name) => [name, path.join(folder, name)]));
}

/** Modes by names. */
function modes(tarball) {
  const { stdout } = spawnSync('tar', ['-tvzf', tarball], { encoding: 'utf8' });
  return Object.fromEntries(stdout.trim().split('\n').map((line) => [line.split(' package/')[1], line.slice(0, 10)]));
}

const manifest = (tarball) => JSON.parse(spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }).stdout);

test('the umask and the place change nothing', () => {
  const [one, other] = [packed('022', PACKAGE), packed('077', workspace())];
  assert.deepEqual([...one.keys()], [...other.keys()]);
  assert.equal(one.size, 2);
  for (const [name, file] of one) assert.ok(readFileSync(file).equals(readFileSync(other.get(name))), name);
  for (const [name, file] of other) {
    const programs = name.includes(PLATFORM) ? ['codex.node', 'codex-launcher'] : ['bin/codex.js'];
    for (const [entry, mode] of Object.entries(modes(file))) assert.equal(mode, programs.includes(entry) ? '-rwxr-xr-x' : '-rw-r--r--', entry);
    assert.ok('LICENSE' in modes(file), name);
    const { scripts = {} } = manifest(file);
    assert.deepEqual(Object.keys(scripts).filter((script) => /install|prepare|prepack/.test(script)), []);
  }
});
