// On the machine that runs the specs, everything can be enforced: without that, they would prove nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sandbox } from '../index.js';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

test('what the machine has', () => {
  const { required, bestEffort, features } = Sandbox.capabilities();
  assert.equal(required, true);
  assert.equal(bestEffort, true);
  assert.deepEqual(features.map(({ name, present }) => [name, present]), [['namespaces', true], ['landlock', true], ['seccomp', true]]);
});

test('what a run says of itself', async (t) => {
  for (const profile of RESTRICTED) {
    const { enforcement } = await sandbox(t, { profile, workspace: workspace() }).exec('true');
    assert.equal(enforcement.profile, profile);
    assert.deepEqual(enforcement.filesystem, ['mounts', 'landlock']);
    assert.equal(enforcement.processes, 'pid-namespace');
    assert.ok(enforcement.landlockAbi >= 1);
    assert.deepEqual(enforcement.unenforced.filter(({ cause }) => cause === 'machine'), []);
    for (const { promise, cause, reason } of enforcement.unenforced) {
      assert.equal(cause, 'version');
      assert.ok(promise && reason);
    }
  }
});
