// Processes of the host are listed, and that is said; none can be signalled, traced or read, and neither can the one that holds the run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { workspace } from '../support/places.mjs';
import { leftovers, started, unusualSleep } from '../support/processes.mjs';
import { lacks } from '../support/lacks.mjs';
import { probe } from '../support/probe.mjs';
import { RESTRICTED, sandbox, sh } from '../support/sandbox.mjs';

const [KILL, PTRACE, PIDFD_SEND_SIGNAL] = [62, 101, 424];
const [ATTACH, SEIZE] = [16, 0x4206];

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    const [folder, seconds] = [workspace(), unusualSleep()];
    const host = spawn('sleep', [seconds], { stdio: 'ignore' });
    t.after(() => host.kill('SIGKILL'));
    await started(`sleep ${seconds}`);
    const box = sandbox(t, { profile, workspace: folder });

    const listed = await sh(box, 'ps -eo pid,args; top -bn1 > /dev/null && echo top-works');
    assert.ok(listed.stdout.includes(`sleep ${seconds}`) && listed.stdout.includes('top-works'), listed.stderr);
    for (const pid of [host.pid, process.pid]) {
      for (const signal of [0, 9, 15, 19]) assert.equal(await probe(box, 'call', KILL, pid, signal), 'EPERM');
      for (const request of [ATTACH, SEIZE]) assert.equal(await probe(box, 'call', PTRACE, request, pid, 0, 0), 'EPERM');
      assert.equal(await probe(box, 'peek', pid), 'EPERM');
      assert.notEqual(await probe(box, 'call', PIDFD_SEND_SIGNAL, 0, 9, 0, 0), 'ok');
      for (const name of ['environ', 'mem', 'maps', 'auxv', 'fd/0', 'root/etc/passwd']) {
        assert.notEqual((await sh(box, `: < /proc/${pid}/${name} && head -c 1 /proc/${pid}/${name} | grep -q .`)).exitCode, 0, name);
      }
      for (const name of ['cwd/', 'root/']) assert.notEqual((await sh(box, `ls /proc/${pid}/${name}`)).exitCode, 0, name);
    }
    await sh(box, `trap "" TERM; kill -9 ${host.pid}; kill -TERM -1; kill -KILL -1; true`);
    assert.deepEqual(leftovers(`sleep ${seconds}`), [host.pid]);
    assert.equal((await sh(box, 'echo alive')).stdout, 'alive\n', 'its own killing did not harm the sandbox');
    await lacks('invisible-processes', { profile, workspace: folder });
  });

  test(`the process that holds the run, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const attempts = ['head -c 1 /proc/$PPID/mem', 'cat /proc/$PPID/maps', 'cat /proc/$PPID/environ', 'for fd in 0 1 2 3 4 5 6; do readlink /proc/$PPID/fd/$fd; done | grep .', 'readlink /proc/$PPID/exe', 'cat /proc/$PPID/root/etc/passwd'];
    for (const attempt of attempts) {
      const result = await sh(box, attempt);
      assert.notEqual(result.exitCode, 0, attempt);
      assert.equal(result.stdout, '', attempt);
    }
    const seconds = unusualSleep();
    const killing = await sh(box, `setsid sleep ${seconds} > /dev/null 2>&1 & for signal in 1 2 9 10 12 15 17 19 $(seq 34 64); do kill -$signal $PPID && echo sent; done 2> /dev/null; sleep 0.2; echo survived`);
    assert.equal(killing.stdout, 'survived\n');
    assert.deepEqual(leftovers(`sleep ${seconds}`), [], 'the end of the run was not kept from it');
    assert.equal((await sh(box, 'echo alive')).stdout, 'alive\n');
  });
}
