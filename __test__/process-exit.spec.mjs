// `process.exit` in the middle of runs ends the process at once, with its code, and leaves nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { gone, unusualSleep } from './support/processes.mjs';

const ENDINGS = {
  'in the same turn': 'process.exit(7)',
  'in a later turn': 'setImmediate(() => process.exit(7))',
  'when the program runs': 'setTimeout(() => process.exit(7), 300)',
  'when another run has ended': 'box.exec("true").then(() => process.exit(7))',
};

for (const [when, source] of Object.entries(ENDINGS)) {
  test(when, async () => {
    const facts = { seconds: unusualSleep(), folder: workspace() };
    const result = await run(script(`
      const box = new codex.Sandbox({ profile: 'workspace-write', workspace: facts.folder });
      for (let count = 0; count < 4; count++) box.exec('sleep', [facts.seconds]);
      ${source}`, facts));
    assert.equal(result.exitCode, 7, result.stderr);
    assert.equal(result.signal, null);
    assert.equal(result.stderr, '');
    await gone(`sleep ${facts.seconds}`);
  });
}

test('a process with nothing left to do ends by itself, its sandboxes open', async () => {
  const result = await run(script(`
    const box = new codex.Sandbox({ workspace: facts.folder });
    box.exec('echo', ['done']).then(({ stdout }) => process.stdout.write(stdout));`, { folder: workspace() }));
  assert.equal(result.stdout, 'done\n');
  assert.equal(result.exitCode, 0, result.stderr);
});

test('an uncaught error ends the process as usual', async () => {
  const facts = { seconds: unusualSleep(), folder: workspace() };
  const result = await run(script(`
    codex.exec('sleep', [facts.seconds], { workspace: facts.folder });
    setTimeout(() => { throw new Error('on purpose'); }, 100);`, facts));
  assert.equal(result.exitCode, 1);
  assert.match(result.stderr, /on purpose/);
  await gone(`sleep ${facts.seconds}`);
});
