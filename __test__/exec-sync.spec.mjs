// `execSync` holds what `exec` holds, while JavaScript waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outside, snapshot, workspace } from './support/places.mjs';
import { leftovers, unusualSleep } from './support/processes.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('a result like that of `exec`', (t) => {
  const forbidden = outside();
  const before = snapshot(forbidden);
  const box = sandbox(t, { profile: 'workspace-write', workspace: workspace() });
  const result = box.execSync('sh', ['-c', `cat; echo x > ${forbidden}/new; echo err >&2; exit 3`], { input: 'in' });
  assert.equal(result.stdout, 'in');
  assert.match(result.stderr, /err\n$/);
  assert.equal(result.exitCode, 3);
  assert.deepEqual(result.enforcement.filesystem.includes('mounts'), true);
  assert.equal(snapshot(forbidden), before);
  assert.equal(box.execSync('pwd').exitCode, 0);
  assert.equal(box.execSync('true', { stdout: 'ignore' }).exitCode, 0);
});

test('a timeout, and a process in the background', (t) => {
  const seconds = unusualSleep();
  const box = sandbox(t, { workspace: workspace() });
  assert.equal(box.execSync('sleep', [seconds], { timeout: 100 }).timedOut, true);
  assert.equal(box.execSync('sh', ['-c', `sleep ${seconds} & echo done`]).stdout, 'done\n');
  assert.deepEqual(leftovers(`sleep ${seconds}`), []);
});

test('while commands are under way', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const runs = Array.from({ length: 8 }, (_, index) => sh(box, `sleep 0.1; echo ${index}; head -c 300000 /dev/zero`));
  assert.equal(box.execSync('echo', ['sync']).stdout, 'sync\n');
  (await Promise.all(runs)).forEach(({ stdout }, index) => assert.ok(stdout.startsWith(`${index}\n`) && stdout.length === 300_002));
});
