// Closing a sandbox ends its runs, waits until they are gone, and refuses what comes later.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodexError, Sandbox } from '../index.js';
import { workspace } from './support/places.mjs';
import { ended, launchers, leftovers, started, unusualSleep } from './support/processes.mjs';
import { sh } from './support/sandbox.mjs';

for (const profile of ['workspace-write', 'trusted']) {
  test(`runs end with it, under ${profile}`, async () => {
    const [seconds, daemon] = [unusualSleep(), unusualSleep()];
    const before = new Set(launchers());
    const box = new Sandbox({ profile, workspace: workspace() });
    const run = sh(box, `(setsid sleep ${daemon} &); sleep ${seconds}`);
    const settled = assert.rejects(run, (error) => error instanceof CodexError && error.code === 'SandboxUnavailable');
    await started(`sleep ${seconds}`);
    await started(`sleep ${daemon}`);
    const [launcher] = launchers().filter((pid) => !before.has(pid));
    await box.close();
    assert.deepEqual(leftovers(`sleep ${seconds}`), []);
    assert.deepEqual(leftovers(`sleep ${daemon}`), []);
    await settled;
    await ended(launcher);
  });
}

test('every call of it waits until all is gone', async () => {
  const seconds = unusualSleep();
  const box = new Sandbox({ workspace: workspace() });
  const run = box.exec('sleep', [seconds]).catch((error) => error);
  await started(`sleep ${seconds}`);
  const first = box.close();
  await box.close();
  assert.deepEqual(leftovers(`sleep ${seconds}`), [], 'the second call returned too early');
  await first;
  await run;
});

test('later commands are refused', async () => {
  const box = new Sandbox({ workspace: workspace() });
  await box.exec('true');
  await box.close();
  await assert.rejects(box.exec('true'), { code: 'SandboxUnavailable', message: /closed/ });
  assert.throws(() => box.execSync('true'), { code: 'SandboxUnavailable', message: /closed/ });
  await box.close();
});

test('one that was never used can be closed', async () => {
  const box = new Sandbox({ workspace: workspace() });
  await box.close();
  await assert.rejects(box.exec('true'), { code: 'SandboxUnavailable' });
});

test('it is what `await using` calls', async () => {
  const box = new Sandbox({ workspace: workspace() });
  await box.exec('true');
  await box[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
  await assert.rejects(box.exec('true'), { code: 'SandboxUnavailable' });
});
