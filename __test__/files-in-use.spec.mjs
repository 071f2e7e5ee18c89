// Locks, mappings and watches work in the workspace and in the tmp.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('each of them', async (t) => {
  const W = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: W });
  for (const folder of [W, (await sh(box, 'printf %s "$TMPDIR"')).stdout]) {
    assert.equal(await probe(box, 'lock', `${folder}/lock`), 'ok');
    assert.equal(await probe(box, 'map', `${folder}/map`), 'ok');
    assert.equal(await probe(box, 'watch', folder), 'ok');
  }
  assert.match(readFileSync(path.join(W, 'map'), 'utf8'), /^mapped/);
});
