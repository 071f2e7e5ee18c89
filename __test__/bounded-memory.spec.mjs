// Output beyond `maxBuffer` is dropped as it comes; it needs no memory and doesn't stop the program.
import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { test } from 'node:test';
import { answer, script } from './support/node.mjs';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

const MEGABYTE = 1 << 20;

test('600 MB of output with room for 1 MB', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await box.exec('true');
  const before = process.resourceUsage().maxRSS;
  const result = await box.exec('head', ['-c', '600000000', '/dev/zero'], { maxBuffer: MEGABYTE });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.equal(result.signal, null);
  assert.equal(result.truncated, true);
  assert.equal(result.stdout.length, MEGABYTE);
  const grown = process.resourceUsage().maxRSS - before;
  assert.ok(grown < 50 * 1024, `memory grew by ${grown} kB`);
});

test('as text no more than a string can hold', async () => {
  const { MAX_STRING_LENGTH } = constants;
  const child = script(`
    const options = { maxBuffer: Infinity };
    const box = new codex.Sandbox({ workspace: facts.workspace });
    const told = ({ exitCode, stdout, truncated }) => [exitCode, stdout.length, truncated];
    (async () => {
      const results = [];
      results.push(told(await box.exec('head', ['-c', facts.bytes, '/dev/zero'], options)));
      results.push(told(box.execSync('head', ['-c', facts.bytes, '/dev/zero'], options)));
      results.push(told(await box.spawn('head', ['-c', facts.bytes, '/dev/zero'], options)));
      await box.close();
      console.log(JSON.stringify(results));
    })();`, { workspace: workspace(), bytes: String(MAX_STRING_LENGTH + 1) });
  assert.deepEqual(await answer(child), Array(3).fill([0, MAX_STRING_LENGTH, true]));
});

test('each stream has its own room, and is exact up to it', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const [bytes, truncated] of [[99_999, false], [100_000, false], [100_001, true], [300_000, true]]) {
    const result = await sh(box, `yes 1234567 | head -c ${bytes}; yes abcdefg | head -c ${bytes} >&2`, { maxBuffer: 100_000, encoding: 'buffer' });
    const kept = Math.min(bytes, 100_000);
    assert.ok(result.stdout.equals(Buffer.from('1234567\n'.repeat(kept / 8 + 1).slice(0, kept))), `${bytes}`);
    assert.ok(result.stderr.equals(Buffer.from('abcdefg\n'.repeat(kept / 8 + 1).slice(0, kept))), `${bytes}`);
    assert.equal(result.truncated, truncated, `${bytes}`);
    assert.equal(result.exitCode, 0);
  }
});

test('no room at all', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const result = await box.exec('echo', ['x'], { maxBuffer: 0 });
  assert.equal(result.stdout, '');
  assert.equal(result.truncated, true);
  assert.equal((await box.exec('true', [], { maxBuffer: 0 })).truncated, false);
});

test('what was dropped is said in a hint', async (t) => {
  const { hints } = await sandbox(t, { workspace: workspace() }).exec('echo', ['12345'], { maxBuffer: 2 });
  assert.ok(hints.some((hint) => /maxBuffer/.test(hint)));
});
