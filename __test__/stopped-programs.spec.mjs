// A program that is stopped hears nothing: what asks it to end wakes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { until } from './support/until.mjs';
import { finished, startCodex } from './support/cli.mjs';
import { started, unusualSleep } from './support/processes.mjs';
import { readFileSync } from 'node:fs';

/** Never reached: the end comes of the signal that asks for it. */
const forceKillAfterDelay = 3_600_000;

const isStopped = (pid) => /\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));

test('at a timeout', async (t) => {
  const { signal, timedOut } = await sh(sandbox(t, { workspace: workspace() }), 'kill -STOP $$', { timeout: 200, forceKillAfterDelay });
  assert.deepEqual([signal, timedOut], ['SIGTERM', true]);
});

test('at an abort, which it may handle', async (t) => {
  const abort = new AbortController();
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'trap "echo handled; exit 3" TERM; kill -STOP $$; sleep 3600'], { signal: abort.signal, forceKillAfterDelay });
  run.on('spawn', async () => {
    await until(() => isStopped(run.pid), 'a stopped program');
    abort.abort();
  });
  const { exitCode, stdout, isCanceled } = await run;
  assert.deepEqual([exitCode, stdout, isCanceled], [3, 'handled\n', true]);
});

test('at the end of the terminal, by kill', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sleep', ['3600']);
  run.on('spawn', async () => {
    run.kill('SIGSTOP');
    await until(() => isStopped(run.pid), 'a stopped program');
    run.kill('SIGHUP');
  });
  assert.equal((await run).signal, 'SIGHUP');
});

test('at a signal to `codex`', async (t) => {
  const seconds = unusualSleep();
  const child = startCodex(['exec', '--', 'sh', '-c', `sleep ${seconds} & kill -STOP $$`], { cwd: workspace() });
  t.after(() => child.kill('SIGKILL'));
  const end = finished(child);
  await started(`sleep ${seconds}`);
  child.kill('SIGTERM');
  assert.equal((await end).exitCode, 143);
});
