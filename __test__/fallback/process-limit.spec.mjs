// Without namespaces and control groups the number of processes is not held: a limit that is asked for is refused, and that there
// is no default is said. What was started ends with the run all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sandbox } from '../../index.js';
import { workspace } from '../support/places.mjs';
import { gone, unusualSleep } from '../support/processes.mjs';
import { lacks } from '../support/lacks.mjs';
import { PROBE } from '../support/probe.mjs';
import { sandbox, sh } from '../support/sandbox.mjs';

test('a limit that was asked for', async () => {
  await assert.rejects(new Sandbox({ workspace: workspace(), limits: { processes: 50 } }).exec(PROBE, ['forks', '500']), ({ code, message, remedy }) => {
    assert.equal(code, 'SandboxUnavailable');
    assert.match(message, /limits\.processes/);
    assert.match(remedy, /control groups/);
    return true;
  });
});

test('the default', async (t) => {
  const folder = workspace();
  const result = await sandbox(t, { profile: 'offline', workspace: folder }).exec(PROBE, ['forks', '300']);
  assert.equal(result.stdout, '300 0\n');
  assert.equal(result.enforcement.limits.processes, undefined);
  await lacks('limits', { profile: 'offline', workspace: folder });
});

test('many at once end with their run', async (t) => {
  const seconds = unusualSleep();
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  await sh(box, `for one in $(seq 200); do (setsid sleep ${seconds} > /dev/null 2>&1 &); done`);
  await gone(`sleep ${seconds}`);
});
