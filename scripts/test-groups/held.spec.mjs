// Limits are held by control groups where they were given to this user, and said to be held by less where they were not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from '../../__test__/support/places.mjs';
import { PROBE } from '../../__test__/support/probe.mjs';
import { sandbox, sh } from '../../__test__/support/sandbox.mjs';

const GIVEN = process.env.CODEX_TEST_GROUPS === 'given';
const MIB = 1 << 20;

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`by what each is held, under ${profile}`, async (t) => {
    const limits = { memory: 200 * MIB, cpuTime: 60_000, ...(GIVEN && { processes: 100 }) };
    const box = sandbox(t, { profile, workspace: workspace(), limits });
    const { enforcement } = await box.exec('true');
    for (const limit of ['memory', 'processes'].filter((name) => name in limits)) {
      const { by, per } = enforcement.limits[limit];
      assert.deepEqual({ by, per }, GIVEN ? { by: 'cgroup', per: 'sandbox' } : { by: 'rlimit', per: 'process' }, limit);
    }
    const own = await box.exec('true', [], { limits: { memory: 100 * MIB, cpuTime: 30_000 } });
    assert.equal(own.enforcement.limits.memory.per, GIVEN ? 'run' : 'process');
  });

  // Resource limits name nothing.
  if (GIVEN) test(`what is met is named, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace(), limits: { memory: 100 * MIB, processes: 60, cpuTime: 60_000 } });
    assert.equal((await box.exec(PROBE, ['eat', '300'])).limit, 'memory');
    assert.equal((await box.exec(PROBE, ['forks', '500'])).limit, 'processes');
    assert.equal((await sh(box, 'while :; do :; done', { limits: { cpuTime: 500 } })).limit, 'cpuTime');
    assert.equal((await box.exec('true')).limit, undefined);
    // The private tmp is memory, too.
    if (profile !== 'trusted') assert.equal((await sh(box, 'head -c 150000000 /dev/zero > /tmp/x')).limit, 'memory', 'the tmp');
  });
}
