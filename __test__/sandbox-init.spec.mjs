// A run can't reach into the process that holds it, nor end it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const [ATTACH, SEIZE] = [16, 0x4206];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const request of [ATTACH, SEIZE]) assert.equal(await probe(box, 'call', 101, request, 1, 0, 0), 'EPERM');
    assert.equal(await probe(box, 'peek', 1), 'EPERM');
    for (const script of ['head -c 1 /proc/1/mem', 'cat /proc/1/maps', 'cat /proc/1/environ | grep .', 'for fd in 0 1 2 3 4 5 6 7 8; do readlink /proc/1/fd/$fd; done | grep .', 'for fd in 3 4 5 6; do : < /proc/1/fd/$fd && echo opened; done | grep .', 'readlink /proc/1/exe', 'cat /proc/1/root/etc/passwd']) {
      const result = await sh(box, script);
      assert.notEqual(result.exitCode, 0, script);
      assert.equal(result.stdout, '', script);
    }
    await sh(box, 'kill -9 1; kill -TERM 1; kill -STOP 1; kill -USR1 1; true');
    for (let signal = 34; signal <= 64; signal++) await sh(box, `kill -${signal} 1; true`);
    assert.equal((await sh(box, 'echo alive')).stdout, 'alive\n');
  });
}
