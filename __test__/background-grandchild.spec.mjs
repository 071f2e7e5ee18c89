// A process in the background that holds the pipes open does not keep a call from returning.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { leftovers, unusualSleep } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const box = sandbox(t, { profile, workspace: workspace() });
    await box.exec('true');
    const begun = Date.now();
    const result = await sh(box, `sleep ${seconds} & echo out; echo err >&2`);
    assert.ok(Date.now() - begun < 3000, `it took ${Date.now() - begun} ms`);
    assert.equal(result.exitCode, 0);
    assert.equal(result.stdout, 'out\n');
    assert.equal(result.stderr, 'err\n');
    assert.deepEqual(leftovers(`sleep ${seconds}`), [], 'the call returned before the process was gone');
  });
}

test('what is left may finish its writing', async (t) => {
  const result = await sh(sandbox(t, { workspace: workspace() }), '(sleep 0.1; echo late) & echo early');
  assert.equal(result.stdout, 'early\nlate\n');
});
