// A program has no capability, can't gain one, and is the user who asked for it, root included.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const { stdout, enforcement } = await sh(box, 'cat /proc/self/status');
    const status = Object.fromEntries(stdout.split('\n').map((line) => line.split(':\t')));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(status[set], /^0+$/, set);
    assert.equal(status.NoNewPrivs, '1');
    assert.equal(status.Seccomp, '2');
    const [uid, gid] = [process.getuid(), process.getgid()].map((id) => Array(4).fill(id).join('\t'));
    assert.equal(status.Uid, uid);
    assert.equal(status.Gid, gid);
    assert.equal(enforcement.capabilitiesDropped, true);
    assert.equal(enforcement.seccomp, true);
  });
}
