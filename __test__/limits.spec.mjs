// Limits are set by the profile, the sandbox or the command; each can only lower what stands before it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecurityProfile, exec } from '../index.js';
import { codex } from './support/cli.mjs';
import { workspace } from './support/places.mjs';
import { sandbox } from './support/sandbox.mjs';

const LIMIT = /limits\.openFiles/;

test('the defaults of the restricted profiles', async (t) => {
  const { enforcement, limit } = await sandbox(t, { workspace: workspace() }).exec('true');
  assert.equal(limit, undefined);
  const values = Object.fromEntries(Object.entries(enforcement.limits).map(([name, { value }]) => [name, value]));
  assert.deepEqual(values, { processes: 4096, openFiles: 65536, fileSize: 64 * 2 ** 30, tmpSize: 4 * 2 ** 30 });
  assert.equal(enforcement.unenforced.some(({ promise }) => promise === 'limits'), false);
});

test('trusted has none', async (t) => {
  assert.deepEqual((await sandbox(t, { profile: 'trusted', workspace: workspace() }).exec('true')).enforcement.limits, {});
});

test('a command lowers what its sandbox has', async (t) => {
  const profile = new SecurityProfile('offline', { limits: { openFiles: 100 } });
  assert.deepEqual(profile.toJSON().limits, { openFiles: 100 });
  const box = sandbox(t, { profile, workspace: workspace(), limits: { openFiles: 50 } });
  const soft = async (options) => Number((await box.exec('sh', ['-c', 'ulimit -n'], options)).stdout);
  assert.equal(await soft(), 50);
  assert.equal(await soft({ limits: { openFiles: 40 } }), 40);
  assert.equal(await soft(), 50);
  assert.equal((await box.exec('true', [], { limits: { openFiles: 40 } })).enforcement.limits.openFiles.value, 40);
  assert.equal(box.execSync('true', [], { limits: { openFiles: 40 } }).exitCode, 0);
});

test('nobody raises one', async (t) => {
  const profile = new SecurityProfile('offline', { limits: { openFiles: 100 } });
  assert.throws(() => profile.extend({ limits: { openFiles: 101 } }), (error) => error.code === 'ProfileError' && LIMIT.test(error.message));
  assert.throws(() => sandbox(t, { profile, workspace: workspace(), limits: { openFiles: 101 } }), { code: 'ProfileError' });
  const box = sandbox(t, { profile, workspace: workspace() });
  await assert.rejects(box.exec('true', [], { limits: { openFiles: 101 } }), (error) => error.code === 'ProfileError' && LIMIT.test(error.message));
  await assert.rejects(box.exec('true', [], { limits: { processes: 1e6 } }), { code: 'ProfileError' }, 'the defaults neither');
  await assert.rejects(box.exec('true', [], { limits: { tmpSize: 4096 } }), { code: 'ProfileError' }, 'one tmp for all');
});

test('what is no limit is refused', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const limits of [{ memory: 0 }, { memory: 1.5 }, { memory: '1G' }, { memory: -1 }, { ram: 1 }, [], null, 5]) {
    await assert.rejects(box.exec('true', [], { limits }), (error) => error instanceof TypeError || error instanceof RangeError, JSON.stringify(limits));
    assert.throws(() => sandbox(t, { workspace: workspace(), limits }), (error) => error instanceof TypeError || error instanceof RangeError);
  }
  assert.throws(() => new SecurityProfile('offline', { limits: { memory: 0 } }), { code: 'ProfileError' });
  assert.throws(() => new SecurityProfile('trusted', { limits: { tmpSize: 4096 } }), { code: 'ProfileError' });
});

test('one shot', async () => {
  const result = await exec('sh', ['-c', 'ulimit -n; df -k /tmp | tail -1'], { workspace: workspace(), limits: { openFiles: 30, tmpSize: 1 << 20 } });
  assert.match(result.stdout, /^30\n\S+ +1024 /);
});

test('the command line', async () => {
  const folder = workspace();
  const run = (limits, ...command) => codex(['exec', '--workspace', folder, '--json', ...limits.flatMap((limit) => ['--limit', limit]), '--', ...command]);
  const limited = JSON.parse((await run(['open-files=30', 'wall-time=10m', 'tmp-size=1M'], 'sh', '-c', 'ulimit -n')).stdout);
  assert.equal(limited.stdout, '30\n');
  assert.equal(limited.enforcement.limits.wallTime.value, 600_000);
  assert.equal(limited.limit, null);
  const flood = await run(['output=100K'], 'yes');
  assert.equal(JSON.parse(flood.stdout).limit, 'output');
  const slow = await run(['wall-time=200ms'], 'sleep', '60');
  assert.equal(slow.exitCode, 124);
  const spin = await run(['cpu-time=100ms'], 'sh', '-c', 'while :; do :; done');
  assert.equal(spin.exitCode, 124);
  for (const wrong of ['memory', 'memory=', 'memory=2g', 'wall-time=5', 'cpuTime=5s']) {
    assert.equal((await run([wrong], 'true')).exitCode, 2, wrong);
  }
  const direct = await codex(['exec', '--workspace', folder, '--limit', 'output=1K', '--', 'true']);
  assert.equal(direct.exitCode, 125, 'output that goes straight to the terminal can not be counted');
  assert.match(direct.stderr, /limits\.output/);
});
