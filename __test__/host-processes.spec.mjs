// Processes of the host can be neither seen nor signalled.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { leftovers, started, unusualSleep } from './support/processes.mjs';
import { probe } from './support/probe.mjs';
import { RESTRICTED, sandbox, sh } from './support/sandbox.mjs';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const host = spawn('sleep', [seconds], { stdio: 'ignore' });
    t.after(() => host.kill('SIGKILL'));
    await started(`sleep ${seconds}`);
    const box = sandbox(t, { profile, workspace: workspace() });

    const seen = await sh(box, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "');
    assert.match(seen.stdout, /cat/, 'it sees itself');
    assert.doesNotMatch(seen.stdout, new RegExp(seconds.replace('.', '\\.')));
    assert.doesNotMatch(seen.stdout, /\bnode\b/);

    assert.equal(await probe(box, 'call', 62, host.pid, 9), 'ESRCH');
    assert.equal(await probe(box, 'call', 62, process.pid, 0), 'ESRCH');
    assert.equal((await sh(box, `kill -9 ${host.pid}`)).exitCode, 1);
    // Everybody that it may signal: nobody of the host.
    await sh(box, 'trap "" TERM; kill -TERM -1; kill -KILL -1; true');
    assert.equal(await probe(box, 'call', 434, host.pid, 0), 'ESRCH', 'pidfd_open');
    assert.deepEqual(leftovers(`sleep ${seconds}`), [host.pid]);
    assert.equal((await sh(box, 'echo alive')).stdout, 'alive\n', 'its own killing did not harm the sandbox');
  });
}
