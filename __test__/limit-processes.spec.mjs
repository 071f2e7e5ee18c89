// A command that starts process after process comes to an end of them, and the machine does not.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const { EAGAIN, EPERM, ENOMEM } = os.constants.errno;
/** The kernel counts no processes of root's; by ids it can, from 6.14 on. */
const CAN_NOT_COUNT = process.getuid() === 0 && os.release().localeCompare('6.14', undefined, { numeric: true }) < 0;

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

test('the default', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const result = await box.exec(PROBE, ['forks', '6000']);
  const [made, error] = result.stdout.split(' ').map(Number);
  if (CAN_NOT_COUNT) {
    // A default that can't be held is not said to be.
    assert.equal(result.enforcement.limits.processes, undefined);
    return;
  }
  assert.ok([EAGAIN, EPERM, ENOMEM].includes(error), JSON.stringify(result));
  assert.ok(made > 3000 && made < 4096, result.stdout);
  assert.equal(result.enforcement.limits.processes.value, 4096);
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
