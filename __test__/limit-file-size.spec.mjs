// A file can't grow beyond its limit.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('in the workspace', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder, limits: { fileSize: 65536 } });
  const result = await sh(box, 'exec head -c 1000000 /dev/zero > large');
  assert.equal(result.signal, 'SIGXFSZ');
  assert.equal(result.limit, 'fileSize');
  assert.equal(statSync(path.join(folder, 'large')).size, 65536);
  const { by, per } = result.enforcement.limits.fileSize;
  assert.deepEqual({ by, per }, { by: 'rlimit', per: 'file' });
  assert.notEqual((await sh(box, 'truncate -s 100G sparse')).exitCode, 0);
  assert.notEqual((await sh(box, 'fallocate -l 1M kept')).exitCode, 0);
});

test('one command alone', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  assert.equal((await sh(box, 'exec head -c 1000000 /dev/zero > a', { limits: { fileSize: 1000 } })).limit, 'fileSize');
  assert.equal((await sh(box, 'head -c 1000000 /dev/zero > b')).exitCode, 0);
});

test('the default lets large files be', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  assert.equal((await sh(box, 'truncate -s 60G sparse')).exitCode, 0);
  assert.notEqual((await sh(box, 'truncate -s 65G sparse')).exitCode, 0);
});
