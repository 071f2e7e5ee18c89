// Without a limit that was asked for there is a default, which ends a command that starts process after process.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox } from './support/sandbox.mjs';

const { EAGAIN, EPERM, ENOMEM } = os.constants.errno;
/** The kernel counts no processes of root's; by ids it can, from 6.14 on. */
const CAN_NOT_COUNT = process.getuid() === 0 && os.release().localeCompare('6.14', undefined, { numeric: true }) < 0;

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
