// What a run does to the process that starts it, and the next one, changes nothing for the next one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { RESTRICTED, sandbox } from './support/sandbox.mjs';

// Each changes the first process of the run's pid namespace, by its number, by its user, or by its group, which a run can enter.
const ATTACKS = {
  'its priority': 'os.setpriority(os.PRIO_PROCESS, 1, 19)',
  "its user's": 'os.setpriority(os.PRIO_USER, 0, 19)',
  "its group's": 'os.setpgid(0, 1); os.setpriority(os.PRIO_PGRP, 0, 19)',
  'the priority of its input and output': 'libc.syscall(251, 1, 1, 3 << 13) and fail()',
  'its processors': 'os.sched_setaffinity(1, {min(os.sched_getaffinity(0))})',
  'its scheduler': 'os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))',
  'what it may open': 'resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3))',
  'how many processes it may make': 'resource.prlimit(1, resource.RLIMIT_NPROC, (1, 1))',
  'its memory': 'resource.prlimit(1, resource.RLIMIT_AS, (4096, 4096))',
  'its stack': 'resource.prlimit(1, resource.RLIMIT_STACK, (4096, 4096))',
  'its time': 'resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))',
};
const STATE = 'import os, resource; print(os.nice(0), sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0), [resource.getrlimit(limit) for limit in range(16)])';

for (const profile of RESTRICTED) {
  test(`under ${profile}`, async (t) => {
    for (const [name, attack] of Object.entries(ATTACKS)) {
      const box = sandbox(t, { profile, workspace: workspace() });
      const before = await box.exec('python3', ['-c', STATE]);
      const attacked = await box.exec('python3', ['-c', `import ctypes, os, resource\nlibc = ctypes.CDLL(None)\ndef fail(): raise OSError\n${attack}`]);
      assert.equal(attacked.exitCode, 1, name);
      const after = await box.exec('python3', ['-c', STATE]);
      assert.deepEqual([after.exitCode, after.stdout], [0, before.stdout], name);
      await box.close();
    }
  });
}

test('a program still changes itself, and its own children', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const script = 'import os, resource, subprocess\nos.setpriority(os.PRIO_PROCESS, 0, 5); os.sched_setaffinity(0, os.sched_getaffinity(0)); resource.prlimit(os.getpid(), resource.RLIMIT_NOFILE, (64, 64))\n'
    + 'child = subprocess.Popen(["sleep", "9"]); os.setpriority(os.PRIO_PROCESS, child.pid, 9); resource.prlimit(child.pid, resource.RLIMIT_NOFILE, (32, 32)); child.kill(); print("done")';
  const { stdout, stderr } = await box.exec('python3', ['-c', script]);
  assert.equal(stdout, 'done\n', stderr);
});
