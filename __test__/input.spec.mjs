// Input reaches the program as it was given, however much there is and however little it wants.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { workspace } from './support/places.mjs';
import { sandbox, sh } from './support/sandbox.mjs';

test('bytes, in any number', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const size of [0, 1, 65_535, 65_536, 65_537, 8_000_000]) {
    const input = randomBytes(size);
    const result = await box.exec('cat', [], { input, encoding: 'buffer' });
    assert.ok(result.stdout.equals(input), `${size} bytes`);
    assert.ok(box.execSync('cat', [], { input, encoding: 'buffer' }).stdout.equals(input), `${size} bytes, synchronously`);
  }
});

test('every kind that is taken', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const bytes = new Uint8Array([104, 105]);
  const part = new Uint8Array([0, 104, 105, 0]).subarray(1, 3);
  for (const input of ['hi', Buffer.from('hi'), bytes, part, new DataView(bytes.buffer), new Uint16Array(bytes.buffer)]) {
    assert.equal((await box.exec('cat', [], { input })).stdout, 'hi', input.constructor.name);
  }
  assert.equal((await box.exec('cat', [], { input: 'ü€😀' })).stdout, 'ü€😀');
});

test('without any, the program reads an end at once', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  for (const options of [undefined, {}, { input: '' }, { input: Buffer.alloc(0) }]) {
    assert.equal((await box.exec('wc', ['-c'], options)).stdout.trim(), '0');
  }
});

test('a program that does not want it, or not all of it', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  const input = Buffer.alloc(8_000_000, 'x');
  for (const [script, stdout] of [['true', ''], ['exec <&-; sleep 0.1; echo ok', 'ok\n'], ['head -c 3', 'xxx']]) {
    const result = await sh(box, script, { input });
    assert.equal(result.exitCode, 0, script);
    assert.equal(result.stdout, stdout, script);
  }
  assert.equal((await box.exec('echo', ['next'])).stdout, 'next\n');
});

test('a buffer may be used again when the call has returned a promise', async (t) => {
  const box = sandbox(t, { workspace: workspace() });
  await box.exec('true');
  const input = Buffer.alloc(1 << 20, 'a');
  const run = box.exec('cat', [], { input, encoding: 'buffer' });
  input.fill('b');
  const { stdout } = await run;
  assert.ok(stdout.equals(Buffer.alloc(1 << 20, 'a')), 'the program saw what was written later');
});
