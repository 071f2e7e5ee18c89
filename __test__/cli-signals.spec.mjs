// A signal to `codex` reaches the command, and nothing outlives either.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { finished, startCodex } from './support/cli.mjs';
import { workspace } from './support/places.mjs';
import { ended, gone, launchers, started, unusualSleep } from './support/processes.mjs';
import { until } from './support/until.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    test(`${signal} ends a command, under ${profile}`, async (t) => {
      const [seconds, daemon] = [unusualSleep(), unusualSleep()];
      const child = startCodex(['exec', '--profile', profile, '--', 'sh', '-c', `setsid sleep ${daemon} & exec sleep ${seconds}`], { cwd: workspace() });
      t.after(() => child.kill('SIGKILL'));
      const end = finished(child);
      await started(`sleep ${seconds}`);
      await started(`sleep ${daemon}`);
      child.kill(signal);
      const { exitCode } = await end;
      assert.equal(exitCode, 128 + os.constants.signals[signal]);
      await gone(`sleep ${seconds}`);
      await gone(`sleep ${daemon}`);
    });
  }

  test(`SIGKILL leaves nothing, under ${profile}`, async (t) => {
    const seconds = unusualSleep();
    const child = startCodex(['exec', '--profile', profile, '--', 'sleep', seconds], { cwd: workspace() });
    t.after(() => child.kill('SIGKILL'));
    const end = finished(child);
    await started(`sleep ${seconds}`);
    const [launcher] = launchers(child.pid);
    child.kill('SIGKILL');
    await end;
    await gone(`sleep ${seconds}`);
    await ended(launcher);
  });
}

test('a command may handle it', async (t) => {
  const child = startCodex(['exec', '--', 'sh', '-c', 'trap "echo handled; exit 3" TERM; echo ready; while :; do sleep 0.05; done'], { cwd: workspace() });
  t.after(() => child.kill('SIGKILL'));
  const end = finished(child);
  child.stdout.once('data', () => child.kill('SIGTERM'));
  const { exitCode, stdout } = await end;
  assert.equal(exitCode, 3);
  assert.equal(stdout, 'ready\nhandled\n');
});

for (const signal of ['SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']) {
  test(`${signal} is for the command alone`, async (t) => {
    const child = startCodex(['exec', '--', 'sh', '-c', `trap "echo handled; exit 3" ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`], { cwd: workspace() });
    t.after(() => child.kill('SIGKILL'));
    const end = finished(child);
    child.stdout.once('data', () => child.kill(signal));
    const { exitCode, stdout, stderr } = await end;
    // A debugger that Node opens at SIGUSR1 would be told there.
    assert.doesNotMatch(stderr, /ebugger/);
    assert.deepEqual([exitCode, stdout], [3, 'ready\nhandled\n']);
  });
}

test('it is suspended together with the command', async (t) => {
  const seconds = unusualSleep();
  const child = startCodex(['exec', '--', 'sleep', seconds], { cwd: workspace() });
  t.after(() => child.kill('SIGKILL'));
  const end = finished(child);
  const [pid] = await started(`sleep ${seconds}`);
  child.kill('SIGTSTP');
  await until(() => state(child.pid) === 'T' && state(pid) === 'T', 'both of them stopped');
  child.kill('SIGCONT');
  await until(() => state(child.pid) !== 'T' && state(pid) !== 'T', 'both of them going on');
  child.kill('SIGTERM');
  assert.equal((await end).exitCode, 143);
});

function state(pid) {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0];
}

test('what runs no command ends as any process does', async (t) => {
  const cwd = workspace();
  const pipe = path.join(cwd, 'rules');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const child = startCodex(['policy', 'test', pipe], { cwd });
  t.after(() => child.kill('SIGKILL'));
  const end = finished(child);
  // A pipe can be opened for writing without a wait as soon as it is being read.
  let writer;
  while (writer === undefined) {
    try {
      writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      assert.equal(error.code, 'ENXIO');
      await sleep(20);
    }
  }
  t.after(() => closeSync(writer));
  child.kill('SIGTERM');
  assert.equal((await end).signal, 'SIGTERM');
});
