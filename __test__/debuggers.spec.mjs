// A debugger works on programs of its own sandbox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    assert.equal(await probe(sandbox(t, { profile, workspace: workspace() }), 'trace'), 'ok');
  });
}

test('a call that a tracer takes out, as strace does to inject errors, is none', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  // What tracers put in place of its number: the kernel answers that it knows no such call.
  for (const number of [-1, -2]) assert.equal(await probe(box, 'call', number), 'ENOSYS');
  for (const number of [0x40000000, 0x7fffffff]) assert.equal(await probe(box, 'call', number), 'SIGSYS');
});
