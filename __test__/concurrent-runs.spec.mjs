// Many commands at once in one sandbox: each has its own output, input and end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

for (const profile of ['offline', 'workspace-write', 'trusted']) {
  for (const count of [24, 100]) {
    test(`${count} at once, under ${profile}`, async (t) => {
      const box = sandbox(t, { profile, workspace: workspace() });
      const results = await Promise.all(Array.from({ length: count }, (_, index) =>
        sh(box, `cat; echo err ${index} >&2; exit ${index}`, { input: `${index}`.repeat(10_000) })));
      results.forEach((result, index) => {
        assert.equal(result.stdout, `${index}`.repeat(10_000));
        assert.equal(result.stderr, `err ${index}\n`);
        assert.equal(result.exitCode, index);
      });
      assert.equal(new Set(results.map(({ pid }) => pid)).size, count);
    });
  }
}

test('they really run at once', async (t) => {
  const folder = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: folder });
  // Each waits until all have come.
  const results = await Promise.all(Array.from({ length: 24 }, (_, index) =>
    sh(box, `touch came-${index}; while [ "$(ls | wc -l)" -lt 24 ]; do sleep 0.02; done`, { timeout: 30_000 })));
  for (const result of results) assert.deepEqual([result.exitCode, result.timedOut], [0, false]);
});

test('one that fails or is killed does not disturb the others', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const results = await Promise.allSettled(Array.from({ length: 48 }, (_, index) => {
    if (index % 4 === 0) return box.exec('no-such-program');
    if (index % 4 === 1) return sh(box, 'kill -KILL -1; kill -KILL $$');
    if (index % 4 === 2) return box.exec('sleep', ['60'], { timeout: 20, killSignal: 'SIGKILL' });
    return sh(box, `sleep 0.2; echo ${index}`);
  }));
  results.forEach((result, index) => {
    if (index % 4 === 0) assert.equal(result.reason?.code, 'ENOENT');
    if (index % 4 === 1) assert.equal(result.value?.signal, 'SIGKILL');
    if (index % 4 === 2) assert.equal(result.value?.timedOut, true);
    if (index % 4 === 3) assert.equal(result.value?.stdout, `${index}\n`);
  });
});
