// A daemon does not outlive the run that started it, nor does it hold it up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { gone, unusualSleep } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const box = sandbox(t, { profile, workspace: workspace() });
    const begun = Date.now();
    const result = await sh(box, `(setsid sh -c 'trap "" HUP TERM; exec sleep ${seconds}' > /dev/null 2>&1 < /dev/null &); echo started`);
    assert.equal(result.stdout, 'started\n');
    assert.equal(result.exitCode, 0);
    assert.ok(Date.now() - begun < 10_000, 'it hung');
    await gone(`sleep ${seconds}`);
  });
}
