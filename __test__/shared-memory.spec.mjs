// Processes of a run share semaphores, memory, sockets and counters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    assert.equal(await probe(sandbox(t, { profile, workspace: workspace() }), 'share'), 'ok');
  });
}
