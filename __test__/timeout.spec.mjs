// A command that takes too long is asked to end, then made to, with all that it started.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { gone, unusualSleep } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const PROFILES = ['workspace-write', 'trusted'];

for (const profile of PROFILES) {
  test(`SIGTERM comes first, under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const result = await sandbox(t, { profile, workspace: workspace() }).exec('sleep', [seconds], { timeout: 200 });
    assert.equal(result.timedOut, true);
    assert.equal(result.failed, true);
    assert.equal(result.signal, 'SIGTERM');
    assert.equal(result.exitCode, null);
    assert.equal(result.isCanceled, false);
    assert.ok(result.hints.some((hint) => /timeout/.test(hint)));
    assert.ok(result.durationMs >= 200);
    await gone(`sleep ${seconds}`);
  });

  test(`a program may tidy up, under ${profile}`, async (t) => {
    const result = await sh(sandbox(t, { profile, workspace: workspace() }), 'trap "echo tidied; exit 3" TERM; echo began; while :; do sleep 0.05; done', { timeout: 300 });
    assert.equal(result.stdout, 'began\ntidied\n');
    assert.equal(result.exitCode, 3);
    assert.equal(result.timedOut, true);
    assert.equal(result.failed, true);
  });

  test(`a program that ignores SIGTERM is killed with its tree, under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const result = await sh(sandbox(t, { profile, workspace: workspace() }), `trap "" TERM; (setsid sleep ${seconds} &); while :; do sleep ${seconds}; done`, {
      timeout: 200, forceKillAfterDelay: 200 });
    assert.equal(result.timedOut, true);
    assert.equal(result.signal, 'SIGKILL');
    await gone(`sleep ${seconds}`);
  });
}

test('another signal can be chosen', async (t) => {
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  for (const killSignal of ['SIGINT', 2]) {
    const result = await sh(box, 'trap "exit 4" INT; while :; do sleep 0.05; done', { timeout: 200, killSignal });
    assert.equal(result.exitCode, 4);
  }
});

test('a program that ends in time is not disturbed', async (t) => {
  const result = await sandbox(t, { workspace: workspace() }).exec('true', [], { timeout: 60_000 });
  assert.equal(result.timedOut, false);
  assert.equal(result.exitCode, 0);
});
