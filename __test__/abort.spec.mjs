// An AbortSignal ends a command, or keeps it from starting.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { CodexError, exec } from '../index.js';
import { workspace } from './support/places.mjs';
import { gone, started, unusualSleep } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

test('aborted before: nothing is started', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  const result = await box.exec('touch', ['ran'], { signal: AbortSignal.abort() });
  assert.equal(result.isCanceled, true);
  assert.equal(result.failed, true);
  assert.equal(result.exitCode, null);
  assert.equal(result.pid, undefined);
  assert.equal(result.enforcement, undefined);
  assert.equal(result.stdout, '');
  assert.deepEqual(readdirSync(folder), []);
});

test('aborted before: the output has the type that was asked for', async (t) => {
  const result = await sandbox(t, { workspace: workspace() }).exec('true', [], { signal: AbortSignal.abort(), encoding: 'buffer' });
  assert.ok(Buffer.isBuffer(result.stdout), `it is ${JSON.stringify(result.stdout)}`);
  assert.ok(Buffer.isBuffer(result.stderr));
});

test('aborted in the same turn', async (t) => {
  const seconds = unusualSleep();
  const abort = new AbortController();
  const run = sandbox(t, { workspace: workspace() }).exec('sleep', [seconds], { signal: abort.signal });
  abort.abort();
  const result = await run;
  assert.equal(result.isCanceled, true);
  await gone(`sleep ${seconds}`);
});

test('aborted while it runs', async (t) => {
  const seconds = unusualSleep();
  const abort = new AbortController();
  const run = sh(sandbox(t, { workspace: workspace() }), `echo began; exec sleep ${seconds}`, { signal: abort.signal });
  await started(`sleep ${seconds}`);
  abort.abort();
  const result = await run;
  assert.equal(result.isCanceled, true);
  assert.equal(result.failed, true);
  assert.equal(result.timedOut, false);
  assert.equal(result.signal, 'SIGTERM');
  assert.equal(result.stdout, 'began\n');
  await gone(`sleep ${seconds}`);
});

test('a program that ignores the signal is killed after a while', async (t) => {
  const seconds = unusualSleep();
  const abort = new AbortController();
  const run = sh(sandbox(t, { workspace: workspace() }), `trap "" TERM; sleep ${seconds}; sleep 60`, { signal: abort.signal, forceKillAfterDelay: 100 });
  await started(`sleep ${seconds}`);
  abort.abort();
  const result = await run;
  assert.equal(result.isCanceled, true);
  assert.equal(result.signal, 'SIGKILL');
  await gone(`sleep ${seconds}`);
});

test('aborted afterwards: the result stays as it is', async (t) => {
  const abort = new AbortController();
  const result = await sandbox(t, { workspace: workspace() }).exec('true', [], { signal: abort.signal });
  abort.abort();
  assert.equal(result.isCanceled, false);
  assert.equal(result.exitCode, 0);
});

test('with `reject` the error has the reason as its cause', async () => {
  const abort = new AbortController();
  const seconds = unusualSleep();
  const run = exec('sleep', [seconds], { workspace: workspace(), signal: abort.signal, reject: true });
  const reason = new Error('on purpose');
  started(`sleep ${seconds}`).then(() => abort.abort(reason));
  await assert.rejects(run, (error) => error instanceof CodexError && error.code === 'ERR_CODEX_FAILED' && error.cause === reason && error.isCanceled);
  await assert.rejects(
    exec('true', [], { workspace: workspace(), signal: AbortSignal.abort(reason), reject: true }),
    (error) => error.code === 'ERR_CODEX_FAILED' && error.isCanceled && error.cause === reason);
});

test('a program may have longer to end than a timer can wait', async (t) => {
  const [folder, abort] = [workspace(), new AbortController()];
  const run = sh(sandbox(t, { profile: 'workspace-write', workspace: folder }), 'trap "sleep 0.5; exit 7" TERM; touch ready; while :; do sleep 0.05; done', {
    signal: abort.signal, forceKillAfterDelay: 2 ** 40,
  });
  await until(() => existsSync(path.join(folder, 'ready')));
  abort.abort();
  const { exitCode, signal, isCanceled } = await run;
  assert.deepEqual({ exitCode, signal, isCanceled }, { exitCode: 7, signal: null, isCanceled: true });
});

test('one signal may abort many commands', async (t) => {
  const seconds = unusualSleep();
  const abort = new AbortController();
  const box = sandbox(t, { workspace: workspace() });
  const runs = Array.from({ length: 8 }, () => box.exec('sleep', [seconds], { signal: abort.signal }));
  await started(`sleep ${seconds}`);
  abort.abort();
  assert.ok((await Promise.all(runs)).every(({ isCanceled }) => isCanceled));
  await gone(`sleep ${seconds}`);
});

test('a signal of another realm, or of a library, aborts as well', async (t) => {
  const target = new EventTarget();
  const signal = Object.defineProperties(target, { aborted: { value: false, writable: true }, reason: { value: new Error('on purpose') } });
  const seconds = unusualSleep();
  const run = sandbox(t, { workspace: workspace() }).exec('sleep', [seconds], { signal, reject: true });
  await Promise.all([
    assert.rejects(run, (error) => error.isCanceled && error.cause === signal.reason),
    started(`sleep ${seconds}`).then(() => {
      signal.aborted = true;
      target.dispatchEvent(new Event('abort'));
    }),
  ]);
});

test('one signal for many commands', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const abort = new AbortController();
  const warnings = [];
  const warned = (warning) => warnings.push(warning.name);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  const { signal } = abort;
  const early = await Promise.all([...Array(20)].map(() => box.exec('true', [], { signal })));
  assert.ok(early.every(({ isCanceled }) => !isCanceled));
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  const runs = [...Array(20)].flatMap(() => [box.exec('sleep', ['3600'], { signal }), box.spawn('sleep', ['3600'], { signal })]);
  abort.abort();
  for (const { isCanceled, signal: ended } of await Promise.all(runs)) assert.deepEqual([isCanceled, ended], [true, 'SIGTERM']);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  await new Promise(setImmediate);
  assert.deepEqual(warnings, []);
});
