// What can't be written is no crash.
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { startCodex } from './support/cli.mjs';
import { workspace } from './support/places.mjs';

const COMMANDS = { help: ['--help'], 'a list': ['profile', 'list'], 'a report': ['exec', '--json', '--', 'seq', '300000'] };

for (const [name, args] of Object.entries(COMMANDS)) {
  test(`${name}, to a reader that is gone`, async () => {
    const child = startCodex(args, { cwd: workspace() });
    child.stdout.destroy();
    const [errors, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.deepEqual([errors, exitCode], ['', 0]);
  });

  test(`${name}, to a full disk`, async () => {
    const full = openSync('/dev/full', 'w');
    const child = startCodex(args, { cwd: workspace(), stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const [errors, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.match(errors, /^codex: standard output can't be written: ENOSPC.*\n$/);
    assert.equal(exitCode, 125);
  });
}

test('what is to be said on standard error is not missed', async () => {
  const child = startCodex(['exec', '--', 'no-such-program'], { cwd: workspace() });
  child.stderr.destroy();
  const [exitCode] = await once(child.on('close', () => {}), 'exit');
  assert.equal(exitCode, 127);
});
