// A command that takes more memory than it may: it is ended or refused, not the machine.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { PROBE } from './support/probe.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const MIB = 1 << 20;

/** What a hog of 300 MiB meets under a limit of 100. */
function refused(result) {
  const { by, per, value } = result.enforcement.limits.memory;
  assert.equal(value, 100 * MIB);
  if (by === 'cgroup') {
    assert.equal(result.limit, 'memory');
    assert.ok(result.hints.some((hint) => /limits\.memory/.test(hint)));
  } else {
    assert.deepEqual({ by, per }, { by: 'rlimit', per: 'process' });
    assert.equal(result.limit, undefined);
  }
  return by;
}

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`the program itself, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace(), limits: { memory: 100 * MIB } });
    const result = await box.exec(PROBE, ['eat', '300']);
    if (refused(result) === 'cgroup') {
      assert.equal(result.signal, 'SIGKILL');
      assert.equal(result.enforcement.limits.memory.per, 'sandbox');
    } else {
      assert.equal(Number(result.stdout), os.constants.errno.ENOMEM);
    }
    assert.equal((await box.exec(PROBE, ['eat', '20'])).stdout, '0\n', 'the next run has room again');
  });
}

test('a process that it started', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { memory: 100 * MIB } });
  const result = await sh(box, `"${PROBE}" eat 300; echo "still here"`);
  refused(result);
  assert.match(result.stdout, /still here\n$/);
  const quiet = await sh(box, 'true');
  assert.equal(quiet.limit, undefined, 'what one run met is not told of the next');
});

test('one command alone', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const [hog, other] = await Promise.all([
    box.exec(PROBE, ['eat', '300'], { limits: { memory: 100 * MIB } }),
    box.exec(PROBE, ['eat', '150']),
  ]);
  if (refused(hog) === 'cgroup') assert.equal(hog.enforcement.limits.memory.per, 'run');
  assert.equal(other.stdout, '0\n');
  assert.equal(other.enforcement.limits.memory, undefined);
});

test('without a limit the kernel is told whom to end first', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  const { stdout } = await sh(box, 'cat /proc/self/oom_score_adj');
  assert.ok(Number(stdout) >= 500, stdout);
});
