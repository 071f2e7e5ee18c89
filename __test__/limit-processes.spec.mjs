// A command that starts process after process comes to an end of them, and the machine does not.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const { EAGAIN } = os.constants.errno;

test('a limit that was asked for', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { processes: 50 } });
  const result = await box.exec(PROBE, ['forks', '500']);
  const [made, error] = result.stdout.split(' ').map(Number);
  assert.equal(error, EAGAIN);
  // The probe is one of them.
  assert.ok(made >= 40 && made < 50, result.stdout);
  const { by, per, value } = result.enforcement.limits.processes;
  assert.deepEqual({ per, value }, { per: 'sandbox', value: 50 });
  assert.ok(['cgroup', 'rlimit'].includes(by));
  assert.equal(result.limit, by === 'cgroup' ? 'processes' : undefined);
  const next = await box.exec(PROBE, ['forks', '20']);
  assert.equal(next.stdout, '20 0\n');
  assert.equal(next.limit, undefined);
});

test('a fork bomb ends with its run', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { processes: 100 } });
  const result = await sh(box, 'bomb() { bomb | bomb & }; bomb; sleep 60', { timeout: 1000, forceKillAfterDelay: 500 });
  assert.equal(result.timedOut, true);
  if (result.enforcement.limits.processes.by === 'cgroup') assert.equal(result.limit, 'processes');
  assert.equal((await sh(box, 'echo fine')).stdout, 'fine\n');
});

test('one command alone', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const result = await box.exec(PROBE, ['forks', '500'], { limits: { processes: 30 } });
  assert.ok(Number(result.stdout.split(' ')[0]) < 30, result.stdout);
  assert.equal((await box.exec(PROBE, ['forks', '100'])).stdout, '100 0\n');
});
