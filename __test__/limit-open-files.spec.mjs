// The number of open files of a process.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox } from './support/sandbox.mjs';

test('a limit that was asked for', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { openFiles: 20 } });
  const result = await box.exec(PROBE, ['open', '100']);
  assert.equal(result.stdout, `17 ${os.constants.errno.EMFILE}\n`);
  assert.deepEqual(result.enforcement.limits.openFiles, { value: 20, by: 'rlimit', per: 'process' });
});

test('one command alone', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  assert.equal((await box.exec(PROBE, ['open', '100'], { limits: { openFiles: 10 } })).stdout.split(' ')[0], '7');
  assert.equal((await box.exec(PROBE, ['open', '100'])).stdout, '100 0\n');
});
