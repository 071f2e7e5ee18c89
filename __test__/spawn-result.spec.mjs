// A command that is under way is a promise of its result, and tells of its life by events.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { ExecPolicy } from '../index.js';
import { run, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { gone, started, unusualSleep } from './support/processes.mjs';
import { sandbox } from './support/sandbox.mjs';
import { until } from './support/until.mjs';

test('the result is that of exec', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const program = ['sh', ['-c', 'echo out; echo err >&2; exit 3']];
  const { durationMs, pid, ...spawned } = await box.spawn(...program, { stdin: 'ignore' });
  const { durationMs: other, pid: otherPid, ...executed } = await box.exec(...program);
  assert.deepEqual(spawned, executed);
  assert.ok(pid > 0 && durationMs > 0);
});

test('an output that was taken as a stream is not in it', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'echo out; echo err >&2']);
  const out = text(run.stdout);
  const { stdout, stderr } = await run;
  assert.deepEqual([await out, stdout, stderr], ['out\n', undefined, 'err\n']);
});

test('each event is told in the asynchronous context of its own command', async (t) => {
  const [box, storage, told] = [sandbox(t, { workspace: workspace() }), new AsyncLocalStorage(), []];
  await Promise.all(Array.from({ length: 8 }, (_, number) => storage.run(number, async () => {
    const run = box.spawn('echo', ['x']);
    for (const event of ['spawn', 'exit', 'close']) run.on(event, () => told.push([event, number, storage.getStore()]));
    run.stdout.on('data', () => told.push(['data', number, storage.getStore()]));
    await once(run, 'close');
  })));
  assert.equal(told.length, 32);
  for (const [event, number, context] of told) assert.equal(context, number, event);
});

test('captured output has its limit', async (t) => {
  const { stdout, truncated, exitCode } = await sandbox(t, { workspace: workspace() }).spawn('head', ['-c', '9000000', '/dev/zero'], { maxBuffer: 1000 });
  assert.deepEqual([stdout.length, truncated, exitCode], [1000, true, 0]);
});

test('input is written and ended', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('cat', [], { input: 'x'.repeat(1_000_000) });
  assert.equal(run.stdin, null);
  assert.equal((await run).stdout.length, 1_000_000);
});

test('spawn, exit and close come in order, with the process id', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'echo $PPID; exit 7']);
  const events = [];
  run.on('spawn', () => events.push(['spawn', typeof run.pid]));
  run.on('exit', (...how) => events.push(['exit', ...how]));
  run.on('close', (...how) => events.push(['close', ...how]));
  assert.equal(run.pid, undefined);
  run.stdout.resume();
  await once(run, 'close');
  assert.deepEqual(events, [['spawn', 'number'], ['exit', 7, null], ['close', 7, null]]);
  assert.deepEqual([run.exitCode, run.signalCode, run.killed], [7, null, false]);
  assert.deepEqual([run.spawnfile, run.spawnargs], ['sh', ['sh', '-c', 'echo $PPID; exit 7']]);
  assert.equal((await run).pid, run.pid);
});

test('nothing that a program writes comes before its start was told', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const early = [];
  const told = async (number, stdio) => {
    const run = box.spawn('sh', ['-c', `echo x >&${number}`], { stdio });
    run.stdio[number].once('data', () => early.push(run.pid === undefined));
    await once(run, 'close');
  };
  for (let round = 0; round < 50; round++) {
    await Promise.all([told(1, 'pipe'), told(2, 'pipe'), told(1, 'pty'), told(3, ['ignore', 'ignore', 'ignore', 'pipe'])]);
  }
  assert.deepEqual(early, Array(200).fill(false));
});

test('the process id is the host\'s, from the start', async (t) => {
  const seconds = unusualSleep();
  const run = sandbox(t, { workspace: workspace() }).spawn('sleep', [seconds]);
  await once(run, 'spawn');
  assert.deepEqual(await started(`sleep ${seconds}`), [run.pid]);
  run.kill();
  await run;
});

test('a missing program rejects, and is an `error` for who listens', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await assert.rejects(async () => box.spawn('no-such-program'), { code: 'ENOENT', path: 'no-such-program' });
  const missing = box.spawn('no-such-program');
  const [error] = await once(missing, 'error');
  assert.equal(error.code, 'ENOENT');
  assert.equal(missing.pid, undefined);
});

test('an error that nobody waits for ends the process, as any other', async () => {
  for (const options of ['{}', '{ reject: true }']) {
    const program = options === '{}' ? 'no-such-program' : 'false';
    const source = `const box = new codex.Sandbox({ workspace: facts.workspace }); box.spawn('${program}', ${options}); setTimeout(() => {}, 60000);`;
    const { exitCode, stderr } = await run(script(source, { workspace: workspace() }));
    assert.equal(exitCode, 1);
    assert.match(stderr, /ENOENT|ERR_CODEX_FAILED/);
  }
});

test('what a listener throws is an uncaught exception, and the rest is told', async () => {
  const source = `
    const told = [];
    process.on('uncaughtException', ({ message }) => told.push(message));
    const box = new codex.Sandbox({ workspace: facts.workspace });
    const runs = [['true', 'exit'], ['no-such-program', 'error']].map(([program, event]) => new Promise((resolve) => {
      const run = box.spawn(program, { stdio: 'ignore' });
      run.on('error', () => {}).on(event, () => { throw new Error(event); });
      run.on('close', () => setImmediate(resolve));
    }));
    Promise.all(runs).then(() => console.log(told.sort().join()));`;
  const { stdout, stderr } = await run(script(source, { workspace: workspace() }));
  assert.equal(`${stdout}${stderr}`, 'error,exit\n');
});

test('a refused sandbox rejects', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await box.close();
  await assert.rejects(async () => box.spawn('true'), { code: 'SandboxUnavailable' });
  await assert.rejects(async () => box.spawn('true', { stdio: 'pty' }), { code: 'SandboxUnavailable' });
});

test('the exec policy judges it', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder, policy: ExecPolicy.builtin() });
  const { verdict } = await box.spawn('ls');
  assert.equal(verdict.decision, 'allow');
  await assert.rejects(async () => box.spawn('sudo', ['rm', '-rf', '/']), { code: 'PolicyRefused' });
  await assert.rejects(async () => box.spawn('touch', ['made']), { code: 'PolicyPrompt' });
  assert.deepEqual(readdirSync(folder), []);
});

test('kill reaches it, and afterwards nothing', async (t) => {
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', 'trap "echo handled; exit 5" USR1; echo ready; while :; do sleep 0.05; done']);
  await once(run.stdout, 'data');
  assert.equal(run.kill('SIGUSR1'), true);
  assert.equal(run.killed, true);
  assert.equal((await run).exitCode, 5);
  assert.equal(run.kill(), false);
  assert.equal(run.kill(0), false);
  assert.throws(() => run.kill('SIGNONE'), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('a timeout and an abort end it, with its tree', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const [one, two] = [unusualSleep(), unusualSleep()];
  const timed = await box.spawn('sh', ['-c', `setsid sleep ${one} & wait`], { timeout: 300 });
  assert.deepEqual([timed.timedOut, timed.failed, timed.signal], [true, true, 'SIGTERM']);
  const abort = new AbortController();
  const run = box.spawn('sh', ['-c', `trap "" TERM; setsid sleep ${two} & sleep 60; sleep 60`], { signal: abort.signal, forceKillAfterDelay: 100 });
  await started(`sleep ${two}`);
  abort.abort();
  const aborted = await run;
  assert.deepEqual([aborted.isCanceled, aborted.failed, aborted.signal], [true, true, 'SIGKILL']);
  await gone(`sleep ${one}`);
  await gone(`sleep ${two}`);
});

test('aborted before, nothing is started', async (t) => {
  const folder = workspace();
  const run = sandbox(t, { profile: 'workspace-write', workspace: folder }).spawn('touch', ['ran'], { signal: AbortSignal.abort() });
  run.stdin.end('nobody reads it');
  assert.equal(await text(run.stdout), '');
  const result = await run;
  assert.deepEqual([result.isCanceled, result.pid], [true, undefined]);
  assert.deepEqual(readdirSync(folder), []);
});

test('disposing of it ends its tree', async (t) => {
  const seconds = unusualSleep();
  const run = sandbox(t, { workspace: workspace() }).spawn('sh', ['-c', `trap "" TERM; setsid sleep ${seconds} & wait`]);
  await started(`sleep ${seconds}`);
  await run[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
  assert.equal(run.signalCode, 'SIGKILL');
  await gone(`sleep ${seconds}`);
});

test('descriptors don\'t pile up', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const open = () => readdirSync('/proc/self/fd').length;
  await box.spawn('true', { stdin: 'ignore' });
  const before = open();
  for (let turn = 0; turn < 20; turn++) {
    await box.spawn('true');
    const run = box.spawn('echo', ['a']);
    await Promise.all([text(run.stdout), run]);
    await assert.rejects(async () => box.spawn('no-such-program'));
    await box.spawn('true', { stdio: 'pty' });
  }
  await until(() => open() <= before + 2, 'closed descriptors');
});
