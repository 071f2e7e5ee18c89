// A run can't type into the terminal that it was started from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

const IOCTL = 16;
const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const request of [TIOCSTI, TIOCLINUX]) {
      // The kernel looks at 32 bits of a request; so must the filter.
      for (const high of [0n, 0xffffffff00000000n, 0x100000000n]) {
        const disguised = `0x${(high + BigInt(request)).toString(16)}`;
        assert.equal(await probe(box, 'call', IOCTL, 0, disguised, 'buffer'), 'EPERM', disguised);
      }
    }
    assert.equal(await probe(box, 'call', IOCTL, 0, 0x5401, 'buffer'), 'ENOTTY', 'other requests pass');
  });
}

test('a run has no controlling terminal', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  const { stdout } = await box.exec('cat', ['/proc/self/stat']);
  const [pid] = stdout.split(' ');
  const [, parent, group, session, terminal] = stdout.replace(/^.*\) /s, '').split(' ');
  assert.equal(terminal, '0');
  assert.equal(group, pid);
  // One that was begun outside would be 0 here, or another.
  assert.equal(session, parent);
});
