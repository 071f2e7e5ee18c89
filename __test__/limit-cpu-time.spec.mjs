// A command that computes for too long is ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const SPIN = 'while :; do :; done';

for (const profile of ['offline', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace(), limits: { cpuTime: 500 } });
    const result = await sh(box, SPIN, { timeout: 60_000 });
    assert.equal(result.limit, 'cpuTime');
    assert.equal(result.timedOut, false);
    assert.equal(result.failed, true);
    const { by, per } = result.enforcement.limits.cpuTime;
    assert.equal(per, by === 'cgroup' ? 'run' : 'process');
    assert.equal(result.signal, by === 'cgroup' ? 'SIGKILL' : 'SIGXCPU');
    const idle = await sh(box, 'sleep 0.1; echo done');
    assert.equal(idle.stdout, 'done\n', 'each run has its own time');
    assert.equal(idle.limit, undefined);
  });
}

test('many processes share what a run has, where a control group counts it', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { cpuTime: 1000 } });
  const result = await sh(box, `${SPIN} & ${SPIN} & ${SPIN} & wait`, { timeout: 10_000 });
  if (result.enforcement.limits.cpuTime.by === 'cgroup') {
    assert.equal(result.limit, 'cpuTime');
    assert.equal(result.timedOut, false);
  } else {
    assert.ok(result.timedOut || result.exitCode !== null || result.signal !== null);
  }
});

test('one command alone', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  assert.equal((await sh(box, SPIN, { limits: { cpuTime: 100 }, timeout: 60_000 })).limit, 'cpuTime');
});
