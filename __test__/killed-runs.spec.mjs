// A run that is ended, however early or late, is the only one that is: its place serves others before and after it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  for (const killSignal of ['SIGKILL', 'SIGTERM']) {
    test(`200 runs are ended by ${killSignal} at any moment, under ${profile}`, async (t) => {
      const box = sandbox(t, { profile, workspace: workspace() });
      await box.exec('true');
      for (let round = 0; round < 200; round++) {
        const abort = new AbortController();
        const doomed = box.exec('sleep', ['30'], { signal: abort.signal, killSignal });
        // From before the run has begun to after its program has started; no moment is ever the right one.
        if (round % 4 > 0) await sleep((round % 4) - 1);
        abort.abort();
        const [ended, next] = await Promise.all([doomed, box.exec('true')]);
        assert.deepEqual([ended.exitCode, ended.signal, ended.isCanceled], [null, killSignal, true]);
        assert.deepEqual([next.exitCode, next.signal], [0, null]);
      }
    });
  }
  test(`200 runs end by themselves while they are ended, under ${profile}`, async (t) => {
    const box = sandbox(t, { profile, workspace: workspace() });
    for (let round = 0; round < 200; round++) {
      const abort = new AbortController();
      const racing = box.exec('true', [], { signal: abort.signal, killSignal: 'SIGKILL' });
      if (round % 2 > 0) await sleep(1);
      abort.abort();
      const { exitCode, signal } = await racing;
      assert.ok(exitCode === 0 || signal === 'SIGKILL', `${exitCode} ${signal}`);
      assert.equal((await box.exec('true')).exitCode, 0);
    }
  });
}
