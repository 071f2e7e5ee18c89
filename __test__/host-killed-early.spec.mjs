// Node may be killed at any moment of a start: nothing that it started stays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { script, start } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { gone, unusualSleep } from './support/processes.mjs';

test('at many moments', async () => {
  const facts = { seconds: unusualSleep(), folder: workspace() };
  for (let moment = 0; moment < 24; moment++) {
    const child = start(script(`
      process.stdout.write('now');
      codex.exec('sh', ['-c', 'setsid sleep ' + facts.seconds + ' & sleep ' + facts.seconds], { workspace: facts.folder });`, facts));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await sleep(moment / 2);
    child.kill('SIGKILL');
    await gone(`sleep ${facts.seconds}`);
  }
});
