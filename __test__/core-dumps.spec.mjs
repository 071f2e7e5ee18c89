// A crash leaves no dump behind, and starts no program of the host that takes dumps.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('a crash', async (t) => {
  const W = workspace();
  const box = sandbox(t, { profile: 'workspace-write', workspace: W });
  const result = await sh(box, 'ulimit -c; ulimit -c unlimited; kill -SEGV $$');
  assert.equal(result.signal, 'SIGSEGV');
  assert.deepEqual(readdirSync(W), []);
  // The one value with which the kernel starts no program: 1 byte, of which the shell shows the blocks.
  assert.match((await box.exec('cat', ['/proc/self/limits'])).stdout, /Max core file size +1 +1 /);
});

test('where whoever started the host forbade core files', async () => {
  const folder = workspace();
  const child = script(`
    (async () => {
      const ends = [];
      for (const profile of ['offline', 'net-read-only', 'workspace-write', 'workspace-net']) {
        const { signal, exitCode } = await codex.exec('sh', ['-c', 'kill -SEGV $$'], { profile, workspace: facts.folder });
        ends.push(signal ?? exitCode);
      }
      console.log(JSON.stringify(ends));
    })();`, { folder });
  assert.deepEqual(await answer(['bash', '-c', 'ulimit -c 0 && exec "$@"', 'bash', ...child]), Array(4).fill('SIGSEGV'));
  assert.deepEqual(readdirSync(folder), []);
});
