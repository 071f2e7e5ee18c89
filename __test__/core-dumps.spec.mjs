// A crash leaves no dump behind, and starts no program of the host that takes dumps.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
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
