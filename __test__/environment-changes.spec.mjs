// A change of `process.env` is seen by the next run, and by no run that began before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('between calls', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const value = async () => (await sh(box, 'echo "${CODEX_SPEC-absent}"')).stdout.trim();
  delete process.env.CODEX_SPEC;
  assert.equal(await value(), 'absent');
  for (const set of ['one', 'two', '', 'x'.repeat(10_000), 'one']) {
    process.env.CODEX_SPEC = set;
    assert.equal(await value(), set);
    assert.equal(box.execSync('sh', ['-c', 'echo "${CODEX_SPEC-absent}"']).stdout, `${set}\n`);
  }
  delete process.env.CODEX_SPEC;
  assert.equal(await value(), 'absent');
});

test('right after a call', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await box.exec('true');
  for (let round = 0; round < 50; round++) {
    process.env.CODEX_SPEC = `before ${round}`;
    const run = sh(box, 'echo "$CODEX_SPEC"');
    process.env.CODEX_SPEC = `after ${round}`;
    assert.equal((await run).stdout, `before ${round}\n`);
  }
});

test('right after the first call, which starts the sandbox', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  process.env.CODEX_SPEC = 'before';
  const run = sh(box, 'echo "$CODEX_SPEC"');
  process.env.CODEX_SPEC = 'after';
  assert.equal((await run).stdout, 'before\n');
});
