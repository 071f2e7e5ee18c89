// Memory, environment and descriptors of a process of the host are out of reach.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

const [PTRACE, PIDFD_OPEN, KCMP] = [101, 434, 312];
const ATTACH = 16;

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const pid of [process.pid, process.ppid]) {
      assert.equal(await probe(box, 'call', PTRACE, ATTACH, pid, 0, 0), 'ESRCH');
      assert.equal(await probe(box, 'peek', pid), 'ESRCH');
      assert.equal(await probe(box, 'call', PIDFD_OPEN, pid, 0), 'ESRCH');
      assert.notEqual(await probe(box, 'call', KCMP, pid, pid, 0, 0, 0), 'ok');
      for (const name of ['environ', 'mem', 'maps', 'fd/0', 'root/etc/passwd', 'cwd']) {
        assert.equal((await sh(box, `[ -e /proc/${pid}/${name} ] || [ -L /proc/${pid}/${name} ]`)).exitCode, 1, name);
      }
    }
  });
}
