// How a program ended is told exactly.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { PACKAGE, workspace } from './support/places.mjs';
import { started, unusualSleep } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  test(`under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (const code of [0, 1, 2, 42, 125, 126, 127, 128, 137, 255]) {
      const result = await sh(box, `exit ${code}`);
      assert.deepEqual([result.exitCode, result.signal, result.failed], [code, null, code !== 0]);
    }
    for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGABRT', 'SIGKILL', 'SIGSEGV', 'SIGPIPE', 'SIGTERM', 'SIGUSR1', 'SIGXCPU']) {
      const result = await sh(box, `kill -${os.constants.signals[name]} $$`);
      assert.deepEqual([result.exitCode, result.signal, result.failed], [null, name, true]);
    }
  });

  test(`a result has its promised shape, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const result = await box.exec('true');
    assert.deepEqual(Object.keys(result).sort(), declaredKeys());
    assert.ok(result.durationMs > 0 && result.durationMs < 60_000);
    assert.deepEqual(result.hints, []);
    assert.ok(Object.isFrozen(result.enforcement) && Object.isFrozen(result.enforcement.unenforced));
  });

  test(`the pid is the one that the host sees, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    const seconds = unusualSleep();
    const abort = new AbortController();
    const run = box.exec('sleep', [seconds], { signal: abort.signal });
    const [pid] = await started(`sleep ${seconds}`);
    abort.abort();
    assert.equal((await run).pid, pid);
  });
}

test('no signal is ignored or blocked in a program because Node or the sandbox had it so', async (t) => {
  for (const profile of ['offline', 'trusted']) {
    const { stdout } = await sandbox(t, { profile, workspace: workspace() }).exec('cat', ['/proc/self/status']);
    assert.match(stdout, /^SigBlk:\t0+$/m);
    assert.match(stdout, /^SigIgn:\t0+$/m);
  }
});

/** The keys of a result as the types declare them. */
function declaredKeys() {
  const types = readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8');
  const [, body] = /export interface ExecResult<.*?> \{\n(.*?)\n\}/s.exec(types);
  return [...body.matchAll(/^  (\w+)\??:/gm)].map(([, key]) => key).sort();
}
