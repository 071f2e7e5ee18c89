// Rules hold whatever a program is made of: a copy, memory, an interpreter, the loader.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { script } from './support/node.mjs';
import { outside, snapshot, workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('nothing outside changes', async (t) => {
  const [W, O] = [workspace(), outside()];
  const before = snapshot(O);
  const box = sandbox(t, { profile: 'workspace-write', workspace: W });
  assert.equal((await box.exec(PROBE, ['run-from-memory', '/usr/bin/touch', 'inside'])).exitCode, 0);
  assert.deepEqual(readdirSync(W), ['inside'], 'such programs run');
  for (const script of [
    `"${PROBE}" run-from-memory /usr/bin/touch "${O}/new"`,
    `cp /usr/bin/touch copy && ./copy "${O}/new"`,
    `cp /usr/bin/touch copy; for loader in /lib64/ld-linux-*.so.* /lib/ld-*.so.*; do [ -e "$loader" ] && "$loader" ./copy "${O}/new"; done; false`,
    `printf '#!/bin/sh\\necho x > "${O}/new"\\n' > script && chmod +x script && ./script`,
  ]) {
    assert.notEqual((await sh(box, script)).exitCode, 0, script);
    assert.equal(snapshot(O), before, script);
  }
});
