// When a run ends, nothing that it started is left, however it was started.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { gone, started, unusualSleep } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const TREES = {
  'children of children': (sleep) => `sh -c "sh -c '${sleep} & ${sleep} & wait' & wait" & wait`,
  'a process of a session of its own': (sleep) => `setsid ${sleep} & sleep 60`,
  'a process that lost its parent': (sleep) => `(setsid ${sleep} > /dev/null 2>&1 < /dev/null &); sleep 60`,
  'a process that ignores signals': (sleep) => `trap "" TERM INT HUP; ${sleep} & sleep 60`,
  'a stopped process': (sleep) => `${sleep} & sleep 0.2; kill -STOP $!; sleep 60`,
};

for (const profile of ['workspace-write', 'trusted']) {
  for (const [tree, script] of Object.entries(TREES)) {
    test(`${tree}, under ${profile}`, async (t) => {
      const seconds = unusualSleep();
      const box = sandbox(t, { profile, workspace: workspace() });
      const abort = new AbortController();
      const run = sh(box, script(`sleep ${seconds}`), { signal: abort.signal, forceKillAfterDelay: 50 });
      await started(`sleep ${seconds}`);
      abort.abort();
      await run;
      await gone(`sleep ${seconds}`);
      assert.equal((await sh(box, 'echo alive')).stdout, 'alive\n');
    });
  }
}
