// A `tee` behind a process substitution outlives its shell for a moment, and must not lose a line.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

test('both lines are in the output and in the file, every time', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  for (let round = 0; round < 50; round++) {
    const result = await box.exec('bash', ['-c', 'exec > >(tee log) 2>&1; echo one; echo two >&2']);
    assert.equal(result.stdout, 'one\ntwo\n');
    assert.equal(readFileSync(path.join(folder, 'log'), 'utf8'), 'one\ntwo\n');
  }
});
