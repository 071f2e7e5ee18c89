// A command that writes without end is ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('without end', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace(), limits: { output: 1_000_000 } });
  for (const script of ['exec yes', 'exec yes >&2']) {
    const result = await sh(box, script, { timeout: 60_000 });
    assert.equal(result.limit, 'output');
    assert.equal(result.failed, true);
    assert.equal(result.timedOut, false);
    assert.deepEqual(result.enforcement.limits.output, { value: 1_000_000, by: 'engine', per: 'run' });
  }
});

test('a little too much at once', async (t) => {
  const box = sandbox(t, { profile: 'offline', workspace: workspace() });
  assert.equal((await sh(box, 'printf 12345; printf 67890 >&2', { limits: { output: 9 } })).limit, 'output');
  assert.equal((await sh(box, 'printf 12345; printf 67890 >&2', { limits: { output: 10 } })).limit, undefined);
});
