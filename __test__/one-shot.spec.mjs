// `exec` without a sandbox makes one, runs one command, and leaves nothing of it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { exec } from '../index.js';
import { workspace } from './support/places.mjs';
import { launchers } from './support/processes.mjs';

test('the default is offline, in the current folder', async () => {
  const folder = workspace();
  const before = process.cwd();
  process.chdir(folder);
  try {
    const result = await exec('sh', ['-c', 'pwd; echo x > new']);
    assert.equal(result.stdout, `${folder}\n`);
    assert.notEqual(result.exitCode, 0);
    assert.equal(result.enforcement.profile, 'offline');
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    process.chdir(before);
  }
});

test('options of the sandbox and of the command go together', async () => {
  const folder = workspace();
  const result = await exec('sh', ['-c', 'cat > file; exit 4'], { profile: 'workspace', workspace: folder, input: 'text', timeout: 60_000 });
  assert.equal(result.exitCode, 4);
  assert.equal(readFileSync(path.join(folder, 'file'), 'utf8'), 'text');
  assert.equal((await exec('pwd', { workspace: folder })).stdout, `${folder}\n`);
});

test('no process and no file is left', async (t) => {
  const tmp = workspace();
  const before = { launchers: launchers().length, TMPDIR: process.env.TMPDIR };
  process.env.TMPDIR = tmp;
  t.after(() => (before.TMPDIR === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = before.TMPDIR)));
  await Promise.all(Array.from({ length: 8 }, () => exec('sh', ['-c', 'echo x > /tmp/x'], { workspace: workspace() })));
  await assert.rejects(exec('no-such-program', [], { workspace: workspace() }), { code: 'ENOENT' });
  assert.equal(launchers().length, before.launchers);
  assert.deepEqual(readdirSync(tmp), []);
});
