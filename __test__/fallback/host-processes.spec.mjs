// Processes of the host are listed, and that is said; none can be signalled, traced or read, and neither can the one that holds the run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { test } from 'node:test';
import { workspace } from '../support/places.mjs';
import { leftovers, started, unusualSleep } from '../support/processes.mjs';
import { lacks } from '../support/lacks.mjs';
import { probe } from '../support/probe.mjs';
import { RESTRICTED, sandbox, sh } from '../support/sandbox.mjs';

const [KILL, PTRACE, PIDFD_SEND_SIGNAL, PRLIMIT, SETPRIORITY, IOPRIO_SET] = [62, 101, 424, 302, 141, 251];
const [RLIMIT_CPU, RLIMIT_NOFILE] = [0, 7];
const [PRIO_PROCESS, PRIO_GROUP, PRIO_USER] = [0, 1, 2];
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
    // Limits and priorities of a process are changed by whoever is the same user.
    const held = () => [readFileSync(`/proc/${host.pid}/limits`, 'utf8'), os.getPriority(host.pid)];
    const before = held();
    for (const limit of [RLIMIT_CPU, RLIMIT_NOFILE]) assert.equal(await probe(box, 'call', PRLIMIT, host.pid, limit, 'buffer', 0), 'EPERM');
    for (const [which, who] of [[PRIO_PROCESS, host.pid], [PRIO_GROUP, host.pid], [PRIO_USER, process.getuid()], [PRIO_USER, 0]]) {
      assert.equal(await probe(box, 'call', SETPRIORITY, which, who, 15), 'EPERM');
      assert.equal(await probe(box, 'call', IOPRIO_SET, which + 1, who, 0x6000), 'EPERM');
    }
    assert.deepEqual(held(), before);
    assert.equal((await sh(box, 'ulimit -n 100 && nice -n 5 sh -c "ulimit -n; nice"')).stdout, `100\n${Math.min(os.getPriority() + 5, 19)}\n`, 'its own it changes');
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
