// The limit of a run's duration, beside its timeout.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { gone, unusualSleep } from './support/processes.mjs';
import { sandbox } from './support/sandbox.mjs';

for (const profile of ['offline', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const result = await sandbox(t, { profile, workspace: workspace(), limits: { wallTime: 200 } }).exec('sleep', [seconds]);
    assert.equal(result.limit, 'wallTime');
    assert.equal(result.timedOut, true);
    assert.equal(result.failed, true);
    assert.deepEqual(result.hints, ['the command reached limits.wallTime and was ended; raise it, or give it less to do']);
    assert.deepEqual(result.enforcement.limits.wallTime, { value: 200, by: 'engine', per: 'run' });
    await gone(`sleep ${seconds}`);
  });
}

test('the shorter one counts', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { wallTime: 60_000 } });
  const result = await box.exec('sleep', [unusualSleep()], { timeout: 200 });
  assert.equal(result.timedOut, true);
  assert.equal(result.limit, undefined);
  assert.deepEqual(result.hints, ['the timeout ended the command; give it more time, or less to do']);
});
